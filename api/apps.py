"""The app that speaks to other programs."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    """Configures the app `api`."""

    name = "api"
    verbose_name = _("API and webhooks")
