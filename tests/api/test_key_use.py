"""Noting that a key was used keeps no request waiting, and fails none."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now

from api import keys
from api.models import ApiKey
from tests.api.conftest import Program
from tests.make import make_publication

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def held(key: ApiKey) -> Iterator[None]:
    """Hold the lock that a write to *key* needs, as a long writer elsewhere does."""
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                ApiKey.objects.filter(pk=key.pk).update(name="renamed")
                is_held.set()
                may_go.wait(20)
                transaction.set_rollback(True)
        finally:
            connection.close()

    thread = threading.Thread(target=hold)
    thread.start()
    assert is_held.wait(10)
    try:
        yield
    finally:
        may_go.set()
        thread.join()


def test_a_request_that_reads_does_not_wait_for_a_long_writer() -> None:
    program = Program(make_publication(), "owner")
    with held(program.key):
        # Whoever waited here would wait for as long as the other holds it.
        assert program.get("/topics").status_code == 200
        assert ApiKey.objects.get().last_used_at is None
    if connection.vendor == "sqlite":
        with connection.cursor() as sql:
            sql.execute("PRAGMA busy_timeout")
            assert sql.fetchone()[0] == 20_000  # everybody else waits as before
    assert keys.find(program.plain)
    first = ApiKey.objects.get().last_used_at
    assert first is not None
    keys.find(program.plain)
    assert ApiKey.objects.get().last_used_at == first
    ApiKey.objects.update(last_used_at=Now() - keys.NOTED_EVERY)  # as a database writes it
    keys.find(program.plain)
    last = ApiKey.objects.get().last_used_at
    assert last is not None
    assert last >= first
