import gc

from django.apps import AppConfig


class IntelBriefConfig(AppConfig):
    name = "intelbrief"

    def ready(self) -> None:
        """Register the system checks, and spare the garbage collector what has been loaded.

        That stays as long as the process, which would look through all of it again at each
        full round and at its end: a quarter of the time of a short command.
        """
        from intelbrief import checks  # noqa: F401

        gc.freeze()
        gc.enable()
