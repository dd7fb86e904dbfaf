import gc

from django.apps import AppConfig


class IntelBriefConfig(AppConfig):
    name = "intelbrief"

    def ready(self) -> None:
        """Register the checks, have faults reported, spare the garbage collector what is loaded.

        That stays as long as the process, which would look through all of it again at each
        full round and at its end: a quarter of the time of a short command.
        """
        from django.conf import settings

        from intelbrief import checks  # noqa: F401
        from intelbrief.log_in import limits, noting
        from intelbrief.observing import sentry

        sentry.start(settings.SENTRY_DSN, settings.SENTRY_ENVIRONMENT)
        limits.install()
        noting.connect()
        gc.freeze()
        gc.enable()
