"""From what somebody uploads to one plain file: digest, size, and ZIPs that mean harm."""

import errno
import hashlib
import lzma
import shutil
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO

from subscribers.importing import Unreadable

MEGABYTE = 1024 * 1024
MOST_BYTES = 512 * MEGABYTE
MOST_RATIO = 100  # ten times what lists of addresses reach
FREE_BYTES = 10 * MEGABYTE  # below this a ratio says nothing
PIECE = 64 * 1024
# How zipfile and the decompressors below it tell that a ZIP is broken, or (RuntimeError,
# NotImplementedError) locked or packed in a way that Python does not know.
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    ArithmeticError,
)
_TABLES = (".csv", ".tsv", ".txt", ".json")


def digest(path: Path) -> str:
    """Return the SHA-256 of a file: an import goes on only with the very same one."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def unpack(source: Path, target: Path) -> str:
    """Copy *source* to *target*, out of its ZIP if it is one; return the name of the table.

    Raises Unreadable for what is too large, no table, or a ZIP that holds
    none, several, or one that grows beyond all measure.
    """
    with source.open("rb") as file:
        begins = file.read(4)
    if begins in (b"PK\x03\x04", b"PK\x05\x06"):
        return _unzip(source, target)
    if source.stat().st_size > MOST_BYTES:
        raise Unreadable(f"The file is larger than {MOST_BYTES // MEGABYTE} MB; split it.")
    shutil.copyfile(source, target)
    return source.name


def _unzip(source: Path, target: Path) -> str:
    try:
        with zipfile.ZipFile(source) as archive:
            member = _only_table(archive)
            with archive.open(member) as packed, target.open("wb") as file:
                _copy(packed, file, allowed_bytes(source.stat().st_size))
    except Unreadable:
        target.unlink(missing_ok=True)
        raise
    except (*_BROKEN, OSError) as error:
        target.unlink(missing_ok=True)
        # bz2 tells of broken data without a number, a seek before the file with this one.
        if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
            raise
        message = f"The ZIP cannot be unpacked ({error}); unpack it yourself."
        raise Unreadable(message) from error
    return PurePosixPath(member.filename).name


def _only_table(archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    """Return the one table in *archive*; what macOS adds to a ZIP does not count."""
    tables = [
        entry
        for entry in archive.infolist()
        if entry.filename.lower().endswith(_TABLES) and not entry.filename.startswith("__MACOSX/")
    ]
    if not tables:
        raise Unreadable("The ZIP holds no CSV, TSV or JSON file.")
    if len(tables) > 1:
        names = ", ".join(PurePosixPath(entry.filename).name for entry in tables[:5])
        raise Unreadable(
            f"The ZIP holds {len(tables)} tables ({names}). Unpack it and import them one by one; "
            "the order does not matter."
        )
    return tables[0]


def allowed_bytes(packed: int) -> int:
    """Return how far a ZIP of *packed* bytes may grow."""
    return min(MOST_BYTES, max(FREE_BYTES, packed * MOST_RATIO))


def _copy(packed: IO[bytes], file: IO[bytes], most: int) -> None:
    """Copy until *most* bytes: what a ZIP says of its own size is no promise."""
    written = 0
    while piece := packed.read(PIECE):
        written += len(piece)
        if written > most:
            raise Unreadable(
                f"The ZIP unpacks to more than {most // MEGABYTE} MB, which no list of readers "
                "of its size does."
            )
        file.write(piece)
