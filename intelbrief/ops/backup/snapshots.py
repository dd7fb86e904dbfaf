"""One moment of the database, held still while it is copied and counted; it stops no writer."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection, models

from intelbrief.ops.backup import Trouble, pg_tools

PAGES = 4_096  # a step: a Ctrl-C is heard between two
# Of these the manifest says how many there are.
COUNTED = {
    "publications": "briefs.Publication",
    "briefs": "briefs.Brief",
    "subscribers": "subscribers.Subscriber",
    "consent_records": "subscribers.ConsentRecord",
    "suppressions": "subscribers.Suppression",
    "editions": "deliveries.Edition",
    "deliveries": "deliveries.Delivery",
}


class Snapshot(Protocol):
    """One moment of the database."""

    kind: str
    version: str
    member: str  # its name in a backup

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Return what *sql* finds at that moment."""

    def columns(self) -> set[tuple[str, str]]:
        """Return (table, column) of all: before an upgrade, not all of those of now are there."""

    def write(self, path: Path) -> None:
        """Write it to *path*; raise Trouble."""


class _Sqlite:
    """A read transaction: with a write-ahead log, it stops no writer and sees none.

    The pages are copied inside it. Without it each commit of another
    connection would begin the copy anew, and in a send it would never end.
    VACUUM INTO would do too, and take several times the processor.
    """

    kind, member = "sqlite", "database.sqlite3"

    def __init__(self, link: sqlite3.Connection) -> None:
        self._link = link
        self.version = sqlite3.sqlite_version
        link.execute("BEGIN")
        link.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it stands

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._link.execute(sql).fetchall()

    def columns(self) -> set[tuple[str, str]]:
        sql = (
            "SELECT t.name, c.name FROM sqlite_master t, pragma_table_info(t.name) c"
            " WHERE t.type = 'table'"
        )
        return {(table, column) for table, column in self.rows(sql)}

    def write(self, path: Path) -> None:
        with closing(sqlite3.connect(path)) as copy:
            copy.execute("PRAGMA synchronous=OFF")  # it is written whole, and flushed at the end
            self._link.backup(copy, pages=PAGES)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, without a log beside it
            check(copy)


def check(link: sqlite3.Connection) -> None:
    """Raise Trouble where the file is damaged."""
    said = [row[0] for row in link.execute("PRAGMA integrity_check(3)")]
    if said != ["ok"]:
        raise Trouble(
            f"The database is damaged: {'; '.join(said)}. Restore the last good backup; "
            "https://sqlite.org/recovery.html tells how to save what is in this one."
        )


class _Postgres:
    """A transaction whose snapshot pg_dump takes over: what it dumps is what is counted here."""

    kind, member = "postgresql", "database.dump"

    def __init__(self, link: "psycopg.Connection[Any]", tools: Path) -> None:
        self._link, self._tools = link, tools
        self.version = link.info.parameter_status("server_version") or ""
        ((self._name, self._schema),) = self.rows("SELECT pg_export_snapshot(), current_schema()")

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        return self._link.execute(sql).fetchall()

    def columns(self) -> set[tuple[str, str]]:
        sql = (
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema()"
        )
        return {(table, column) for table, column in self.rows(sql)}

    def write(self, path: Path) -> None:
        # Not compressed, as the backup is. Owners and grants are the new server's own.
        form = ("--format=custom", "--compress=0", "--no-owner", "--no-privileges")
        which = (f"--snapshot={self._name}", f"--schema={self._schema}")
        pg_tools.run(self._tools, "pg_dump", *form, *which, f"--file={path}")


@contextmanager
def taken() -> Iterator[Snapshot]:
    """Hold one moment of the database; raise Trouble where it cannot be reached."""
    if connection.vendor == "sqlite":
        name = str(connection.settings_dict["NAME"])
        if not Path(name).exists():
            raise Trouble(f"There is no database yet at {name}: there is nothing to back up.")
        try:
            with closing(sqlite3.connect(name, timeout=20, isolation_level=None)) as link:
                yield _Sqlite(link)
        except sqlite3.Error as error:
            raise Trouble(f"The database {name} cannot be read: {error}.") from error
        return
    with closing(pg_tools.connect()) as pg:
        tools = pg_tools.find(pg_tools.major(pg))
        pg.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        pg.read_only = True
        try:
            yield _Postgres(pg, tools)
        except psycopg.Error as error:
            raise Trouble(f"The database cannot be read: {str(error).strip()}.") from error


def counts(snapshot: Snapshot) -> dict[str, int]:
    """Return how many there are of what matters, and how many deliveries in which status."""
    present = {table for table, _column in snapshot.columns()}
    tables = {name: apps.get_model(label)._meta.db_table for name, label in COUNTED.items()}
    found = {name: _count(snapshot, one) for name, one in tables.items() if one in present}
    table = apps.get_model("deliveries.Delivery")._meta.db_table
    sql = f'SELECT status, count(*) FROM "{table}" GROUP BY status'  # noqa: S608  (our own name)
    for status, number in snapshot.rows(sql) if table in present else ():
        found[f"deliveries {status}"] = number
    return found


def _count(snapshot: Snapshot, table: str) -> int:
    ((number,),) = snapshot.rows(f'SELECT count(*) FROM "{table}"')  # noqa: S608  (our own name)
    return int(number)


def migrations(snapshot: Snapshot) -> list[str]:
    """Return what has been applied of our own apps' migrations."""
    ours = our_apps()
    rows = snapshot.rows("SELECT app, name FROM django_migrations ORDER BY app, name")
    return [f"{app}.{name}" for app, name in rows if app in ours]


def our_apps() -> set[str]:
    """Return the labels of the apps that come with this program."""
    return {one.label for one in apps.get_app_configs() if _is_ours(one.path)}


def _is_ours(path: str) -> bool:
    folder = Path(path)
    return folder.is_relative_to(settings.BASE_DIR) and "site-packages" not in folder.parts


def uploads(snapshot: Snapshot) -> set[str]:
    """Return the names of all uploaded files that rows of the snapshot name."""
    found: set[str] = set()
    present = snapshot.columns()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            is_there = (model._meta.db_table, field.column) in present
            if isinstance(field, models.FileField) and is_there:
                column, table = field.column, model._meta.db_table
                sql = f'SELECT DISTINCT "{column}" FROM "{table}"'  # noqa: S608  (our own names)
                found |= {name for (name,) in snapshot.rows(sql) if name}
    return found
