"""What is proved too late: answers for readers whom a successor had to put in doubt."""

import datetime as dt

import pytest
from django.utils import timezone

from deliveries import (
    control,
    journal,
    leases,
    ledger,
    owners,
    planning,
    recovery,
    reports,
    sending,
    slices,
    takeover,
)
from deliveries.ledger import Fate, Outcome
from deliveries.models import Batch, Delivery, Edition
from tests.make import make_brief, make_edition, make_publication, make_readers

pytestmark = pytest.mark.django_db


class Late:
    """A worker that took a slice, was stopped past its lease, and was replaced."""

    def __init__(self, readers=3):
        publication = make_publication()
        self.addresses = make_readers(publication, readers)
        self.edition = make_edition(make_brief(publication))
        planning.start_due()
        owner = owners.Owner()
        lease = leases.claim("main", owner)
        self.turns = slices.take_slice(lease, readers)
        Batch.objects.update(lease_until=timezone.now() - dt.timedelta(seconds=1))
        assert takeover.free_lost() == 1, "it is alive: no proof of its death"
        owner.close()
        recovery.sweep()
        assert self.statuses() == {"in-doubt": readers}
        assert self.edition.status == "finished"

    def statuses(self):
        self.edition.refresh_from_db()
        return {k: v for k, v in reports.summary(self.edition)["statuses"].items() if v}

    def says(self, fate, *which, reply="421 4.3.2 Bye"):
        """Let it come back and tell what became of its letters."""
        turns = [self.turns[n] for n in which] if which else self.turns
        ledger.settle([Outcome(t.delivery, t.attempt, fate, "", reply) for t in turns])


def send():
    recovery.sweep()
    sending.drain("main")
    recovery.sweep()


@pytest.mark.parametrize("fate", [Fate.NOT_ACCEPTED, Fate.DEFERRED])
def test_who_was_certainly_not_sent_it_did_not_stay_in_doubt_for_good(fate, smtp_server):
    """A late worker's "not taken" was thrown away, as it looked at rows in hand only."""
    late = Late()
    late.says(fate, 0, 1)
    assert late.statuses() == {"pending": 2, "in-doubt": 1}
    assert late.edition.status == "finishing"
    late.says(fate, 0, 1)
    send()
    assert late.statuses() == {"sent": 2, "in-doubt": 1}
    assert late.edition.status == "finished"
    assert sorted(m.to[0] for m in smtp_server.messages) == sorted(late.addresses[:2])


def test_a_late_no_did_not_free_who_has_been_sent_it_again_since(smtp_server):
    """Only the attempt that it speaks of may go back, and only once."""
    late = Late()
    control.send_again(late.edition)
    send()
    Delivery.objects.update(status="in-doubt", reason="no-reply")
    late.says(Fate.NOT_ACCEPTED)
    assert late.statuses() == {"in-doubt": 3}
    assert len(smtp_server.messages) == 3


def test_a_second_copy_was_recorded_nowhere(smtp_server):
    """The attempt in doubt had been taken after all, as was the one that a person sent."""
    late = Late()
    control.send_again(late.edition)
    send()
    assert late.statuses() == {"sent": 3}
    for _time in range(2):
        late.says(Fate.SENT, 0)
    reply = Delivery.objects.get(pk=late.turns[0].delivery).reply
    assert reply.count("Attempt 1 was taken too.") == 1
    assert Delivery.objects.get(pk=late.turns[1].delivery).reply == ""


def test_a_late_doubt_did_not_undo_what_a_person_had_decided():
    late = Late()
    control.send_again(late.edition)
    late.says(Fate.IN_DOUBT)
    assert late.statuses() == {"pending": 3}


def test_a_late_doubt_does_not_call_back_whom_a_person_has_left():
    late = Late()
    control.leave(late.edition)
    late.says(Fate.IN_DOUBT)
    assert reports.summary(late.edition)["reasons"] == {"left: worker-lost": 3}


def test_whom_a_person_has_left_is_not_mailed_by_itself():
    late = Late()
    control.leave(late.edition)
    late.says(Fate.NOT_ACCEPTED)
    assert late.statuses() == {"failed": 3}
    assert reports.summary(late.edition)["reasons"] == {"not-accepted": 3}


def test_nobody_gets_yesterdays_brief_because_a_disk_came_back():
    late = Late()
    Edition.objects.update(frozen_at=timezone.now() - dt.timedelta(hours=25))
    late.says(Fate.NOT_ACCEPTED)
    assert late.statuses() == {"failed": 3}
    assert late.edition.status == "finished"
    assert control.retry_failed(late.edition) == 3


def test_a_late_no_does_not_open_an_edition_beside_another_of_its_brief():
    late = Late()
    make_edition(late.edition.brief)
    late.says(Fate.NOT_ACCEPTED)
    assert late.statuses() == {"failed": 3}
    assert late.edition.status == "finished"


def test_a_late_no_is_the_end_of_it_once_the_edition_was_cancelled(smtp_server):
    late = Late()
    Edition.objects.update(status="cancelled")
    late.says(Fate.NOT_ACCEPTED)
    send()
    assert late.statuses() == {"skipped": 3}
    assert smtp_server.messages == []


def test_a_late_yes_settles_whom_a_person_has_left():
    late = Late()
    control.leave(late.edition)
    late.says(Fate.SENT)
    assert late.statuses() == {"sent": 3}


@pytest.mark.sqlite_only
def test_a_letter_begun_anew_was_taken_for_one_that_was_not_accepted(tmp_path):
    """The journal's earlier verdict would have let a successor send it a second time."""
    file = (tmp_path / "journal").open("w+b")
    book = journal.Journal(file.fileno(), 0)
    book.begin(1, 1, 4)
    letter = slices.Turn(7, 1, 1, "a@example.com", "")
    book.record([], [letter])
    book.record([Outcome(7, 1, Fate.NOT_ACCEPTED)], [letter])
    last = journal.read_last_slice((tmp_path / "journal").read_bytes())
    assert last.outcomes == ()
    assert last.begun == {(7, 1)}


def test_settling_what_is_in_hand_costs_no_further_statement(django_assert_num_queries):
    """What comes late is looked for only where the count of rows does not fit."""
    publication = make_publication()
    make_readers(publication, 4)
    make_edition(make_brief(publication))
    planning.start_due()
    turns = slices.take_slice(leases.claim("main", owners.mine()), 4)
    with django_assert_num_queries(1):  # within the test's own transaction: nothing around it
        ledger.settle([Outcome(t.delivery, t.attempt, Fate.SENT) for t in turns])
