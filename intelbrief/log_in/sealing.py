"""The secrets of second factors as they lie in the database: of use to nobody without the keys.

A password is stored as a slow hash; the secret of an authenticator app has to
be read back, so it is sealed under TOKEN_KEYS (subscribers.sealing).
"""

import base64
import os

from subscribers.sealing import InvalidToken, box

PURPOSE = b"intelbrief second factor 1"


def encrypt(text: str) -> str:
    """Return *text* under the first of TOKEN_KEYS."""
    return box(PURPOSE).encrypt(text.encode()).decode()


def decrypt(text: str) -> str:
    """Return what encrypt() was given; a secret of nobody where all keys were replaced."""
    try:
        return box(PURPOSE).decrypt(text.encode()).decode()
    except InvalidToken:
        return base64.b32encode(os.urandom(20)).decode()  # a code against it is wrong
