"""One scene for all tests of access on this process, and the silence to ask in."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import signals
from django.db import close_old_connections, transaction

from tests.access import scene
from tests.access.scene import Scene


@pytest.fixture(scope="module")
def everything(django_db_setup: Any, django_db_blocker: Any) -> Iterator[Scene]:
    """Store the scene for the tests of one module, and take it back after them."""
    logging.disable(logging.CRITICAL)  # thousands are refused, each with a line
    with django_db_blocker.unblock(), transaction.atomic():
        made = scene.make()
        # A connection of the test shall not be taken for an old one.
        for signal in (signals.request_started, signals.request_finished):
            signal.disconnect(close_old_connections)
        yield made
        for signal in (signals.request_started, signals.request_finished):
            signal.connect(close_old_connections)
        transaction.set_rollback(True)
    logging.disable(logging.NOTSET)
