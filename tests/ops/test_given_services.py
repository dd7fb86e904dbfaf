"""`up` with a database and a broker that were given to it."""

import json

import pytest

from tests import migrated, services

pytestmark = [pytest.mark.slow, pytest.mark.postgres_only]


@pytest.fixture
def given_database(migrated_database):
    """Return the DATABASE_URL of a database on the tests' server."""
    with migrated.lend() as url:
        yield url


def test_once_works_on_a_given_database_and_broker(installation, given_database):
    installation.environment["DATABASE_URL"] = given_database
    broker = services.folder / "var" / "run" / "valkey.sock"
    installation.environment["REDIS_URL"] = f"unix://{broker}?db=7"
    done = installation.run("--once", "--json", "--port", str(installation.port))
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["delivered"] == 3
    # What is given is not started, nor left behind.
    assert "valkey" not in done.stderr
    assert not (installation.var / "db.sqlite3").exists()
    assert not (installation.var / "valkey").exists()
    assert not installation.wait_until_empty(1)
