"""Pictures that come in an archive: looked for, looked at, and stored as an upload is."""

from __future__ import annotations

import hashlib
import io
import re
import secrets
import struct
from collections.abc import Callable
from pathlib import PurePosixPath
from urllib.parse import unquote

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction

from briefs import images
from briefs.models import Image, Publication, User

from .items import Item, Unreadable
from .opening import Box, TooMuch, join

# Where generators keep what their pages name by "/…".
_ROOTS = ("", "static", "public", "assets", "content", "src", "content/images")
_EXACT = re.compile(r"images/[0-9a-f]{32}-(\d{1,5})x(\d{1,5})\.(?:png|jpg)")
_MARKDOWN = re.compile(
    r"!\[((?:[^\[\]\\\n]|\\.){0,300})\]\(\s*<?([^()\s<>]{1,500})>?(?:\s+\"[^\"\n]{0,300}\")?\s*\)"
)
_HTML = re.compile(r"<img\b[^<>]{0,1000}>", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"\b(src|alt)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_PNG_CHUNKS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


class Pictures:
    """Takes the pictures of one archive into *publication*; in a dry run, looks only."""

    def __init__(
        self, box: Box, publication: Publication, by: User | None, *, is_dry: bool
    ) -> None:
        self.box, self.publication, self.by, self.is_dry = box, publication, by, is_dry
        self.taken: dict[str, str] = {}  # name in the archive: address here

    def shown(self, item: Item, resolve: Callable[[str], str]) -> Callable[[str, str], str]:
        """Return what makes an image of *item* a line of Markdown, or nothing."""

        def show(source: str, alt: str) -> str:
            words = images.one_line(alt)
            address = self.stored(item, source, words) or resolve(source)
            # Mails show no picture that comes by plain http.
            if not address.startswith(("https://", "/p/images/")):
                item.notes.append(f"a picture that is not there: {source[:120]}")
                return ""
            safe = re.sub(r"[\\\[\]*_`]", r"\\\g<0>", words).replace("<", "&lt;")
            return f"![{safe}]({address})"

        return show

    def in_markdown(self, item: Item, resolve: Callable[[str], str]) -> str:
        """Return the body of *item* with its pictures named by where they stand now."""
        show = self.shown(item, resolve)

        def of_html(match: re.Match[str]) -> str:
            given = {m[1].lower(): m[2] or m[3] or "" for m in _ATTRIBUTE.finditer(match[0])}
            return show(given.get("src", ""), given.get("alt", ""))

        body = _MARKDOWN.sub(lambda match: show(match[2], match[1]), item.body)
        return _HTML.sub(of_html, body)

    def exact(self, item: Item, text: str) -> str:
        """Return a text that export_archive wrote with the addresses of its pictures."""
        return _EXACT.sub(lambda match: self.stored(item, match[0], "") or match[0], text)

    def stored(self, item: Item, source: str, alt: str) -> str:
        """Return where the picture that *item* names stands now; "" if it is not in the archive."""
        name = self._find(item.folder, source)
        if not name:
            return ""
        if name not in self.taken:
            try:
                self.taken[name] = self._store(name, alt or item.headline)
            except TooMuch:
                raise
            except (images.NotAnImage, Unreadable) as error:
                item.notes.append(f"{name}: {error}")
                self.taken[name] = ""
        return self.taken[name]

    def _find(self, folder: str, source: str) -> str:
        if re.match(r"[a-z][\w+.-]*:|//", source, re.IGNORECASE):
            return ""
        path = unquote(source.removeprefix("__GHOST_URL__").partition("?")[0].partition("#")[0])
        if path.startswith("/"):
            tops = {"", *(name.partition("/")[0] for name in (folder,) if name)}
            places = [join(top, f"{root}/{path}") for top in tops for root in _ROOTS]
        else:
            places = [
                join(folder, path),
                join("", path),
                join(PurePosixPath(folder).parent.as_posix(), path),
            ]
        return next((place for place in places if place and place in self.box), "")

    def _store(self, name: str, alt: str) -> str:
        content = self.box.read(name, images.MOST_OCTETS)
        if self.is_dry:
            images.fit(content)
            return "/p/images/dry/run-1x1.png"
        if _EXACT.search(name) and is_fitted(content):
            return str(_keep(content, self.publication, alt, self.by).file.url)
        image = images.store(io.BytesIO(content), publication=self.publication, alt=alt, by=self.by)
        return str(image.file.url)


def _keep(content: bytes, publication: Publication, alt: str, by: User | None) -> Image:
    """Return the Image of a picture that is as ours are, octet by octet: what goes out comes in."""
    digest = hashlib.sha256(content).hexdigest()
    known: Image | None = publication.images.filter(digest=digest).first()
    if known:
        return known
    ending = "png" if content.startswith(b"\x89PNG") else "jpg"
    _fitted, _ending, (width, height) = images.fit(content)
    image = Image(publication=publication, alt=images.one_line(alt) or "–", digest=digest, by=by)
    name = f"{secrets.token_hex(8)}-{width}x{height}.{ending}"
    image.file.save(name, ContentFile(content), save=False)
    image.width, image.height = width, height
    try:
        with transaction.atomic():
            image.save()
    except IntegrityError:
        image.file.storage.delete(str(image.file.name))
        return Image.objects.get(publication=publication, digest=digest)
    return image


def is_fitted(content: bytes) -> bool:
    """Tell whether a picture is one that images.fit() wrote: readable, small, without metadata."""
    try:
        _again, _ending, size = images.fit(content)
    except images.NotAnImage:
        return False
    parts = (
        _png_parts(content) if content.startswith(b"\x89PNG\r\n\x1a\n") else _jpeg_parts(content)
    )
    return parts and size[0] <= images.WIDEST


def _png_parts(content: bytes) -> bool:
    """Tell whether a PNG holds its pixels, and nothing beside or behind them."""
    at = 8
    while at + 12 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        if kind not in _PNG_CHUNKS:
            return False
        at += 12 + int(length)
        if kind == b"IEND":
            return at == len(content)
    return False


def _jpeg_parts(content: bytes) -> bool:
    """Tell whether a JPEG has no application's data but JFIF's, no comment, and nothing behind."""
    if not content.startswith(b"\xff\xd8\xff") or not content.endswith(b"\xff\xd9"):
        return False
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        kind, length = content[at + 1], int.from_bytes(content[at + 2 : at + 4], "big")
        if kind == 0xDA:
            # Of the scans, only the last is followed by an end of the image.
            return content.find(b"\xff\xd9", at) == len(content) - 2
        if kind == 0xFE or 0xE1 <= kind <= 0xEF:
            return False
        at += 2 + length
    return False
