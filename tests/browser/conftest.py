"""An installation for a browser to visit."""

import re
import signal
from collections.abc import Iterator

import pytest

from tests.ops.installation import Installation


class Site:
    """A running installation with the demonstration in it."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.running = installation.start_and_wait()
        self.url = f"http://127.0.0.1:{installation.port}"
        found = re.search(r"admin@example\.com\s+password (\S+)", self.running.words)
        assert found, self.running.words
        self.password = found[1]


@pytest.fixture(scope="package")
def site(django_db_setup: None) -> Iterator[Site]:
    """Start everything, as ./run does, on a free port; each test has a publication of its own."""
    # A fifth of the work that a robot is set: that it is done and checked is what is looked at.
    installation = Installation(PROOF_OF_WORK="20000")
    installation.begin_migrated()
    site = Site(installation)
    yield site
    assert site.running.end(signal.SIGTERM) == 0
    installation.remove()
