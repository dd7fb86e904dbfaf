"""Collect what came back from an IMAP mailbox (RFC 9051), message by message.

A message is marked in the mailbox after what it says was committed: a crash in
between brings it again, and the same bytes are the same event. One that nobody
can make sense of is marked too, so that it holds up none behind it.
"""

import imaplib
import logging
import re
import ssl
import time
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.utils import timezone

from deliveries import incoming
from deliveries.returned import reading

log = logging.getLogger(__name__)

# What we have read; people who open the mailbox leave it alone.
KEYWORD = "$IntelBriefRead"
TIMEOUT = 20  # seconds that the server may take for an answer
MOST = 500  # messages of one visit
WINDOW = 10_000  # messages that one search looks at: imaplib takes answers of 1 MB
_LITERAL = 2 * reading.MOST_BYTES  # bytes of one answer; what is promised to be longer is a lie
_LOCAL = ("127.0.0.1", "localhost", "::1")


class Trouble(Exception):
    """The mailbox could not be read; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the mailbox is."""

    host: str
    port: int
    user: str
    password: str
    folder: str
    is_tls: bool  # from the first byte; else by STARTTLS


class _Server(imaplib.IMAP4):
    """A connection that reads no answer into memory that is longer than we asked for."""

    def read(self, size: int) -> bytes:
        return super().read(_bounded(size))


class _ServerTls(imaplib.IMAP4_SSL):
    """The same, encrypted from the first byte."""

    def read(self, size: int) -> bytes:
        return super().read(_bounded(size))


def _bounded(size: int) -> int:
    if size > _LITERAL:
        raise imaplib.IMAP4.abort(f"it wants to send {size} bytes at once")
    return size


def parse(url: str) -> Place:
    """Return the mailbox that *url* names: imaps://user:password@host/INBOX.

    Raises ValueError, with what is wrong, where it names none.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # its words would quote a password that is not encoded
        raise ValueError("its host or port cannot be read") from None
    if parts.scheme not in ("imaps", "imap"):
        raise ValueError("it does not begin with imaps:// or imap://")
    if not parts.hostname or not parts.username or not parts.password:
        raise ValueError("a user, a password or a host is missing")
    is_tls = parts.scheme == "imaps"
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if not folder.isascii() or not folder.isprintable():
        raise ValueError("its folder is not in ASCII")
    return Place(
        parts.hostname,
        port or (993 if is_tls else 143),
        unquote(parts.username),
        unquote(parts.password),
        folder,
        is_tls,
    )


def collect(seconds: float = 40.0) -> int:
    """Record what lies unread in BOUNCE_MAILBOX, for *seconds* at most; return how many were.

    Raises Trouble where the server cannot be used, django.db.Error where the
    database is away: what was not recorded stays unread.
    """
    place = parse(settings.BOUNCE_MAILBOX)
    until = time.monotonic() + seconds
    try:
        server = _opened(place)
    except (OSError, imaplib.IMAP4.error) as error:
        raise Trouble(f"{place.host} cannot be used: {_said(error)}") from error
    try:
        return _collect(server, place, until)
    except (OSError, imaplib.IMAP4.error) as error:
        raise Trouble(f"{place.host} broke off: {_said(error)}") from error
    finally:
        with suppress(OSError, imaplib.IMAP4.error):
            server.logout()


def _opened(place: Place) -> imaplib.IMAP4:
    """Return a connection that is logged in; the password goes nowhere unencrypted."""
    context = ssl.create_default_context()
    server: imaplib.IMAP4
    if place.is_tls:
        server = _ServerTls(place.host, place.port, ssl_context=context, timeout=TIMEOUT)
    else:
        server = _Server(place.host, place.port, timeout=TIMEOUT)
        if place.host not in _LOCAL:
            server.starttls(context)
    server.login(place.user, place.password)
    return server


def _collect(server: imaplib.IMAP4, place: Place, until: float) -> int:
    folder = '"' + re.sub(r'(["\\])', r"\\\1", place.folder) + '"'
    kind, answer = server.select(folder)
    if kind != "OK":
        raise imaplib.IMAP4.error(f"no folder {place.folder}: {answer!r}")
    flags_kept = server.untagged_responses.get("PERMANENTFLAGS", [])
    allowed = b" ".join(part for part in flags_kept if isinstance(part, bytes))
    # Some servers keep no keywords; then unread is what tells new from old.
    keeps = b"\\*" in allowed or KEYWORD.encode() in allowed
    flags = [r"\Seen", *([KEYWORD] if keeps else [])]
    if settings.BOUNCE_MAILBOX_DELETES:
        flags.append(r"\Deleted")
    done = 0
    for uid in _unread(server, _number(answer), keeps=keeps):
        if time.monotonic() > until:
            break
        data = _fetched(server, uid)
        if data is None:
            log.warning("Message %r of the bounce mailbox cannot be fetched; it waits.", uid)
            continue
        _take(data, uid)
        kind, said = server.uid(
            "STORE", uid.decode("ascii", "replace"), "+FLAGS.SILENT", f"({' '.join(flags)})"
        )
        if kind != "OK":  # else the same would be read every minute, and none behind it
            raise imaplib.IMAP4.error(f"it does not mark what was read: {said!r}")
        done += 1
    if done and settings.BOUNCE_MAILBOX_DELETES:
        server.expunge()
    return done


def _number(answer: list[bytes | None]) -> int:
    """Return how many messages a folder says it has."""
    said = answer[0] if answer else None
    return int(said) if said and said.isdigit() else 0


def _unread(server: imaplib.IMAP4, messages: int, *, keeps: bool) -> list[bytes]:
    """Return the oldest of what is unread, MOST at most, of a folder of any size."""
    new = ("UNKEYWORD", KEYWORD) if keeps else ("UNSEEN",)
    uids: list[bytes] = []
    for begin in range(1, messages + 1, WINDOW):
        end = min(begin + WINDOW - 1, messages)
        _, found = server.uid("SEARCH", *new, "UNDELETED", f"{begin}:{end}")
        uids += b" ".join(part for part in found if isinstance(part, bytes)).split()
        if len(uids) >= MOST:
            break
    return uids[:MOST]


def _fetched(server: imaplib.IMAP4, uid: bytes) -> bytes | None:
    """Return the beginning of a message, without marking it as read; None where it is not given."""
    part = f"(BODY.PEEK[]<0.{reading.MOST_BYTES}>)"
    _, answer = server.uid("FETCH", uid.decode("ascii", "replace"), part)
    for piece in answer:
        if isinstance(piece, tuple) and len(piece) > 1 and isinstance(piece[1], bytes):
            return piece[1]
    return None


def _take(data: bytes, uid: bytes) -> None:
    """Record one message; what is wrong with it is wrong next time too, so it is passed over."""
    if not data:
        return
    try:
        incoming.keep(incoming.sort(data), timezone.now())
    except (InterfaceError, OperationalError):
        raise  # the database, not the message
    except Exception:  # mail of strangers: one that trips us must not stop the box for good
        log.exception("Message %s of the bounce mailbox cannot be read; it is passed over.", uid)


def _said(error: BaseException) -> str:
    """Return what *error* says in one line; imaplib quotes bytes, and never the password."""
    return " ".join(str(error).split())[:200] or type(error).__name__
