"""Putting a restored database into its place, so that at no moment one lies there that may send."""

import contextlib
import errno
import os
import shutil
import sqlite3
import subprocess
import uuid
from contextlib import closing
from pathlib import Path
from typing import IO, Any, Protocol

import psycopg
from django.db import DatabaseError, connection, connections
from psycopg import sql

from intelbrief.ops.backup import Trouble, Untouched, pg_tools, snapshots
from intelbrief.ops.backup.making import sync_folder

# Fits no database from now on, so that readers' notices wait too (deliveries.guard).
_EARLIER = " at an earlier time"
# What it says to all that it drops would fill the pipe that nobody reads meanwhile.
_QUIET = "SET client_min_messages = error;\n"
_HEAD = 60  # lines in which a dump sets up its session


class Place(Protocol):
    """Where the database of this installation is."""

    kind: str

    def check(self, staged: Path) -> None:
        """Raise Trouble where what was unpacked is no sound database."""

    def put(self, staged: Path, aside: Path, word: str) -> None:
        """Put it here, held with *word*; keep in *aside* what is here now."""


def here() -> Place:
    """Return the place that DATABASE_URL names."""
    return _Sqlite() if connection.vendor == "sqlite" else _Postgres()


def move(source: Path, target: Path) -> None:
    """Move a file, also to another disk; *target* is there whole or not at all."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        draft = target.with_name(f".{target.name}.{os.getpid()}.part")
        with source.open("rb") as old, draft.open("xb") as new:
            os.chmod(new.fileno(), 0o600)  # noqa: PTH101  (before a word is in it)
            shutil.copyfileobj(old, new)
            new.flush()
            os.fsync(new.fileno())
        draft.rename(target)
        source.unlink()


class _Sqlite:
    """A file: the old one is moved away, the new one, held already, takes its name."""

    kind = "sqlite"

    def check(self, staged: Path) -> None:
        try:
            with closing(sqlite3.connect(staged)) as link:
                snapshots.check(link)
        except sqlite3.Error as error:
            raise Trouble(f"The database in this backup cannot be read: {error}.") from error

    def put(self, staged: Path, aside: Path, word: str) -> None:
        connections.close_all()
        target = Path(connection.settings_dict["NAME"])
        self._hold(staged, word)
        if target.exists():
            # All that it knows goes into the one file: then nothing hangs on those beside it.
            with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(target)) as link:
                link.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        # Those beside it first: under the name of the new one they would ruin it.
        for ending in ("-wal", "-shm", ""):
            old = target.with_name(target.name + ending)
            if old.exists():
                move(old, aside / f"database.sqlite3{ending}")
        move(staged, target)
        sync_folder(target.parent)

    def _hold(self, staged: Path, word: str) -> None:
        with closing(sqlite3.connect(staged)) as link, link:
            link.execute(
                """INSERT INTO deliveries_installation
                       (id, fingerprint, seen_at, held_since, word, history)
                   VALUES (1, 'restored', datetime('now'), datetime('now'), ?, ?)
                   ON CONFLICT (id) DO UPDATE SET held_since = excluded.held_since,
                       word = excluded.word, fingerprint = substr(fingerprint || ?, 1, 200)""",
                (word, uuid.uuid4().hex, _EARLIER),
            )


class _Postgres:
    """One transaction: what was here goes, what was backed up comes, held already."""

    kind = "postgresql"

    def __init__(self) -> None:
        with closing(pg_tools.connect()) as link:
            self._server = pg_tools.major(link)
            row = link.execute("SELECT current_schema()").fetchone()
            assert row
            self._schema = str(row[0])
        self._tools = pg_tools.find(self._server)

    def check(self, staged: Path) -> None:
        # Writes all of it to nowhere: a damaged one fails here.
        done = subprocess.run(
            [str(self._tools / "pg_restore"), "-f", os.devnull, str(staged)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Trouble(
                f"The database in this backup cannot be read: {done.stderr.strip()[-500:]}"
            )

    def put(self, staged: Path, aside: Path, word: str) -> None:
        with connection.cursor() as cursor:
            is_empty = not connection.introspection.table_names(cursor)
        connections.close_all()
        if not is_empty:
            old = aside / "database.dump"
            old.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            old.touch(0o600)
            form = ("--format=custom", "--no-owner", "--no-privileges")
            pg_tools.run(self._tools, "pg_dump", *form, f"--schema={self._schema}", f"--file={old}")
        self._exchange(staged, word)
        with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # else the first send plans without knowing how many
        connections.close_all()

    def _exchange(self, staged: Path, word: str) -> None:
        where, environment = pg_tools.reach()
        unpack = [
            *(str(self._tools / "pg_restore"), "--no-owner", "--no-privileges"),
            *(f"--schema={self._schema}", "-f", "-", str(staged)),
        ]
        run = [str(self._tools / "psql"), "-X", "-q", "-v", "ON_ERROR_STOP=1", *where]
        pipes: dict[str, Any] = {"stderr": subprocess.PIPE, "env": environment}
        with (
            subprocess.Popen(unpack, stdout=subprocess.PIPE, **pipes) as unpacking,
            subprocess.Popen(
                run, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, **pipes
            ) as running,
        ):
            assert unpacking.stdout
            assert unpacking.stderr
            assert running.stdin
            assert running.stderr
            with contextlib.suppress(BrokenPipeError):  # psql has given up, and says why below
                # Whatever is killed meanwhile: without the COMMIT at the end, nothing happened.
                running.stdin.write(f"{_QUIET}BEGIN;\n{self._emptying()}\n".encode())
                self._pass_on(unpacking.stdout, running.stdin)
                if unpacking.wait() == 0:
                    running.stdin.write(f"\n{self._holding(word)}\nCOMMIT;\n".encode())
            with contextlib.suppress(BrokenPipeError):
                running.stdin.close()
            said = running.stderr.read().decode(errors="replace").strip()
            unpacking.kill()  # where psql has given up, nobody reads what it writes
            said = said or unpacking.stderr.read().decode(errors="replace").strip()
        if running.returncode or unpacking.returncode:
            raise Untouched(f"The database could not be restored, and is as it was: {said[-900:]}")

    def _pass_on(self, dump: IO[bytes], target: IO[bytes]) -> None:
        """Hand the dump over, without what its head says to later servers than this."""
        for _line in range(_HEAD):
            line = dump.readline()
            if not (self._server < 17 and line.startswith(b"SET transaction_timeout")):
                target.write(line)
        shutil.copyfileobj(dump, target, 1024 * 1024)

    def _emptying(self) -> str:
        """Return what drops all that is in the schema: of a later version, some is in no backup.

        What extensions have brought stays, as it is no part of the backup either.
        """
        return """DO $ib$ DECLARE one record; BEGIN
            FOR one IN
                SELECT CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW'
                        WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END AS kind,
                    c.oid::regclass::text AS name
                FROM pg_class c WHERE relnamespace = current_schema()::regnamespace
                    AND relkind IN ('r', 'p', 'v', 'm', 'S')
                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid
                        AND (deptype = 'e' OR relkind = 'S' AND deptype IN ('i', 'a')))
                UNION ALL SELECT 'ROUTINE', p.oid::regprocedure::text
                FROM pg_proc p WHERE pronamespace = current_schema()::regnamespace
                    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid
                        AND deptype = 'e')
            LOOP EXECUTE format('DROP %s IF EXISTS %s CASCADE', one.kind, one.name); END LOOP;
        END $ib$;"""

    def _holding(self, word: str) -> str:
        table = sql.Identifier(self._schema, "deliveries_installation")
        with closing(psycopg.connect(**pg_tools.parameters())) as link:
            return (
                sql.SQL(
                    """INSERT INTO {table} AS row
                        (id, fingerprint, seen_at, held_since, word, history)
                    VALUES (1, 'restored', now(), now(), {word}, {history})
                    ON CONFLICT (id) DO UPDATE SET held_since = excluded.held_since,
                        word = excluded.word,
                        fingerprint = left(row.fingerprint || {earlier}, 200);"""
                )
                .format(
                    table=table,
                    word=sql.Literal(word),
                    history=sql.Literal(str(uuid.uuid4())),
                    earlier=sql.Literal(_EARLIER),
                )
                .as_string(link)
            )
