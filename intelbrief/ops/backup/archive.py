"""The file of a backup: a tar.gz whose last member is the manifest, and how one is read safely."""

import gzip
import hashlib
import io
import json
import os
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

from intelbrief.ops.backup import Trouble, signing

MANIFEST = "manifest.json"
FORMAT = 1
MOST_OCTETS_OF_MANIFEST = 512 * 1024 * 1024
MOST_MEMBERS = 2_000_000
# What stands before a member: a long name, times. tarfile takes any length into memory.
MOST_OCTETS_OF_HEADER = 64 * 1024
# Pictures and dumps gain little from more, and a night is short.
_LEVEL = 1
_PIECE = 1024 * 1024


class _Hashed(io.RawIOBase):
    """Reads exactly *size* octets of *source*, and hashes them."""

    def __init__(self, source: IO[bytes], size: int, name: str) -> None:
        self._source, self._left, self._name = source, size, name
        self.digest = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Return the next octets; raise Trouble where the file has become shorter."""
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._source.read(wanted) if wanted else b""
        if len(data) < wanted:
            raise Trouble(f"{self._name} became shorter while it was read. Try again.")
        self._left -= len(data)
        self.digest.update(data)
        return data


class Writer:
    """Writes members one after the other, and the manifest at the end."""

    def __init__(self, file: IO[bytes]) -> None:
        self._gzip = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=_LEVEL)
        self._tar = tarfile.open(  # noqa: SIM115  (close() ends both)
            fileobj=self._gzip, mode="w|", format=tarfile.PAX_FORMAT
        )
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, path: Path) -> bool:
        """Add the file at *path*; return False if there is none any more.

        What is appended to it meanwhile is not taken along.
        """
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise Trouble(f"{path} cannot be read: {error.strerror}.") from error
        with os.fdopen(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            self._append(name, file, about.st_size, about.st_mtime)
        return True

    def add_octets(self, name: str, content: bytes) -> None:
        """Add a member that holds *content*."""
        self._append(name, io.BytesIO(content), len(content), 0)

    def _append(self, name: str, file: IO[bytes], size: int, changed_at: float) -> None:
        about = tarfile.TarInfo(name)
        about.size, about.mtime, about.mode = size, int(changed_at), 0o600
        hashed = _Hashed(file, size, name)
        self._tar.addfile(about, hashed)
        self.files[name] = {"octets": size, "sha256": hashed.digest.hexdigest()}

    def close(self, manifest: dict[str, Any]) -> dict[str, Any]:
        """Write the manifest, signed and with what is in all files, and the end; return it."""
        told = signing.signed({"format": FORMAT, **manifest, "files": dict(self.files)})
        self.add_octets(MANIFEST, json.dumps(told, indent=1, sort_keys=True).encode())
        self._tar.close()
        self._gzip.close()
        return told


class _Member(tarfile.TarInfo):
    """A member whose header is no larger than a header is."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        """Return the member that *buf* tells of; raise Trouble before too much is read."""
        member = super().frombuf(buf, encoding, errors)
        if member.type not in tarfile.REGULAR_TYPES and member.size > MOST_OCTETS_OF_HEADER:
            raise Trouble("This backup has been tampered with: a header is too large.")
        return member


@contextmanager
def _speaking(path: Path) -> Iterator[None]:
    """Say in one sentence what is wrong with a file that is no backup, or half of one."""
    try:
        yield
    except (tarfile.TarError, zlib.error, gzip.BadGzipFile, EOFError) as error:
        raise Trouble(
            f"{path} is no whole backup: {error or type(error).__name__}. It was cut off or "
            "changed; take another one."
        ) from error
    except OSError as error:
        words = error.strerror or str(error)
        raise Trouble(f"{error.filename or path}: {words}.") from error


def read(path: Path, folder: Path | None = None, *, room: int | None = None) -> dict[str, Any]:
    """Return the manifest of the backup at *path* after every octet was compared with it.

    With *folder*, which must be empty, its members are put there. Nothing
    else is ever written, whatever the names of the members say. Raise Trouble
    where they are of more than *room* octets. Who wrote it is asked by
    signing.refuse_unproven().
    """
    found: dict[str, dict[str, Any]] = {}
    last, octets = b"", 0
    with _speaking(path), tarfile.open(path, mode="r|gz", tarinfo=_Member) as tar:
        for about in tar:
            name = _checked(about, found)
            octets += about.size
            if room is not None and octets > room:
                raise Trouble(
                    f"{path} holds more than the {room // 1024**2:,} MB that are free here. Make "
                    "room, or take another disk for VAR_DIR."
                )
            source = tar.extractfile(about)
            assert source is not None  # a regular file
            if name == MANIFEST:
                if about.size > MOST_OCTETS_OF_MANIFEST:
                    raise Trouble(f"{path} is no backup: its manifest is too large.")
                last = source.read()
                found[name] = {}
                continue
            if last:
                raise Trouble(f"{path} has been changed: “{name}” stands behind its manifest.")
            target = folder / name if folder else None
            found[name] = _taken_out(source, target, is_public=name.startswith("media/"))
    return _compared(path, last, found)


def _checked(about: tarfile.TarInfo, found: dict[str, Any]) -> str:
    """Return the name of a member; raise Trouble for one that leads elsewhere or comes twice."""
    name = about.name
    parts = PurePosixPath(name).parts
    if (
        not about.isreg()
        or about.issparse()  # a few octets that tell of any number
        or not parts
        or name.startswith("/")
        or ".." in parts
        or "\\" in name
        or "\0" in name
        or str(PurePosixPath(name)) != name
    ):
        raise Trouble(f"This backup has been tampered with: “{name}” leads elsewhere.")
    if name in found:
        raise Trouble(f"This backup has been tampered with: “{name}” is in it twice.")
    if len(found) >= MOST_MEMBERS:
        raise Trouble("This backup has been tampered with: it holds too many files.")
    return name


def _taken_out(source: IO[bytes], target: Path | None, *, is_public: bool) -> dict[str, Any]:
    digest, octets = hashlib.sha256(), 0
    if target is None:
        while piece := source.read(_PIECE):
            digest.update(piece)
            octets += len(piece)
        return {"octets": octets, "sha256": digest.hexdigest()}
    target.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    descriptor = os.open(target, flags, 0o666 if is_public else 0o600)
    with os.fdopen(descriptor, "wb") as file:
        while piece := source.read(_PIECE):
            digest.update(piece)
            octets += len(piece)
            file.write(piece)
        file.flush()
        os.fsync(descriptor)
    return {"octets": octets, "sha256": digest.hexdigest()}


def _compared(path: Path, text: bytes, found: dict[str, Any]) -> dict[str, Any]:
    """Return the manifest in *text*; raise Trouble unless it tells exactly what was *found*."""
    if not text:
        raise Trouble(f"{path} has no manifest: it is no backup, or was cut off. Take another one.")
    try:
        manifest = json.loads(text)
        told = manifest["files"]
        if manifest["format"] != FORMAT:
            raise Trouble(
                f"{path} has the format {manifest['format']}, and this version reads {FORMAT}. "
                "Restore it with the version that made it."
            )
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Trouble(f"{path} is no backup: its manifest cannot be read.") from error
    if not isinstance(told, dict):
        raise Trouble(f"{path} is no backup: its manifest tells of no files.")
    found.pop(MANIFEST)
    for name in sorted({*told, *found}):
        if told.get(name) != found.get(name):
            raise Trouble(
                f"{path} is damaged: “{name}” is not as it was written. Take another one."
            )
    return dict(manifest)
