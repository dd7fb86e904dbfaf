"""System checks of how the installation is watched."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  (Django's name)

from intelbrief.observing import sentry

SHORTEST_TOKEN = 16


def look() -> Iterator[CheckMessage]:
    """Find out whether faults can be reported, and whether figures are well kept."""
    if settings.SENTRY_DSN and not sentry.is_installed():
        yield Error(
            "SENTRY_DSN is set, and the package that reports there is not installed.",
            hint="Run: pip install sentry-sdk. Or remove SENTRY_DSN.",
            id="intelbrief.E031",
        )
    elif settings.SENTRY_DSN and not sentry.is_dsn(settings.SENTRY_DSN):
        yield Error(
            "SENTRY_DSN is no address of a Sentry project.",
            hint="Copy it from the project's settings: https://<key>@<host>/<number>.",
            id="intelbrief.E032",
        )
    if 0 < len(settings.METRICS_TOKEN) < SHORTEST_TOKEN:
        yield Warning(
            f"METRICS_TOKEN has fewer than {SHORTEST_TOKEN} characters and can be guessed.",
            hint="Make a longer one with: python3 -c 'import secrets; "
            "print(secrets.token_urlsafe(32))'",
            id="intelbrief.W031",
        )
