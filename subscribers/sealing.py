"""What has to be read back and must be of no use to who has the database alone: sealed.

It lies under keys that are derived from TOKEN_KEYS, which no dump of a database
holds. The first of them seals and all of them open, as for the links in mails:
a key that is replaced stays behind the new one (docs/log-in.md).
"""

import base64
import hmac

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

__all__ = ["InvalidToken", "box"]


def box(purpose: bytes) -> MultiFernet:
    """Return what seals and opens for *purpose* only; decrypt() raises InvalidToken."""
    derived = (hmac.digest(key.encode(), purpose, "sha256") for key in settings.TOKEN_KEYS)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])
