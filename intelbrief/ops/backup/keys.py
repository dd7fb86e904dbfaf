"""The keys of an installation: what of them goes into a backup, and by what they are known."""

import hashlib
import hmac

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

# In the words of docs/configuration.md.
NAMES = ("SECRET_KEY", "TOKEN_KEYS", "SUPPRESSION_KEY", "WEBHOOK_SECRET")


def present() -> dict[str, str]:
    """Return the keys that this process works with, as their variables would be written."""
    found = {}
    for name in NAMES:
        try:
            value = getattr(settings, name)
        except ImproperlyConfigured:  # Django raises where SECRET_KEY is read while it is empty
            continue
        text = ",".join(value) if isinstance(value, list) else str(value)
        if text:
            found[name] = text
    return found


def mark(key: str) -> str:
    """Return what a key is known by, and cannot be guessed from."""
    return hmac.digest(key.encode(), b"intelbrief backup 1", hashlib.sha256).hex()[:16]


def marks() -> dict[str, str]:
    """Return the mark of each key that this process works with."""
    return {name: mark(key) for name, key in present().items()}
