"""Where the API lives. intelbrief.door asks this list past session and log-in."""

from django.urls import URLPattern, URLResolver, path

from api import docs
from api.v1 import api

_patterns, _app, _namespace = api.urls

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/docs", docs.page, name="api-docs"),
    path("api/v1/openapi.json", docs.openapi, name="api-openapi"),
    path("api/v1/", (_patterns, _app, _namespace)),
]
