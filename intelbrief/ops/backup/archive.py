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
from typing import IO, Any

from intelbrief.ops.backup import Trouble

MANIFEST = "manifest.json"
FORMAT = 1
MOST_OCTETS_OF_MANIFEST = 512 * 1024 * 1024
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

    def close(self, manifest: dict[str, Any]) -> None:
        """Write the manifest, and the end."""
        told = {"format": FORMAT, **manifest, "files": dict(self.files)}
        self.add_octets(MANIFEST, json.dumps(told, indent=1, sort_keys=True).encode())
        self._tar.close()
        self._gzip.close()


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


def read(path: Path, folder: Path | None = None) -> dict[str, Any]:
    """Return the manifest of the backup at *path* after every octet was compared with it.

    With *folder*, which must be empty, its members are put there. Nothing
    else is ever written, whatever the names of the members say.
    """
    found: dict[str, dict[str, Any]] = {}
    last = b""
    with _speaking(path), tarfile.open(path, mode="r|gz") as tar:
        for about in tar:
            name = _checked(about, found)
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
    except (ValueError, KeyError, TypeError) as error:
        raise Trouble(f"{path} is no backup: its manifest cannot be read.") from error
    found.pop(MANIFEST)
    for name in sorted({*told, *found}):
        if told.get(name) != found.get(name):
            raise Trouble(
                f"{path} is damaged: “{name}” is not as it was written. Take another one."
            )
    return dict(manifest)
