"""Addresses that stand in mails; short, since headers and QP lines are."""

from django.urls import path

from deliveries import views

app_name = "deliveries"
urlpatterns = [
    path("v/<str:token>", views.view_in_browser, name="view"),
    path("c/<str:token>", views.click, name="click"),
]
