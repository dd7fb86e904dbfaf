"""Signatures as https://www.standardwebhooks.com wants them.

A secret is derived from a key of the server and a nonce of the endpoint, so
that a copy of the database signs nothing. TOKEN_KEYS has the key: each of its
keys signs, as each of them verifies a link, and a receiver that knows the
secret of an older one goes on while a newer stands in front.
"""

import base64
import datetime as dt
import hmac

from django.conf import settings
from django.utils import timezone

from api.models import HookEndpoint

# How long the old secret signs beside the new one after a rotation.
OVERLAP = dt.timedelta(hours=24)
_LABEL = b"intelbrief webhook secret "


def _derive(key: str, nonce: str) -> bytes:
    return hmac.digest(key.encode(), _LABEL + nonce.encode(), "sha256")


def shown_secret(endpoint: HookEndpoint) -> str:
    """Return the secret that a receiver verifies with, as it is given to people."""
    octets = _derive(settings.TOKEN_KEYS[0], endpoint.nonce)
    return f"whsec_{base64.b64encode(octets).decode()}"


def headers(endpoint: HookEndpoint, webhook_id: str, body: bytes, at: int) -> dict[str, str]:
    """Return the headers of *body* at the Unix time *at*, in seconds."""
    signed = f"{webhook_id}.{at}.".encode() + body
    marks = [
        base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
        for secret in _secrets(endpoint)
    ]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(at),
        "webhook-signature": " ".join(f"v1,{mark}" for mark in marks),
    }


def _secrets(endpoint: HookEndpoint) -> list[bytes]:
    """Return all secrets that sign for *endpoint* now, today's first."""
    nonces = [endpoint.nonce]
    if endpoint.old_until is not None and endpoint.old_until > timezone.now():
        nonces.append(endpoint.old_nonce)
    return [_derive(key, nonce) for nonce in nonces for key in settings.TOKEN_KEYS]
