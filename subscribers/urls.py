"""Where readers subscribe, confirm and unsubscribe."""

from django.urls import path

from subscribers import views

app_name = "subscribers"

urlpatterns = [
    # Before the slugs, and without a slash at the end: the URLs that are mailed
    # are final, since a redirect turns a mail client's POST into a GET.
    path("s/confirm/<str:token>", views.confirm, name="confirm"),
    path("u/<str:token>", views.unsubscribe, name="unsubscribe"),
    path("s/<slug:slug>/", views.subscribe, name="subscribe"),
    path("s/<slug:slug>/thanks/", views.thanks, name="thanks"),
    path("s/<slug:slug>/privacy/", views.privacy, name="privacy"),
    path("s/<slug:slug>/imprint/", views.imprint, name="imprint"),
    path("s/<slug:slug>/look.css", views.look, name="look"),
]
