"""The secrets of second factors as they lie in the database: of use to nobody without the keys.

A password is stored as a slow hash; the secret of an authenticator app has to
be read back, so it is encrypted under TOKEN_KEYS, which no dump of a database
holds. The first key encrypts and all of them decrypt, as for the links in
mails: a key that is replaced stays behind the new one (docs/log-in.md).
"""

import base64
import hmac
import os
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

PURPOSE = b"intelbrief second factor 1"


@lru_cache(maxsize=8)
def _box(keys: tuple[str, ...]) -> MultiFernet:
    derived = (hmac.digest(key.encode(), PURPOSE, "sha256") for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in derived])


def encrypt(text: str) -> str:
    """Return *text* under the first of TOKEN_KEYS."""
    return _box(tuple(settings.TOKEN_KEYS)).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Return what encrypt() was given; a secret of nobody where all keys were replaced."""
    try:
        return _box(tuple(settings.TOKEN_KEYS)).decrypt(text.encode()).decode()
    except InvalidToken:
        return base64.b32encode(os.urandom(20)).decode()  # a code against it is wrong
