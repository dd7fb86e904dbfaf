"""The local inbox."""

from django.urls import path

from intelbrief.inbox import views

app_name = "inbox"

urlpatterns = [
    path("", views.index, name="index"),
    path("empty/", views.empty, name="empty"),
    path("<str:id>/", views.message, name="message"),
    path("<str:id>/html/", views.html, name="html"),
    path("<str:id>/message.eml", views.download, name="download"),
]
