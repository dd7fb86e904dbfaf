"""Fixtures for tests of whole installations."""

from collections.abc import Iterator

import pytest

from tests.ops.installation import Installation


@pytest.fixture
def installation() -> Iterator[Installation]:
    """Return an installation that is empty yet and gone after the test."""
    made = Installation()
    yield made
    made.remove()
