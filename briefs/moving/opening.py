"""Opens what somebody hands over: a ZIP, a folder or one file; never trusts a name or a size.

Nothing is unpacked to disk: a member is read when it is asked for, up to a
limit, so a name that climbs out of its folder has nowhere to lead.
"""

from __future__ import annotations

import lzma
import struct
import unicodedata
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from .items import Unreadable

MEGABYTE = 1024 * 1024
MOST_PACKED = 1024 * MEGABYTE
MOST_FILES = 100_000
MOST_TEXT = 5 * MEGABYTE  # of one text; a brief has 5 kB
MOST_TABLE = 200 * MEGABYTE  # of one table or JSON file, which are read whole
MOST_RATIO = 200  # of all that is read to what is packed; text packs to a tenth
FREE = 50 * MEGABYTE  # below this a ratio says nothing
# How zipfile and what is below it tell that a ZIP is broken, locked or packed in another way.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, RuntimeError, EOFError,
    ValueError, LookupError, ArithmeticError, OSError, UnicodeError,
)  # fmt: skip


class Box:
    """The files of an archive by their names, which have no way out of it."""

    def __init__(self, source: Path) -> None:
        self.name = source.name or source.resolve().name
        self.odd: list[str] = []  # names that were passed over
        self._zip: zipfile.ZipFile | None = None
        self._left = 0
        self._files: dict[str, Path | str] = {}
        try:
            self._open(source)
        except _BROKEN as error:
            words = str(error) or type(error).__name__
            raise Unreadable(f"“{self.name}” cannot be opened: {words}.") from error

    def _open(self, source: Path) -> None:
        if source.is_dir():
            self._list_folder(source)
            return
        size = source.stat().st_size
        if size > MOST_PACKED:
            raise Unreadable(f"“{self.name}” is larger than 1 GB. Split it, or unpack it.")
        if zipfile.is_zipfile(source):
            self._zip = zipfile.ZipFile(source)
            self._left = max(FREE, size * MOST_RATIO)
            self._list_zip(self._zip)
        else:
            self._files = {source.name: source}

    def _list_folder(self, folder: Path) -> None:
        for path in sorted(folder.rglob("*")):
            # A link may lead anywhere; so may what stands below one.
            if path.is_symlink() or not path.is_file():
                continue
            self._add(path.relative_to(folder).as_posix(), path)

    def _list_zip(self, archive: zipfile.ZipFile) -> None:
        for entry in archive.infolist():
            if not entry.is_dir():
                self._add(entry.filename, entry.filename)

    def _add(self, name: str, target: Path | str) -> None:
        if len(self._files) >= MOST_FILES:
            raise Unreadable(f"“{self.name}” holds more than {MOST_FILES} files. Split it.")
        safe = safe_name(name)
        hidden = name.startswith("__MACOSX/") or PurePosixPath(name).name.startswith(".")
        if safe and not hidden:
            self._files[safe] = target
        elif not hidden:
            self.odd.append(name[:200])

    def names(self, *endings: str) -> list[str]:
        """Return the names of all files, or those with one of *endings*, in order."""
        return sorted(name for name in self._files if not endings or name.lower().endswith(endings))

    def find(self, base: str) -> str:
        """Return the name of the file *base* that stands highest; "" for none."""
        found = [n for n in self._files if PurePosixPath(n).name.lower() == base]
        return min(found, key=lambda name: (name.count("/"), name), default="")

    def __contains__(self, name: str) -> bool:
        return name in self._files

    def read(self, name: str, most: int = MOST_TEXT) -> bytes:
        """Return the octets of *name*; raise Unreadable with more than *most*, or if it is broken.

        What a ZIP says of its own sizes is no promise, so what comes out is counted.
        """
        target = self._files[name]
        try:
            if isinstance(target, Path):
                with target.open("rb") as file:
                    content = file.read(most + 1)
            else:
                assert self._zip is not None
                with self._zip.open(target) as packed:
                    content = packed.read(min(most, self._left) + 1)
        except _BROKEN as error:
            words = str(error) or type(error).__name__
            raise Unreadable(f"“{name}” cannot be read: {words}.") from error
        if len(content) > most:
            raise Unreadable(f"“{name}” has more than {most // MEGABYTE} MB.")
        if self._zip is not None:
            self._left -= len(content)
            if self._left < 0:
                raise TooMuch(
                    f"“{self.name}” unpacks to more than any archive of its size does. "
                    "Unpack it yourself if you trust it, and name the folder."
                )
        return content

    def text(self, name: str, most: int = MOST_TEXT) -> tuple[str, bool]:
        """Return the characters of *name*, and whether they were no UTF-8 but Windows-1252."""
        raw = self.read(name, most)
        try:
            return raw.decode("utf-8-sig"), False
        except UnicodeDecodeError as error:
            if b"\x00" in raw:
                raise Unreadable(f"“{name}” is no text in UTF-8.") from error
        try:
            return raw.decode("cp1252"), True
        except UnicodeDecodeError as error:
            raise Unreadable(
                f"“{name}” is no text in UTF-8: octet {error.start + 1} cannot be read."
            ) from error


class TooMuch(Unreadable):
    """The archive grows beyond all measure, so nothing further of it is read."""


def safe_name(name: str) -> str:
    """Return *name* as a path inside an archive; "" for one that leads elsewhere."""
    path = unicodedata.normalize("NFC", name.replace("\\", "/"))
    parts = path.split("/")
    if path.startswith("/") or ":" in parts[0] or ".." in parts or len(path) > 1000:
        return ""
    if any(ord(character) < 32 or 0xD800 <= ord(character) < 0xE000 for character in path):
        return ""
    return "/".join(part for part in parts if part not in ("", "."))


def join(folder: str, relative: str) -> str:
    """Return where *relative* leads from *folder* inside an archive; "" where it leads out."""
    parts = [part for part in folder.split("/") if part]
    for part in relative.split("/"):
        if part == "..":
            if not parts:
                return ""
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
