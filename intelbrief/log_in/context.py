"""What templates of log-in know of the settings."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from intelbrief.middleware import is_log_in


def single_sign_on(request: HttpRequest) -> dict[str, Any]:
    """Return the issuer's name for the one page that offers it; other pages get nothing."""
    if not is_log_in(request):
        return {}
    return {
        "single_sign_on": {"name": name} if (name := settings.SINGLE_SIGN_ON.get("name")) else None
    }
