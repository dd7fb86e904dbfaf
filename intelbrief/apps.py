import gc

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate


class IntelBriefConfig(AppConfig):
    name = "intelbrief"

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
