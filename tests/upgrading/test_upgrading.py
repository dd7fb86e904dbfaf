"""A database of the first release, brought to today: its rows mean what they meant.

first_release.*.sql were written by the code whose migrations were the first to
stay as they are, for one publication with a reader of each kind, under the two
keys below. They are kept as they are for good.
"""

import json
import sqlite3
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg import sql

from tests import services
from tests.conftest import ROOT

HERE = Path(__file__).parent
KEYS = {
    "TOKEN_KEYS": "kept-in-the-tests-for-upgrading-tokens",
    "SUPPRESSION_KEY": "kept-in-the-tests-for-upgrading-hashes",
}
# Of ada's subscription, as it stood in her mail.
TOKEN = "AQFkIq5cEILa38F8"


@pytest.fixture
def first_release(db, tmp_path):
    """Return the DATABASE_URL of a database as the first release left it."""
    text = (HERE / f"first_release.{connection.vendor}.sql").read_text()
    if connection.vendor == "sqlite":
        path = tmp_path / "first.sqlite3"
        with sqlite3.connect(path) as link:
            link.executescript(text)
        link.close()
        yield f"sqlite:///{path}"
        return
    here = connection.settings_dict["HOST"]
    name = "first_release"
    with psycopg.connect(host=here, user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        with psycopg.connect(host=here, user="postgres", dbname=name, autocommit=True) as link:
            link.execute(text.encode())
        yield f"postgres://postgres@{here.replace('/', '%2F')}/{name}"
        server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.mark.slow
def test_a_database_of_the_first_release_means_the_same_today(first_release, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "tests.upgrading.after", TOKEN],
        cwd=ROOT,
        env={
            **services.environment(),
            **KEYS,
            "DATABASE_URL": first_release,
            "VAR_DIR": str(tmp_path / "var"),
            "DJANGO_SETTINGS_MODULE": "intelbrief.settings",
            "REDIS_URL": f"unix://{services.folder}/var/run/valkey.sock?db=11",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "sent": ["finished", {"ada": "sent", "dora": "skipped", "frank": "failed"}],
        "planned": ["scheduled", "2036-01-01T06:00:00+00:00"],
        "subscriptions": {
            "ada": "active",
            "bob": "unsubscribed",
            "cleo": "unconfirmed",
            "dora": "active",
            "frank": "active",
        },
        "consent": [
            *("requested", "confirmed", "requested", "confirmed", "requested"),
            *("requested", "confirmed", "requested", "confirmed", "unsubscribed"),
            "unsubscribed",  # ada, just now
        ],
        "suppressed": ["dora", "eve", "gus"],
        "token": 1,
        "page": [200, True],
        "left": [200, "unsubscribed"],
        "drafts": ["A Third Crane", "Far Away"],
        "may publish": True,
    }
