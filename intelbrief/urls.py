"""Where every page lives: the desk, the API, and what readers see."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from intelbrief.log_in import doors
from intelbrief.observing import views as observing

admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/login/", doors.to_log_in),
    path("admin/password_change/", admin.site.admin_view(doors.to_new_password)),
    path("admin/", admin.site.urls),
    path("accounts/", include("intelbrief.log_in.urls")),
    path("inbox/", include("intelbrief.inbox.urls")),
    # Asked past this list by intelbrief.middleware.
    path("healthz", observing.healthz, name="healthz"),
    path("readyz", observing.readyz, name="readyz"),
    path("metrics", observing.metrics, name="metrics"),
    path("", include("api.urls")),
    # Last: a publication may have any first part that the site has not taken.
    path("", include("intelbrief.reader_urls")),
]
