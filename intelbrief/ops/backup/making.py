"""Making a backup: beside its place first, looked at again, and given its name last."""

import datetime as dt
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import DatabaseError
from django.db.models.functions import Now

from deliveries.models import Installation
from intelbrief import release
from intelbrief.ops.backup import Trouble, archive, keys, marker, signing, snapshots
from subscribers.importing import files

KEPT = 14
SUFFIX = ".tar.gz"
UNFINISHED = ".unfinished"
# A backup that was killed leaves its draft: one that was not touched for so long is such.
_FORGOTTEN_SECONDS = 86_400


@dataclass
class Made:
    """What was written where."""

    path: Path
    octets: int
    manifest: dict[str, Any]
    removed: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def make(
    place: Path,
    *,
    is_folder: bool = False,
    keep: int = KEPT,
    with_keys: bool = True,
    verify: bool = True,
    say: Callable[[str], None] = lambda words: None,
) -> Made:
    """Write a backup to the file *place*, or into the folder (*is_folder*: make it); raise Trouble.

    In a folder the latest *keep* of this site stay (0: all), and only once the
    new one is whole. A file that exists already is never replaced.
    """
    _refuse_what_would_harm(place)
    folder_given = is_folder or place.is_dir()
    path = _target(place, folder_given=folder_given)
    _clear_forgotten(path.parent)
    with _draft(path) as (draft, scratch), draft.open("r+b") as file:
        notes, manifest = _write(file, scratch, with_keys=with_keys, say=say)
        file.flush()
        os.fsync(file.fileno())
        if verify:
            say("reading it back")
            archive.read(draft)
        _name(draft, path)
    made = Made(path, path.stat().st_size, manifest, notes=notes)
    if folder_given and keep:
        made.removed = _thin_out(path.parent, keep)
    _note()
    return made


def _refuse_what_would_harm(place: Path) -> None:
    """Raise Trouble where the backup would be on the web, or be one of a half-restored site."""
    for public in (settings.MEDIA_ROOT, settings.STATIC_ROOT):
        if place.resolve().is_relative_to(Path(public).resolve()):
            raise Trouble(f"Everybody can read what is in {public}. Take another folder.")
    said = marker.read(settings.VAR_DIR)
    if said is not None:
        raise Trouble(marker.words(said))


def _target(place: Path, *, folder_given: bool) -> Path:
    """Return the file to write, in a folder that is there; raise Trouble."""
    folder = place if folder_given else place.absolute().parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Trouble(f"The folder {folder} cannot be made: {error.strerror}.") from error
    if not folder_given:
        if os.path.lexists(place):
            raise Trouble(f"{place} is there already. Take another name, or name a folder.")
        return place
    moment = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    for attempt in range(100):
        ending = f"-{attempt}" if attempt else ""
        path = folder / f"{_beginning()}{moment}{ending}{SUFFIX}"
        if not path.exists():
            return path
    raise Trouble(f"{folder} has a hundred backups of this second. Wait a moment.")


def _beginning() -> str:
    """Return how the names of this site's backups begin, so that two sites may share a folder."""
    host = re.sub(r"[^\w.-]", "-", settings.SITE_HOST)
    return f"intelbrief-{host}-"


@contextmanager
def _draft(path: Path) -> Iterator[tuple[Path, Path]]:
    """Yield an empty file beside *path* and a folder to work in, both gone at the end."""
    scratch = None
    try:
        scratch = Path(tempfile.mkdtemp(prefix=".intelbrief-", suffix=UNFINISHED, dir=path.parent))
        draft = scratch / "backup"
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield draft, scratch
    except OSError as error:
        words = error.strerror or str(error)
        raise Trouble(
            f"The backup cannot be written: {error.filename or path.parent}: {words}. While it is "
            "made, it takes the size of the database once more."
        ) from error
    finally:
        if scratch is not None:
            _remove(scratch)


def _remove(folder: Path) -> None:
    """Delete the working folder of a backup: it holds files only."""
    for one in folder.iterdir():
        one.unlink(missing_ok=True)
    folder.rmdir()


def _name(draft: Path, path: Path) -> None:
    """Give the whole backup its name, unless somebody took it meanwhile."""
    try:
        os.link(draft, path)
    except FileExistsError as error:
        raise Trouble(f"{path} was made by somebody else meanwhile. Take another name.") from error
    except OSError:
        draft.rename(path)  # a file system without hard links
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in *folder* outlast a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(
    file: Any, scratch: Path, *, with_keys: bool, say: Callable[[str], None]
) -> tuple[list[str], dict[str, Any]]:
    writer = archive.Writer(file)
    with snapshots.taken() as snapshot:
        said = _describe(snapshot)
        wanted = snapshots.uploads(snapshot)
        say("copying the database")
        copy = scratch / snapshot.member
        snapshot.write(copy)
    writer.add(snapshot.member, copy)
    copy.unlink()
    say("copying the files")
    for name, folder in folders().items():
        for relative, path in walk(folder):
            writer.add(f"{name}/{relative}", path)
    if with_keys:
        for name, key in keys.present().items():
            writer.add_octets(f"keys/{name}", f"{key}\n".encode())
    missing = sorted(name for name in wanted if f"media/{name}" not in writer.files)
    said["missing_uploads"] = missing[:100]
    said = writer.close(said)
    notes = []
    if signing.FIELD not in said:
        notes.append(
            f"It is not signed: set {signing.NAME}, and keep it apart from backups. Without one "
            "nobody can tell whether a backup was changed, and restore wants --trust."
        )
    if missing:
        notes.append(
            f"{len(missing)} uploaded files that the database names are not in "
            f"{settings.MEDIA_ROOT} ({missing[0]} for one): run this where the web server runs."
        )
    return notes, said


def _describe(snapshot: snapshots.Snapshot) -> dict[str, Any]:
    """Return what the manifest says, but for the files."""
    return {
        "made_at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "site": settings.SITE_URL,
        "version": release.version(),
        "python": sys.version.split()[0],
        "django": django.__version__,
        "database": {
            "kind": snapshot.kind,
            "version": snapshot.version,
            "member": snapshot.member,
            "migrations": snapshots.migrations(snapshot),
            "counts": snapshots.counts(snapshot),
        },
        "keys": keys.marks(),
    }


def folders() -> dict[str, Path]:
    """Return which folders go along, by their names in a backup."""
    return {"media": Path(settings.MEDIA_ROOT), "imports": files.folder()}


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield (name below *folder*, path) of each file in it; links lead nowhere."""
    for root, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(folder).as_posix(), path


def _thin_out(folder: Path, keep: int) -> list[str]:
    """Delete this site's backups in *folder* but for the latest *keep*; return their names."""
    pattern = re.compile(re.escape(_beginning()) + r"\d{8}T\d{6}Z(-\d+)?" + re.escape(SUFFIX))
    found = sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name))
    old = found[:-keep]
    for path in old:
        path.unlink(missing_ok=True)
    return [path.name for path in old]


def _clear_forgotten(folder: Path) -> None:
    """Delete what backups left that were killed: it holds addresses and keys."""
    for path in folder.glob(f".intelbrief-*{UNFINISHED}"):
        try:
            if path.is_dir() and time.time() - path.stat().st_mtime > _FORGOTTEN_SECONDS:
                _remove(path)
        except OSError:
            continue  # another backup is at it, or it is somebody else's


def _note() -> None:
    """Note in the database when the last backup was made, for the doctor."""
    try:
        Installation.objects.filter(pk=1).update(backed_up_at=Now())
    except DatabaseError:
        return  # the backup is whole all the same
