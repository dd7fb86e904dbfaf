"""The folder of the local inbox, read: whatever lies in it, nothing here raises."""

import contextlib
import email
import email.errors
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.header import decode_header, make_header
from email.message import Message
from email.parser import BytesParser
from pathlib import Path
from typing import Any

NAME = re.compile(r"\d{20}-[0-9a-f]{8}")
HEAD = 64_000  # bytes that are read of a message for the list
DEEPEST = 60  # levels of parts that are taken apart


@dataclass(frozen=True)
class Entry:
    """One line of the list."""

    id: str
    at: datetime
    size: int
    sender: str
    to: str
    subject: str


@dataclass(frozen=True)
class Attachment:
    """A part that is not shown."""

    name: str
    kind: str
    size: int


@dataclass(frozen=True)
class Letter:
    """One message, taken apart."""

    entry: Entry
    raw: bytes
    headers: tuple[tuple[str, str], ...]
    html: str
    text: str
    attachments: tuple[Attachment, ...]

    @property
    def html_bytes(self) -> int:
        """How large the HTML part is; some readers cut it off above 102,400."""
        return len(self.html.encode(errors="replace"))


def entries(folder: Path, search: str = "", limit: int = 200) -> list[Entry]:
    """Return the newest *limit* messages whose head or text part holds *search*, newest first."""
    found: list[Entry] = []
    for name in _names(folder):
        entry = _entry(folder, name)
        if entry is not None and (not search or _matches(folder, entry, search)):
            found.append(entry)
            if len(found) == limit:
                break
    return found


def count(folder: Path) -> int:
    """Return how many messages there are."""
    return sum(1 for _ in _names(folder))


def read(folder: Path, id: str) -> Letter | None:  # noqa: A002  (as in the addresses of its pages)
    """Return the message *id*, or None if there is none of that name."""
    entry = _entry(folder, id)
    raw = _bytes(folder, id)
    if entry is None or raw is None:
        return None
    message = _parse(raw)
    return Letter(
        entry=entry,
        raw=raw,
        headers=tuple((name, _words(value)) for name, value in message.raw_items()),
        html=_first(message, "text/html"),
        text=_first(message, "text/plain"),
        attachments=tuple(_attachments(message)),
    )


def empty(folder: Path) -> int:
    """Delete all messages; return how many there were."""
    names = list(_names(folder))
    for name in names:
        (folder / f"{name}.eml").unlink(missing_ok=True)
    return len(names)


def _names(folder: Path) -> Iterator[str]:
    """Yield the ids, newest first; they begin with the time of arrival."""
    with contextlib.suppress(FileNotFoundError):
        names = (path.stem for path in folder.iterdir() if path.suffix == ".eml")
        yield from sorted(filter(NAME.fullmatch, names), reverse=True)


def _bytes(folder: Path, name: str, limit: int = -1) -> bytes | None:
    # The name comes from a URL: only our own shape of name ever reaches the disk.
    if not NAME.fullmatch(name):
        return None
    try:
        with (folder / f"{name}.eml").open("rb") as file:
            return file.read(limit)
    except FileNotFoundError:
        return None


def _entry(folder: Path, name: str) -> Entry | None:
    head = _bytes(folder, name, HEAD)
    if head is None:
        return None
    with contextlib.suppress(FileNotFoundError):
        size = (folder / f"{name}.eml").stat().st_size
        head = re.split(rb"\r?\n\r?\n", head, maxsplit=1)[0]
        headers: dict[str, list[str]] = {}
        for key, value in _parse(head + b"\r\n\r\n").raw_items():
            headers.setdefault(key.lower(), []).append(_words(value))
        return Entry(
            id=name,
            at=datetime.fromtimestamp(int(name[:20]) / 1e9, tz=UTC),
            size=size,
            sender=_one(headers, "from") or _one(headers, "return-path"),
            # The envelope tells who really gets it.
            to=", ".join(headers.get("delivered-to", [])) or _one(headers, "to"),
            subject=_one(headers, "subject"),
        )
    return None


def _one(headers: dict[str, list[str]], name: str) -> str:
    return headers.get(name, [""])[0]


def _matches(folder: Path, entry: Entry, search: str) -> bool:
    wanted = search.casefold()
    if wanted in f"{entry.sender}\n{entry.to}\n{entry.subject}".casefold():
        return True
    raw = _bytes(folder, entry.id)
    return raw is not None and wanted in _first(_parse(raw), "text/plain").casefold()


def _parse(raw: bytes) -> Message:
    # Not the newer policy: its structured headers raise for some that are broken.
    policy = email.policy.compat32
    try:
        message: Message = email.message_from_bytes(raw, policy=policy)
    except RecursionError:
        return _unparted(raw)
    return message if _depth(message) <= DEEPEST else _unparted(raw)


def _depth(message: Message) -> int:
    """Return how many levels of parts there are; no recursion, for there may be many."""
    depth, level = 0, [message]
    while level:
        depth += 1
        level = [part for one in level if one.is_multipart() for part in _parts(one)]
    return depth


def _parts(message: Message) -> list[Message]:
    payload = message.get_payload()
    return [part for part in payload if isinstance(part, Message)] if payload else []


def _unparted(raw: bytes) -> Message:
    """Return *raw* as one text, its parts as they were sent."""
    message = BytesParser(policy=email.policy.compat32).parsebytes(raw, headersonly=True)
    for name in ("Content-Type", "Content-Transfer-Encoding", "Content-Disposition"):
        del message[name]
    return message


def _words(value: Any) -> str:
    """Return a header's value decoded, unfolded and printable, however broken it is."""
    text = re.sub(r"\r?\n(?=[ \t])", "", str(value)).strip()
    # Bytes beyond ASCII arrive as lone surrogates.
    text = text.encode(errors="surrogateescape").decode(errors="replace")
    # Unknown charset, bad base64, nonsense: then as it stands.
    with contextlib.suppress(LookupError, ValueError, email.errors.MessageError):
        text = str(make_header(decode_header(text)))
    return text.encode(errors="replace").decode()


def _first(message: Message, kind: str) -> str:
    """Return the first part of *kind* that is no attachment, as text."""
    for part in message.walk():
        if part.get_content_type() == kind and _disposition(part) != "attachment":
            return _text(part)
    return ""


def _text(part: Message) -> str:
    payload = _payload(part)
    for charset in (str(part.get_param("charset", "utf-8")), "utf-8"):
        with contextlib.suppress(LookupError, ValueError):
            # "unicode_escape" makes half characters, which no page can hold.
            return payload.decode(charset).encode(errors="replace").decode()
    return payload.decode("latin-1")


def _payload(part: Message) -> bytes:
    # The standard library still raises for some encodings that are none.
    try:
        payload = part.get_payload(decode=True)
    except (ValueError, LookupError, AttributeError, AssertionError):
        payload = str(part.get_payload()).encode(errors="replace")
    return payload if isinstance(payload, bytes) else b""


def _disposition(part: Message) -> str:
    value = str(part.get("content-disposition", ""))
    return value.split(";")[0].strip().lower()


def _attachments(message: Message) -> Iterator[Attachment]:
    for part in message.walk():
        if part.is_multipart():
            continue
        shown = part.get_content_type() in ("text/plain", "text/html")
        if not shown or _disposition(part) == "attachment":
            try:
                name = part.get_filename() or ""
            except (ValueError, LookupError, AttributeError, TypeError):
                name = ""
            yield Attachment(_words(name), part.get_content_type(), len(_payload(part)))
