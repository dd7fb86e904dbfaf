"""Addresses that stand in mails; short, since headers and QP lines are."""

from django.urls import path

from deliveries import own_data, views
from deliveries.receivers.views import webhook

app_name = "deliveries"
urlpatterns = [
    path("s/own/<str:token>/export", own_data.export, name="export"),
    path("s/own/<str:token>/erase", own_data.erase, name="erase"),
    path("v/<str:token>", views.view_in_browser, name="view"),
    # Asked past this list by intelbrief.door, which knows nothing but posts.
    path("webhooks/<slug:esp>/", webhook, name="webhook"),
    path("c/<str:token>", views.hit, name="click"),
    path("o/<str:token>", views.hit, name="pixel"),
]
