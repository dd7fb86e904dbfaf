"""Signed tokens of the links that are mailed: short, bound to a purpose, compared in full.

A token is the numbers it carries as varints, followed by the first ten bytes
of an HMAC-SHA256 under a key that is derived for its purpose alone, all in
base64url. Nothing is stored: a token lives as long as its key does. The first
of settings.TOKEN_KEYS signs and all of them verify, so a key is replaced by
putting a new one in front and dropping the old one when its mails have aged.
"""

import base64
import binascii
import hashlib
import hmac
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from django.conf import settings

MAC_BYTES = 10  # 80 bits: out of reach of guessing over HTTP, and the URL stays short
LARGEST = 2**63 - 1
_URL_SAFE = bytes.maketrans(b"+/", b"-_")  # RFC 4648, 5
WRITTEN_IN = re.compile(r"[A-Za-z0-9_-]{15,80}")


class BadToken(ValueError):
    """The token was not made here for this purpose; ask the visitor to start anew."""


class ExpiredToken(BadToken):
    """The token is ours, and its time is over; offer a fresh one."""


class _Key:
    """A key of HMAC-SHA256 with both its pads hashed in advance (RFC 2104, 4).

    A mail to a million readers takes several million MACs; this halves each.
    """

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(64, b"\0")  # no key of ours is longer than a block
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def mac(self, message: bytes) -> bytes:
        """Return the first MAC_BYTES of the HMAC of *message*."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(message)
        outer.update(inner.digest())
        return outer.digest()[:MAC_BYTES]

    def after(self, beginning: bytes) -> tuple[Callable[[], Any], Callable[[], Any]]:
        """Return what copies both pads, for MACs of messages that start with *beginning*."""
        inner = self._inner.copy()
        inner.update(beginning)
        return inner.copy, self._outer.copy


@lru_cache(maxsize=64)
def _derived(purpose: str, keys: tuple[str, ...]) -> tuple[_Key, ...]:
    """Return one key per key of the installation, good for *purpose* only."""
    label = f"intelbrief token 1: {purpose}".encode()
    return tuple(_Key(hmac.digest(key.encode(), label, "sha256")) for key in keys)


# The tokens of one letter share most of their numbers.
@lru_cache(maxsize=1024)
def _varint(number: int) -> bytes:
    """Write *number* as an unsigned LEB128 varint: seven bits a byte, low ones first."""
    if not 0 <= number <= LARGEST:
        raise ValueError(f"A token carries numbers from 0 to 2^63-1, not {number}.")
    packed = bytearray()
    while number > 127:
        packed.append(number & 127 | 128)
        number >>= 7
    packed.append(number)
    return bytes(packed)


def _unpack(packed: bytes) -> tuple[int, ...]:
    """Read varints back; of bytes whose signature is not verified they are a claim."""
    numbers: list[int] = []
    number = shift = 0
    for byte in packed:
        number |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            numbers.append(number)
            number = shift = 0
    return tuple(numbers)


def claimed(token: str) -> int:
    """Return the one number that *token* carries, unproved; 0 where it is no such token.

    For tokens under a key that is found by that very number.
    """
    if not WRITTEN_IN.fullmatch(token):
        return 0
    try:
        raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (binascii.Error, ValueError):
        return 0
    numbers = _unpack(raw[:-MAC_BYTES])
    if len(numbers) != 1 or numbers[0] > LARGEST or _varint(numbers[0]) != raw[:-MAC_BYTES]:
        return 0
    return numbers[0]


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
        if self.lifetime is not None:
            numbers = (*numbers, int(time.time()) // 60)
        return self.maker()(*numbers).decode()

    def maker(self, key: str = "") -> Callable[..., bytes]:
        """Return a function that makes tokens of *numbers*, in ASCII, with today's key.

        It is for the millions of tokens of one edition: what is the same for
        all of them is looked up once. *key* takes the place of today's where
        the tokens must stay what they are when that changes.
        """
        mac = _derived(self.name, (key,) if key else tuple(settings.TOKEN_KEYS))[0].mac
        size = self.size + (self.lifetime is not None)

        def make(*numbers: int) -> bytes:
            if len(numbers) != size:
                raise ValueError(f"A {self.name} token carries {size} numbers: {numbers}")
            packed = b"".join(map(_varint, numbers))
            octets = binascii.b2a_base64(packed + mac(packed), newline=False)
            return octets.translate(_URL_SAFE).rstrip(b"=")

        return make

    def series(self, *first: int, key: str = "") -> Callable[[int], bytes]:
        """Return a function that makes tokens of *first* and one more number, as maker() does.

        Most tokens of an edition differ in the delivery alone: nothing else is
        looked at for each.
        """
        if len(first) + 1 != self.size or self.lifetime is not None:
            raise ValueError(f"A {self.name} token carries {self.size} numbers, not {first} and …")
        beginning = b"".join(map(_varint, first))
        keys = (key,) if key else tuple(settings.TOKEN_KEYS)
        inner, outer = _derived(self.name, keys)[0].after(beginning)

        def make(last: int) -> bytes:
            number = _varint(last)
            within, around = inner(), outer()
            within.update(number)
            around.update(within.digest())
            octets = beginning + number + around.digest()[:MAC_BYTES]
            return binascii.b2a_base64(octets, newline=False).translate(_URL_SAFE).rstrip(b"=")

        return make

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
            matches |= hmac.compare_digest(key.mac(packed), mac)
        if not matches:
            raise BadToken("The link is not one of ours, or not complete.")
        return packed


confirm = Purpose("confirm", size=1, lifetime=7 * 24 * 3600)  # subscription
canary = Purpose("canary", size=1)  # subscription
# What whoever has a mail may do: leave, and change what its owner can undo.
unsubscribe = Purpose("unsubscribe", size=2)  # subscription, delivery or 0
# Mailed to its owner alone, on request: opens everything we hold of them.
own = Purpose("own", size=2, lifetime=24 * 3600)  # subscription, part of the address’s hash
undo = Purpose("undo", size=1, lifetime=30 * 24 * 3600)  # consent record
# Bound to the old address and the new one by a digest of both.
address = Purpose("address", size=2, lifetime=3 * 24 * 3600)  # notice, digest
# Mailed to its owner on request: opens the web to them, and leads to a brief or 0.
reading = Purpose("reading", size=3, lifetime=24 * 3600)  # subscription, mark of address, brief
session = Purpose("session", size=2, lifetime=30 * 24 * 3600)  # subscription, mark of address
invitation = Purpose("invitation", size=1, lifetime=30 * 24 * 3600)  # member of a client group
# To work on a publication. The row says how long it is good, and which of its mails is the last.
colleague = Purpose("colleague", size=2)  # invitation, number of the mail
# Shown to its owner, who gives it to a feed reader: for years, until its row is revoked.
feed = Purpose("feed", size=2)  # feed key, mark of address
view = Purpose("view", size=2)  # edition, delivery or 0
click = Purpose("click", size=3)  # edition, position of the link, delivery or 0
sample = Purpose("sample", size=1)  # never mailed: tells that the keys are those of before
pixel = Purpose("pixel", size=2)  # edition, delivery or 0; as a link: the one nobody can see


def unsubscribe_url(subscription_id: int, delivery_id: int = 0) -> str:
    """Return the mailed address that stops a subscription; final, without a slash at its end.

    A redirect would turn the mail client's POST into a GET (RFC 8058, 3.1).
    """
    return unsubscribe_address(unsubscribe.make(subscription_id, delivery_id))


def unsubscribe_address(token: str) -> str:
    """Return the mailed address of a *token* that has been made already."""
    return f"{settings.SITE_URL}/u/{token}"


def confirm_url(subscription_id: int) -> str:
    """Return the mailed address whose button confirms a subscription."""
    return confirm_address(confirm.make(subscription_id))


def confirm_address(token: str) -> str:
    """Return the mailed address of a *token* that has been made already."""
    return f"{settings.SITE_URL}/s/confirm/{token}"


def canary_url(subscription_id: int) -> str:
    """Return the address of the link in a mail that no person can see."""
    return canary_address(canary.make(subscription_id))


def canary_address(token: str) -> str:
    """Return the address that no person can see, of a *token* that has been made already."""
    return f"{settings.SITE_URL}/s/more/{token}"


def preferences_address(token: str) -> str:
    """Return the mailed address of the page where a subscription is changed.

    It takes the *token* of the unsubscribe link: who may end it may change it,
    and a mail to a million readers makes a million tokens fewer.
    """
    return f"{settings.SITE_URL}/s/prefs/{token}"


def own_url(token: str) -> str:
    """Return the address, mailed on request only, of all that we hold of a reader."""
    return f"{settings.SITE_URL}/s/own/{token}"


def undo_url(record_id: int) -> str:
    """Return the mailed address whose button takes back what a consent record tells of."""
    return f"{settings.SITE_URL}/s/undo/{undo.make(record_id)}"


def address_url(notice_id: int, digest: int) -> str:
    """Return the mailed address whose button moves a reader to another address."""
    return f"{settings.SITE_URL}/s/address/{address.make(notice_id, digest)}"


def reading_url(subscription_id: int, mark: int, brief_id: int) -> str:
    """Return the mailed address that lets a reader read on the web."""
    return f"{settings.SITE_URL}/s/read/{reading.make(subscription_id, mark, brief_id)}"


def invitation_url(member_id: int) -> str:
    """Return the mailed address whose button accepts an invitation to a client group."""
    return f"{settings.SITE_URL}/s/invitation/{invitation.make(member_id)}"


def colleague_url(invitation_id: int, mails: int) -> str:
    """Return the mailed address whose button accepts an invitation to work on a publication."""
    return f"{settings.SITE_URL}/accounts/invitation/{colleague.make(invitation_id, mails)}/"


def feed_url(key_id: int, mark: int, written: str) -> str:
    """Return the address of a reader's own feed, *written* as "atom" or "json"."""
    return f"{settings.SITE_URL}/s/feed/{feed.make(key_id, mark)}/{written}"
