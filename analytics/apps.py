from django.apps import AppConfig


class AnalyticsConfig(AppConfig):
    name = "analytics"
    verbose_name = "Numbers"

    def ready(self) -> None:
        """Tell the command that reports on an edition what is known here."""
        from analytics import telling
        from deliveries import reports

        reports.more, reports.more_lines = telling.more, telling.lines
