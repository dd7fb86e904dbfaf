"""Signed tokens of the links that are mailed: short, bound to a purpose, compared in full.

A token is the numbers it carries as varints, followed by the first ten bytes
of an HMAC-SHA256 under a key that is derived for its purpose alone, all in
base64url. Nothing is stored: a token lives as long as its key does. The first
of settings.TOKEN_KEYS signs and all of them verify, so a key is replaced by
putting a new one in front and dropping the old one when its mails have aged.
"""

import base64
import binascii
import hmac
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

MAC_BYTES = 10  # 80 bits: out of reach of guessing over HTTP, and the URL stays short
LARGEST = 2**63 - 1
WRITTEN_IN = re.compile(r"[A-Za-z0-9_-]{15,80}")


class BadToken(ValueError):
    """The token was not made here for this purpose; ask the visitor to start anew."""


class ExpiredToken(BadToken):
    """The token is ours, and its time is over; offer a fresh one."""


@lru_cache(maxsize=64)
def _derived(purpose: str, keys: tuple[str, ...]) -> tuple[bytes, ...]:
    """Return one key per key of the installation, good for *purpose* only."""
    label = f"intelbrief token 1: {purpose}".encode()
    return tuple(hmac.digest(key.encode(), label, "sha256") for key in keys)


def _pack(numbers: Iterable[int]) -> bytes:
    """Write *numbers* as unsigned LEB128 varints: seven bits a byte, low ones first."""
    packed = bytearray()
    for number in numbers:
        if not 0 <= number <= LARGEST:
            raise ValueError(f"A token carries numbers from 0 to 2^63-1, not {number}.")
        rest = number
        while rest > 127:
            packed.append(rest & 127 | 128)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def _unpack(packed: bytes) -> tuple[int, ...]:
    """Read varints back; only called on bytes whose signature has been verified."""
    numbers: list[int] = []
    number = shift = 0
    for byte in packed:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
    return tuple(numbers)


@dataclass(frozen=True)
class Purpose:
    """What a token is for; a token of one purpose is nothing to another.

    *size* is how many numbers it carries. With *lifetime* (seconds) it also
    carries the minute of its making, which `load` checks and does not return.
    """

    name: str
    size: int
    lifetime: int | None = None

    def make(self, *numbers: int) -> str:
        """Return a token that carries *numbers*."""
        if len(numbers) != self.size:
            raise ValueError(f"A {self.name} token carries {self.size} numbers: {numbers}")
        if self.lifetime is not None:
            numbers = (*numbers, int(time.time()) // 60)
        packed = _pack(numbers)
        key = _derived(self.name, tuple(settings.TOKEN_KEYS))[0]
        mac = hmac.digest(key, packed, "sha256")[:MAC_BYTES]
        return base64.urlsafe_b64encode(packed + mac).rstrip(b"=").decode()

    def load(self, token: str) -> tuple[int, ...]:
        """Return the numbers of *token*; raise BadToken, or ExpiredToken when it is over."""
        packed = self._verified(token)
        numbers = _unpack(packed)
        if self.lifetime is not None:
            *kept, minute = numbers
            numbers = tuple(kept)
            if time.time() - minute * 60 > self.lifetime:
                raise ExpiredToken("The link is too old.")
        if len(numbers) != self.size:
            raise BadToken("The link is not complete.")
        return numbers

    def _verified(self, token: str) -> bytes:
        """Return the signed bytes of *token*; raise BadToken."""
        if not WRITTEN_IN.fullmatch(token):
            raise BadToken("The link is not complete.")
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError) as error:
            raise BadToken("The link is not complete.") from error
        # The last character has spare bits: without this, several tokens would be one.
        if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != token:
            raise BadToken("The link is not complete.")
        packed, mac = raw[:-MAC_BYTES], raw[-MAC_BYTES:]
        matches = False
        for key in _derived(self.name, tuple(settings.TOKEN_KEYS)):
            matches |= hmac.compare_digest(hmac.digest(key, packed, "sha256")[:MAC_BYTES], mac)
        if not matches:
            raise BadToken("The link is not one of ours, or not complete.")
        return packed


confirm = Purpose("confirm", size=1, lifetime=7 * 24 * 3600)  # subscription
unsubscribe = Purpose("unsubscribe", size=2)  # subscription, delivery or 0
view = Purpose("view", size=2)  # edition, delivery or 0
click = Purpose("click", size=3)  # edition, position of the link, delivery or 0


def unsubscribe_url(subscription_id: int, delivery_id: int = 0) -> str:
    """Return the mailed address that stops a subscription; final, without a slash at its end.

    A redirect would turn the mail client's POST into a GET (RFC 8058, 3.1).
    """
    return f"{settings.SITE_URL}/u/{unsubscribe.make(subscription_id, delivery_id)}"


def confirm_url(subscription_id: int) -> str:
    """Return the mailed address whose button confirms a subscription."""
    return f"{settings.SITE_URL}/s/confirm/{confirm.make(subscription_id)}"
