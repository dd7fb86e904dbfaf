"""What an operator may do to an edition that has been sent."""

import pytest

from deliveries import control, planning, recovery, reports, sending
from tests.make import make_brief, make_edition, make_publication, make_readers

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication():
    return make_publication()


def send(edition):
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()
    return {k: v for k, v in reports.summary(edition)["statuses"].items() if v}


def go_on(edition):
    recovery.sweep()
    return send(edition)


def test_the_refused_are_tried_once_more(publication, smtp_server):
    readers = make_readers(publication, 3)
    smtp_server.refuse(readers[0])
    edition = make_edition(make_brief(publication))
    assert send(edition) == {"sent": 2, "failed": 1}
    smtp_server.refusals.clear()
    assert control.retry_failed(edition) == 1
    assert edition.status == "finishing"
    assert control.retry_failed(edition) == 0, "a second click finds nothing"
    assert go_on(edition) == {"sent": 3}
    assert edition.status == "finished"
    assert len(smtp_server.messages) == 3


def test_those_in_doubt_are_sent_it_again_by_a_person_only(publication, smtp_server):
    make_readers(publication, 2)
    edition = make_edition(make_brief(publication))
    assert send(edition) == {"sent": 2}
    row = edition.deliveries.first()
    type(row).objects.filter(pk=row.pk).update(status="in-doubt", reason="worker-lost")
    assert go_on(edition) == {"sent": 1, "in-doubt": 1}
    assert control.send_again(edition) == 1
    assert go_on(edition) == {"sent": 2}
    assert len(smtp_server.to(row.subscriber.address)) == 2
    ids = {m.message["Message-ID"] for m in smtp_server.to(row.subscriber.address)}
    assert len(ids) == 1, "one delivery, one Message-ID"


def test_an_edition_is_not_opened_again_beside_another_of_its_brief(publication, smtp_server):
    readers = make_readers(publication, 1)
    smtp_server.refuse(readers[0])
    edition = make_edition(make_brief(publication))
    assert send(edition) == {"failed": 1}
    make_edition(edition.brief)
    with pytest.raises(control.StillOpen, match="another edition"):
        control.retry_failed(edition)
    assert reports.summary(edition)["statuses"]["failed"] == 1


def test_a_cancelled_edition_stays_cancelled(publication, smtp_server):
    readers = make_readers(publication, 1)
    smtp_server.refuse(readers[0])
    edition = make_edition(make_brief(publication))
    planning.start_due()
    assert control.cancel(edition)
    assert control.retry_failed(edition) == 0
