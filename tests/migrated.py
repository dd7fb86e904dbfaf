"""A database as the migrations leave it, for whole installations that need not tell of migrating.

Kept as soon as the tests' own is made, before the first test writes to it: to
make the same tables once more takes seconds each time.
"""

import os
import secrets
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import psycopg
from django.db import connection
from psycopg import sql

from intelbrief.ops.postgres import programs
from tests import services


def keep() -> None:
    """Copy the tests' own database, which nobody has written to yet."""
    if connection.vendor == "sqlite":
        with sqlite3.connect(_file()) as copy:
            connection.ensure_connection()
            connection.connection.backup(copy)
        copy.close()
        return
    own = connection.settings_dict["NAME"]
    connection.close()  # nobody may be at work in what is copied
    _order("CREATE DATABASE {} TEMPLATE {}", _name(), own)


def put(path: Path) -> None:
    """Put a copy where an installation on SQLite has its database."""
    path.touch(mode=0o600)
    shutil.copyfile(_file(), path)


@contextmanager
def lend(*, empty: bool = False) -> Iterator[str]:
    """Lend a further database on the tests' PostgreSQL, a copy or *empty*; give its address."""
    name = f"lent_{secrets.token_hex(4)}"
    _order("CREATE DATABASE {} TEMPLATE {}", name, "template1" if empty else _name())
    try:
        yield f"{os.environ[services.POSTGRES_URL].rpartition('/')[0]}/{name}"
    finally:
        _order("DROP DATABASE {} WITH (FORCE)", name)


@lru_cache(maxsize=1)
def begins_with() -> str:
    """Return the file that a scratch installation begins with: a database, or a dump of one."""
    if connection.vendor == "sqlite":
        return str(_file())
    dump = services.folder / "migrated.sql"
    server = ("-h", connection.settings_dict["HOST"], "-U", "postgres")
    subprocess.run(
        [str(programs() / "pg_dump"), *server, "-f", str(dump), "--no-owner", _name()], check=True
    )
    return str(dump)


def _file() -> Path:
    return services.folder / "migrated.sqlite3"


def _name() -> str:
    return f"migrated_{connection.settings_dict['NAME']}"


def _order(words: str, *names: str) -> None:
    host = connection.settings_dict["HOST"]
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as link:
        link.execute(sql.SQL(words).format(*map(sql.Identifier, names)))
