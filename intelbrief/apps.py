import gc
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.admin import autodiscover
from django.contrib.admin import checks as admin_checks
from django.contrib.admin.apps import SimpleAdminConfig
from django.core import checks
from django.db.models.signals import post_migrate


class DeskConfig(SimpleAdminConfig):
    """Configures the admin, whose pages are loaded with the addresses: a worker has neither."""

    default = False

    def ready(self) -> None:
        """Register the admin's checks, which look at its pages and so load them."""
        checks.register(admin_checks.check_dependencies, checks.Tags.admin)
        checks.register(_check_pages, checks.Tags.admin)


def _check_pages(app_configs: Any, **given: Any) -> list[checks.CheckMessage]:
    autodiscover()
    return admin_checks.check_admin_app(app_configs, **given)


class IntelBriefConfig(AppConfig):
    name = "intelbrief"
    default = True

    def ready(self) -> None:
        """Register checks and triggers, have faults reported, spare the garbage collector.

        What is loaded stays as long as the process, which would look through it again at each
        full round and at its end: a quarter of the time of a short command.
        """
        from django.conf import settings

        from intelbrief import checks  # noqa: F401  (they register themselves)
        from intelbrief.log_in import limits, noting
        from intelbrief.observing import sentry
        from intelbrief.page_cache import watching

        # Sent for each app that has models, once all of them are migrated.
        post_migrate.connect(watching.install, sender=apps.get_app_config("briefs"))
        sentry.start(settings.SENTRY_DSN, settings.SENTRY_ENVIRONMENT)
        limits.install()
        noting.connect()
        gc.freeze()
        gc.enable()
