"""The database: whether it answers, how old it is, and whether its tables are those of now."""

import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
from django.db import connection
from django.db.migrations.exceptions import InconsistentMigrationHistory, NodeNotFoundError
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.migration import Migration
from django.db.migrations.operations import CreateModel

from intelbrief.observing import readiness
from intelbrief.ops.backup import pg_tools, snapshots
from intelbrief.ops.doctor import Severity, Trouble, examination

PATIENCE = 5  # seconds
OLDEST_POSTGRES = 14
OLDEST_SQLITE = (3, 31)
MOST_SECONDS_APART, WORST_SECONDS_APART = 5.0, 60.0

# What the server's words mean, the first that fits.
# ruff: noqa: ISC004  (a table of three columns reads better)
_MEANINGS = (
    (r"password authentication failed|no password supplied", "refuses the password",
     "Look at user and password in DATABASE_URL; signs like @ and # in it are percent-encoded. "
     "ALTER ROLE … PASSWORD '…' sets a new one."),
    (r"no pg_hba\.conf entry", "lets this machine not in",
     "Add a line for it to pg_hba.conf on the server, or for TLS: ?sslmode=require."),
    (r"role .* does not exist", "does not know this user",
     "Make it: createuser --pwprompt NAME, or correct DATABASE_URL."),
    (r"database .* does not exist", "has no such database",
     "Make it: createdb --owner USER NAME, then run: manage.py migrate."),
    (r"translate host name|Name or service|nodename|resolve host", "has a name that nobody knows",
     "Correct the host in DATABASE_URL."),
    (r"refused|No such file or directory|not accept", "cannot be reached",
     "Start it, or correct host and port in DATABASE_URL."),
    (r"timeout|timed out|No route|unreachable", "does not answer",
     "Look at host and port in DATABASE_URL, and at the firewall between."),
    (r"too many|remaining connection slots", "takes no further connections",
     "Raise max_connections, or lower WEB_PROCESSES, WEB_THREADS and WORKER_CONCURRENCY."),
    (r"SSL|TLS|certificate", "and this machine do not agree on TLS",
     "Look at sslmode in DATABASE_URL: ?sslmode=require, or verify-full with sslrootcert."),
    (r"starting up|shutting down|recovery", "is starting or stopping",
     "Wait a minute, and look at its log if it lasts."),
)  # fmt: skip


@examination("database")
def answers() -> Iterator[Trouble]:
    """Find out whether the database answers and takes writes: if not, where that fails."""
    yield from _sqlite() if connection.vendor == "sqlite" else _postgres()


def _postgres() -> Iterator[Trouble]:
    where = connection.settings_dict
    which = f"{where['HOST'] or 'localhost'}:{where['PORT'] or 5432}/{where['NAME']}"
    try:
        parameters = {**pg_tools.parameters(), "connect_timeout": PATIENCE}
        psycopg.connect(**parameters).close()
    except psycopg.Error as error:
        words = " ".join(str(error).split())
        yield explained(words, which)
        return
    if words := readiness.database():
        what, _, cure = words.partition(". ")
        yield Trouble(f"{what}.", cure, which)


def explained(words: str, which: str) -> Trouble:
    """Return what the server's *words* mean, and what to do."""
    for pattern, meaning, cure in _MEANINGS:
        if re.search(pattern, words, re.IGNORECASE):
            return Trouble(f"The database {meaning}: {words}", cure, which)
    return Trouble(f"The database does not answer: {words}", "Look at its log.", which)


def _sqlite() -> Iterator[Trouble]:
    path = Path(connection.settings_dict["NAME"])
    if not path.parent.is_dir():
        cure = f"Make it: mkdir -p {path.parent}, or correct DATABASE_URL."
        yield Trouble("The folder of the database is not there.", cure, str(path.parent))
        return
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=1)) as link:
            link.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.Error as error:
        if not path.exists():
            yield Trouble("There is no database yet.", "Run: manage.py migrate.", str(path))
            return
        cure = (
            "Restore the last backup: manage.py restore FILE --replace."
            if "not a database" in str(error) or "malformed" in str(error)
            else f"Give file and folder to the user that runs IntelBrief: chown USER {path}*."
        )
        yield Trouble(f"The database cannot be read: {error}.", cure, str(path))
        return
    if words := readiness.database():
        what, _, cure = words.partition(". ")
        yield Trouble(f"{what}.", cure, str(path))


@examination("database-version", needs=("database",))
def version() -> Iterator[Trouble]:
    """Find a database that is too old for this program, or that keeps text in another encoding
    than UTF-8."""
    if connection.vendor == "sqlite":
        if sqlite3.sqlite_version_info < OLDEST_SQLITE:
            cure = "Install a newer SQLite or Python; 3.31 is the oldest that will do."
            yield Trouble("SQLite is too old.", cure, sqlite3.sqlite_version)
        return
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        number = int(cursor.fetchone()[0])
        cursor.execute("SHOW server_encoding")
        encoding = cursor.fetchone()[0]
    if number < OLDEST_POSTGRES * 10_000:
        cure = f"Upgrade it to PostgreSQL {OLDEST_POSTGRES} or newer."
        yield Trouble("PostgreSQL is too old.", cure, str(number // 10_000))
    if encoding != "UTF8":
        cure = "Make a database with createdb --encoding=UTF8 --template=template0, and move there."
        yield Trouble("The database does not keep text as UTF-8.", cure, encoding)


@examination("migrations", needs=("database",))
def migrations() -> Iterator[Trouble]:
    """Find out whether the tables are those of this version: none yet, some missing, a migration
    that stopped halfway, or a database of a newer version."""
    try:
        executor = MigrationExecutor(connection)
    except (InconsistentMigrationHistory, NodeNotFoundError) as error:
        cure = "Restore the files of this release, and run: manage.py migrate."
        yield Trouble(f"The migrations do not fit together: {error}", cure)
        return
    loader = executor.loader
    ours = snapshots.our_apps()
    applied = [key for key in loader.applied_migrations or () if key[0] in ours]
    later = sorted(key for key in applied if key not in loader.disk_migrations)
    if later:
        yield Trouble(
            "The database is of a newer version than this program.",
            "Install that version again, or restore a backup that this one has made.",
            ".".join(later[-1]),
        )
    plan = executor.migration_plan(loader.graph.leaf_nodes())
    if plan and not applied:
        yield Trouble("The database has no tables yet.", "Run: manage.py migrate.", "")
    elif plan and (table := _left_by_half(plan)):
        yield Trouble(
            "A migration stopped halfway: its table is there already.",
            "Restore the backup from before the upgrade, or drop the table if it is empty, and "
            "run: manage.py migrate.",
            table,
        )
    elif plan:
        first = plan[0][0]
        yield Trouble(
            f"{len(plan)} migrations are not applied.",
            "Stop the worker, run: manage.py migrate, and start it again.",
            f"{first.app_label}.{first.name}",
        )


def _left_by_half(plan: list[tuple[Migration, bool]]) -> str:
    """Return a table that is to be made by what is not applied yet, and is there; else nothing."""
    with connection.cursor() as cursor:
        present = set(connection.introspection.table_names(cursor))
    for migration, _backwards in plan:
        for operation in migration.operations:
            if isinstance(operation, CreateModel):
                usual = f"{migration.app_label}_{operation.name.lower()}"
                table = str(operation.options.get("db_table", usual))
                if table in present:
                    return table
    return ""


@examination("clock", needs=("database",))
def clock() -> Iterator[Trouble]:
    """Compare the clock of this machine with that of the database: editions go out by the
    database's, links and sessions end by the machine's."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return  # the same clock
        before = time.time()
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        there = float(cursor.fetchone()[0])
    yield from apart(there - (before + time.time()) / 2, "the database")


def apart(seconds: float, whose: str) -> Iterator[Trouble]:
    """Yield what is wrong where the clock of *whose* is so many *seconds* ahead of this one."""
    if abs(seconds) > MOST_SECONDS_APART:
        direction = "ahead of" if seconds > 0 else "behind"
        yield Trouble(
            f"The clock of {whose} is {abs(seconds):.0f} s {direction} that of this machine.",
            "Let both follow a time server: timedatectl set-ntp true.",
            whose,
            Severity.BROKEN if abs(seconds) > WORST_SECONDS_APART else Severity.WARNING,
        )
