"""Where every page lives; deliveries, subscribers and briefs bring their own."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("inbox/", include("intelbrief.inbox.urls")),
    path("", include("api.urls")),
    path("", include("deliveries.urls")),
    path("", include("subscribers.urls")),
    # Last: a publication may have any first part that the site has not taken.
    path("", include("briefs.urls")),
]
