"""Real Celery workers on the real database, killed in mid-send."""

import time

import pytest
import redis
from django.conf import settings

from deliveries import reports
from deliveries.models import Edition
from deliveries.providers import CONNECTIONS
from tests.make import make_brief, make_edition, make_publication, make_readers

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def wait_until_over(edition, seconds=300):
    """Return once *edition* has finished by itself."""
    deadline = time.monotonic() + seconds
    while True:
        edition.refresh_from_db()
        if edition.status == "finished":
            return
        assert time.monotonic() < deadline, reports.summary(edition)
        time.sleep(0.1)


def audit(edition, smtp_server, readers):
    """Compare the ledger with what the server accepted; return the ledger's counts."""
    accepted = [message.to[0] for message in smtp_server.messages]
    assert len(accepted) == len(set(accepted)), "somebody got it twice"
    rows = dict(edition.deliveries.values_list("subscriber__address", "status"))
    assert set(rows) == set(readers)
    for address, status in rows.items():
        if status == "sent":
            assert address in accepted
        else:
            assert status == "in-doubt", f"{address} is {status}"
    assert set(accepted) <= {a for a, s in rows.items() if s in ("sent", "in-doubt")}
    counts = reports.summary(edition)
    assert sum(counts["statuses"].values()) == counts["audience"] == len(readers)
    return counts["statuses"]


def test_a_worker_killed_in_mid_send_loses_nobody_and_doubles_nobody(smtp_server, processes):
    publication = make_publication()
    readers = make_readers(publication, 2000)
    edition = make_edition(make_brief(publication))
    kills = 0
    worker = processes.worker(TICK_SECONDS="0.3")
    for wanted in (300, 700, 1100):
        smtp_server.wait_for(wanted, 300)
        processes.kill(worker)
        kills += 1
        worker = processes.worker(TICK_SECONDS="0.3")
    wait_until_over(edition)
    counts = audit(edition, smtp_server, readers)
    assert counts["sent"] + counts["in-doubt"] == 2000
    assert counts["in-doubt"] <= kills * CONNECTIONS, "one for each open connection"


def test_a_worker_told_to_end_leaves_nothing_in_doubt(smtp_server, processes):
    publication = make_publication()
    readers = make_readers(publication, 400)
    smtp_server.delay = 0.02
    edition = make_edition(make_brief(publication))
    worker = processes.worker(TICK_SECONDS="0.3")
    smtp_server.wait_for(60, 300)
    started = time.monotonic()
    worker.terminate()
    worker.wait(30)
    assert time.monotonic() - started < 30
    statuses = reports.summary(edition)["statuses"]
    assert statuses["sending"] == statuses["in-doubt"] == 0
    assert 0 < statuses["pending"] < 400
    smtp_server.delay = 0
    processes.worker(TICK_SECONDS="0.3")
    wait_until_over(edition)
    assert audit(edition, smtp_server, readers)["sent"] == 400


def test_two_schedulers_make_one_edition_of_one_brief(smtp_server, processes):
    publication = make_publication()
    readers = make_readers(publication, 50)
    edition = make_edition(make_brief(publication))
    for _ in range(2):
        processes.scheduler(TICK_SECONDS="0.3")
        processes.worker(TICK_SECONDS="0.3")
    wait_until_over(edition)
    assert audit(edition, smtp_server, readers)["sent"] == 50
    assert Edition.objects.count() == 1


def test_a_flushed_broker_costs_seconds_and_no_reader(smtp_server, processes):
    publication = make_publication()
    readers = make_readers(publication, 200)
    smtp_server.delay = 0.005
    edition = make_edition(make_brief(publication))
    processes.worker(TICK_SECONDS="0.3")
    broker = redis.Redis(unix_socket_path=settings.EMBEDDED_REDIS_SOCKET)
    for wanted in (20, 80, 140):
        smtp_server.wait_for(wanted, 300)
        broker.flushall()
    wait_until_over(edition)
    assert audit(edition, smtp_server, readers)["sent"] == 200


def test_of_a_thousand_readers_one_is_refused_and_fails_with_the_servers_words(
    smtp_server, processes
):
    publication = make_publication()
    readers = make_readers(publication, 1000)
    smtp_server.refuse(readers[700], "550 5.1.1 No such mailbox here")
    edition = make_edition(make_brief(publication))
    processes.worker(TICK_SECONDS="0.3")
    wait_until_over(edition)
    report = reports.summary(edition)
    assert report["audience"] == 1000
    assert {s: n for s, n in report["statuses"].items() if n} == {"sent": 999, "failed": 1}
    failed = edition.deliveries.select_related("subscriber").get(status="failed")
    assert failed.subscriber.address == readers[700]
    assert "550 5.1.1 No such mailbox here" in failed.reply
    assert len(smtp_server.messages) == 999
