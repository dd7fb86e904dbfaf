from django.apps import AppConfig


class IntelBriefConfig(AppConfig):
    name = "intelbrief"

    def ready(self) -> None:
        from intelbrief import checks  # noqa: F401  (registers the system checks)
