"""Fixtures for tests of whole installations."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from intelbrief.ops import scratch
from tests import migrated
from tests.conftest import ROOT
from tests.ops.installation import Installation


@pytest.fixture
def installation() -> Iterator[Installation]:
    """Return an installation that is empty yet and gone after the test."""
    made = Installation()
    yield made
    made.remove()


@pytest.fixture
def on_scratch(
    migrated_database: None, pytestconfig: pytest.Config
) -> Callable[..., dict[str, Any]]:
    """Return a runner of one bench or drill, in a scratch installation that is migrated already.

    It gets at once the environment that the command would start itself anew with.
    """

    def run(command: str, *arguments: str, **environment: str) -> dict[str, Any]:
        database = pytestconfig.getoption("database")
        done = subprocess.run(
            [
                *(sys.executable, "manage.py", command, *arguments),
                *("--database", database, "--json"),
            ],
            cwd=ROOT,
            env={
                **scratch.new_environment(database, **environment),
                scratch.BEGINS_WITH: migrated.begins_with(),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,  # a busy machine is slow, not wrong
        )
        assert done.returncode == 0, done.stderr[-4000:]
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    return run
