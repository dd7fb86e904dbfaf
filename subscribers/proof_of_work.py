"""A proof of work by the ALTCHA protocol (altcha.org/docs): made and checked here, solved there.

The browser looks for the number whose SHA-256, together with the salt, is the
challenge. That costs a reader's telephone a second or two of computing, and
somebody who signs up a thousand addresses a thousand times that. Nobody else's
service is asked, and nothing about the visitor is looked at.
"""

import base64
import binascii
import hashlib
import hmac
import json
import logging
import secrets
import time
from typing import Any
from urllib.parse import parse_qs

from django.conf import settings

from subscribers.limits import ask

log = logging.getLogger(__name__)

ALGORITHM = "SHA-256"
VALID_SECONDS = 1200
LONGEST = 2000  # octets of a solution; a real one has about 300
EVERYWHERE = "*"  # the scope of the page of all publications


def challenge(scope: str) -> dict[str, Any]:
    """Return a puzzle for the form of *scope*, a publication's slug, good for VALID_SECONDS."""
    hardest = settings.PROOF_OF_WORK
    expires = int(time.time()) + VALID_SECONDS
    # The "&" at the end keeps the number from being read as a part of the parameters.
    salt = f"{secrets.token_hex(12)}?expires={expires}&for={scope}&"
    digest = _digest(salt, secrets.randbelow(hardest) + 1)
    return {
        "algorithm": ALGORITHM,
        "challenge": digest,
        "maxnumber": hardest,
        "salt": salt,
        "signature": _signature(digest),
    }


def is_solved(solution: str, scope: str) -> bool:
    """Tell whether *solution* solves a puzzle of ours for *scope*; true once for each."""
    found = _decoded(solution)
    if found is None:
        return False
    salt, digest = found["salt"], _digest(found["salt"], found["number"])
    if not hmac.compare_digest(_signature(digest), found["signature"]):
        return False
    terms = parse_qs(salt.partition("?")[2])
    left = int(terms["expires"][0]) - time.time()  # signed, so it is as we wrote it
    if left <= 0 or terms["for"] != [scope]:
        return False
    key = f"intelbrief:sign-ups:solved:{digest}"
    is_new = ask(lambda redis: bool(redis.set(key, 1, nx=True, ex=int(left) + 1)))
    return is_new is not False  # where Redis is away, a solution may serve twice


def _decoded(solution: str) -> dict[str, Any] | None:
    """Return the fields of *solution*, base64 of JSON, if they have the right types."""
    if len(solution) > LONGEST:
        return None
    try:
        found = json.loads(base64.b64decode(solution, validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return None
    if not isinstance(found, dict) or found.get("algorithm") != ALGORITHM:
        return None
    texts = [found.get(name) for name in ("salt", "signature")]
    if not all(isinstance(text, str) and text.isascii() for text in texts):
        return None
    return found if type(found.get("number")) is int else None


def _digest(salt: str, number: int) -> str:
    return hashlib.sha256(f"{salt}{number}".encode()).hexdigest()


def _signature(digest: str) -> str:
    key = hashlib.sha256(b"proof of work" + settings.SECRET_KEY.encode()).digest()
    return hmac.digest(key, digest.encode(), "sha256").hex()
