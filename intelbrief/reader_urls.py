"""Where readers' pages live; deliveries, subscribers and briefs bring their own."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("deliveries.urls")),
    path("", include("subscribers.urls")),
    # Last: a publication may have any first part that the site has not taken.
    path("", include("briefs.urls")),
]
