"""Restoring a backup: looked at whole before anything is touched, and held once it is in place."""

import datetime as dt
import fcntl
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, OperationalError, connection, connections
from django.db.migrations.loader import MigrationLoader
from redis.exceptions import RedisError

from briefs.models import Brief, Publication, User
from intelbrief.ops.backup import (
    Trouble,
    Untouched,
    archive,
    keys,
    making,
    marker,
    places,
    signing,
    snapshots,
)
from subscribers.models import Subscriber

NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


@dataclass
class Restored:
    """What was put where, and what is left for a person to do."""

    manifest: dict[str, Any]
    aside: Path | None = None
    todo: list[str] = field(default_factory=list)


def restore(
    path: Path,
    *,
    replace: bool = False,
    only_check: bool = False,
    trust: bool = False,
    say: Callable[[str], None] = lambda words: None,
) -> Restored:
    """Put the backup at *path* into this installation; raise Trouble, mostly with nothing touched.

    With *only_check* nothing is. Unless *replace*, an installation that knows
    a person, a brief or a reader is left alone. What was here is kept aside.
    *trust*: somebody vouches for a file that is not signed, or not by us.
    """
    if not path.is_file():
        raise Trouble(f"There is no file {path}.")
    with _alone():
        say("reading it, and comparing every octet")
        # Nothing is written, and no program is given any of it, before we know that it is ours.
        manifest = archive.read(path, room=shutil.disk_usage(settings.VAR_DIR).free)
        if not trust:
            signing.refuse_unproven(path, manifest)
        return _restore(path, manifest, replace=replace, only_check=only_check, say=say)


def _restore(
    path: Path,
    manifest: dict[str, Any],
    *,
    replace: bool,
    only_check: bool,
    say: Callable[[str], None],
) -> Restored:
    stage = _stage()
    try:
        say("unpacking it")
        if archive.read(path, stage) != manifest:
            raise Trouble(f"{path} was changed while it was read. Find out who writes to it.")
        place = _fitting(manifest)
        staged = stage / manifest["database"]["member"]
        say("looking at its database")
        place.check(staged)
        if only_check:
            return Restored(manifest)
        _refuse_to_overwrite(replace=replace)
        _refuse_while_at_work()
        aside = _aside()
        aside.mkdir(mode=0o700)
        at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        note = {"backup": str(path.absolute()), "at": at, "aside": str(aside)}
        is_first = marker.leave(settings.VAR_DIR, note)
        say("putting the database into place")
        try:
            place.put(staged, aside, _word(manifest))
        except Untouched:
            shutil.rmtree(aside)
            if is_first:
                marker.remove(settings.VAR_DIR)
            raise
        say("putting the files into place")
        _put_files(stage, aside)
        _put_keys(stage / "keys", aside)
        making.sync_folder(settings.VAR_DIR)
        marker.remove(settings.VAR_DIR)
        if not any(aside.iterdir()):
            aside.rmdir()
        return Restored(manifest, aside if aside.exists() else None, list(_todo(manifest)))
    except OSError as error:
        raise _unwritable(error) from error
    finally:
        shutil.rmtree(stage, ignore_errors=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Let one restore be at work: two would put the database of one beside files of the other."""
    with ExitStack() as stack:
        try:
            settings.RUN_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = stack.enter_context((settings.RUN_DIR / "restore.lock").open("a"))
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Trouble("Another restore is at work here. Wait until it is done.") from error
        except OSError as error:
            raise _unwritable(error) from error
        yield


def _unwritable(error: OSError) -> Trouble:
    words = f"{error.filename or settings.VAR_DIR}: {error.strerror or error}"
    return Trouble(f"The backup cannot be restored: {words}.")


def _stage() -> Path:
    """Return an empty folder on the disk of VAR_DIR, so that most of it need only be renamed."""
    settings.VAR_DIR.mkdir(mode=0o700, parents=True, exist_ok=True)
    # Of a restore that was killed, as this one is alone: it holds addresses and keys.
    for dead in settings.VAR_DIR.glob(".restore-*"):
        shutil.rmtree(dead, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=".restore-", dir=settings.VAR_DIR))


def _aside() -> Path:
    """Return the folder for what is here now, by a name that is free."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    names = [f"replaced-{stamp}", *(f"replaced-{stamp}-{number}" for number in range(1, 100))]
    return next(p for name in names if not (p := settings.VAR_DIR / name).exists())


# --- what it must not be done on ------------------------------------------------


def _fitting(manifest: dict[str, Any]) -> places.Place:
    """Return where the database goes; raise Trouble where this program cannot take it in."""
    told = manifest["database"]
    kind = told["kind"]
    if told["member"] not in manifest["files"]:
        raise Trouble("This backup has been tampered with: it names a database that is elsewhere.")
    if kind != connection.vendor:
        there, here = NAMES.get(kind, kind), NAMES.get(connection.vendor, connection.vendor)
        raise Trouble(
            f"This backup is of {there}, and DATABASE_URL names {here}. Restore it into {there}: "
            "a backup does not change the kind of a database."
        )
    known = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    later = [name for name in told["migrations"] if name not in known]
    if later:
        raise Trouble(
            f"This backup was made by a later version ({manifest.get('version') or 'unknown'}): "
            f"this one does not know {later[-1]}. Install that version, then restore it."
        )
    return places.here()


def _refuse_to_overwrite(*, replace: bool) -> None:
    if replace:
        return
    what = next(_contents(), None)
    if what:
        raise Trouble(
            f"This installation is not empty: it has {what}. With --replace the backup takes its "
            "place, and what is here is kept aside."
        )


def _contents() -> Iterator[str]:
    """Yield what this installation has that a backup would overwrite."""
    try:
        tables = set(connection.introspection.table_names())
        for model in (User, Publication, Brief, Subscriber):
            if model._meta.db_table in tables and model._default_manager.exists():
                yield str(model._meta.verbose_name_plural)
    except OperationalError as error:
        words = str(error).strip().splitlines()[0]
        raise Trouble(f"The database does not answer: {words}. See: manage.py doctor") from error
    except DatabaseError:
        yield "a database that cannot be read"
    finally:
        connections.close_all()
    for name, folder in making.folders().items():
        if next(making.walk(folder), None):
            yield f"files in {name}"


def _refuse_while_at_work() -> None:
    """Raise Trouble while a process works here: it would go on with what is no more."""
    if who := next(_at_work(), None):
        raise Trouble(f"{who} Stop web, worker and scheduler first, and say this again.")


def _at_work() -> Iterator[str]:
    lock = settings.RUN_DIR / "up.lock"
    if lock.exists() and _is_locked(lock):
        yield "./run works here."
    for journal in sorted((settings.VAR_DIR / "owners").glob("*")):
        if journal.is_file() and _is_locked(journal):
            yield "A worker works here."
    recent = max(10.0, 3 * settings.TICK_SECONDS)
    try:
        rang = cache.get_many(["rang:worker", "rang:scheduler"])
    except RedisError:
        rang = {}
    for key, at in rang.items():
        if time.time() - at < recent:
            yield f"The {key.partition(':')[2]} has rung in the last {recent:.0f} seconds."
    yield from _sessions() if connection.vendor == "postgresql" else _others_in_the_file()


def _sessions() -> Iterator[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*), max(usename::text) FROM pg_stat_activity WHERE datname ="
            " current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        number, user = cursor.fetchone()
    connections.close_all()
    if number:
        yield f"The database has {number} other connections (of “{user}” for one)."


def _others_in_the_file() -> Iterator[str]:
    """Find a web server of which nothing else tells: it would go on in the file that is moved."""
    connections.close_all()
    name = Path(connection.settings_dict["NAME"])
    if not name.exists():
        return
    try:
        with closing(sqlite3.connect(name, timeout=1)) as link:
            # SQLite does this for who is alone with the file; Django's next connection undoes it.
            link.execute("PRAGMA journal_mode=DELETE")
    except sqlite3.DatabaseError as error:  # else: it is damaged, which is why it is replaced
        if "locked" in str(error):
            yield "Another process has the database open."


def _is_locked(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


# --- putting it into place ------------------------------------------------------


def _put_files(stage: Path, aside: Path) -> None:
    """Exchange the contents of the folders; a folder itself may be a mounted volume."""
    for name, folder in making.folders().items():
        for relative, path in list(making.walk(folder)):
            places.move(path, aside / name / relative)
        for relative, path in list(making.walk(stage / name)):
            places.move(path, folder / relative)


def _put_keys(staged: Path, aside: Path) -> None:
    """Put the keys where an installation of one machine reads them, and others may point at."""
    for name in keys.NAMES:
        if not (staged / name).exists():
            continue
        target = settings.KEYS_DIR / name
        if target.exists():
            places.move(target, aside / "keys" / name)
        places.move(staged / name, target)


def _word(manifest: dict[str, Any]) -> str:
    return (
        f"A backup of {manifest['made_at']} was restored. What has gone out since then is not "
        "known here and would go out again: cancel what must not. If this is the one that shall "
        "send from now on, confirm it in the desk, or say: manage.py installation confirm."
    )


# --- what is left to do ---------------------------------------------------------


def _todo(manifest: dict[str, Any]) -> Iterator[str]:
    """Yield what a person has to do next, in its order."""
    yield from _of_keys(manifest["keys"], f"keys/{keys.NAMES[0]}" in manifest["files"])
    loader = MigrationLoader(None)
    applied = set(manifest["database"]["migrations"])
    ours = snapshots.our_apps()
    latest = {f"{app}.{name}" for app, name in loader.graph.leaf_nodes() if app in ours}
    if latest - applied:
        yield "Run: manage.py migrate."
    if manifest["site"] != settings.SITE_URL:
        yield (
            f"The backup is of {manifest['site']}, and SITE_URL is {settings.SITE_URL}: links in "
            "mails that were sent lead there."
        )
    yield (
        f"Readers who left since {manifest['made_at']} are active here: docs/backup.md tells how "
        "to find them. Do that before anything is sent."
    )
    yield (
        "Start web, worker and scheduler. Nothing is sent until you say: "
        "manage.py installation confirm."
    )


def _of_keys(told: dict[str, str], has_keys: bool) -> Iterator[str]:
    present = keys.marks()
    for name, mark in told.items():
        given = name in os.environ or f"{name}_FILE" in os.environ
        is_read_from_folder = settings.MAKES_KEYS and not given
        if present.get(name) == mark or (has_keys and is_read_from_folder):
            continue
        where = (
            f"Set {name}_FILE={settings.KEYS_DIR / name}."
            if has_keys
            else f"Set {name} to what it was there."
        )
        yield f"{name} is not the one that the backup was made with. {where}"
