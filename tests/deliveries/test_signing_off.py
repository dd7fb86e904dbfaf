"""Sign-off under load and on time: two at once, and the alarm for what is due."""

import datetime as dt
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from briefs import audit, revisions, workflow
from briefs.models import Approval, AuditEntry, Brief
from deliveries import alarms, control, planning, signing_off
from subscribers.models import Notice
from tests.deliveries.test_planning import at_once
from tests.make import make_brief, make_edition, make_member, make_publication, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def brief():
    publication = make_publication(needs_approval=True)
    make_subscription(publication)
    return make_brief(publication, created_by=make_member(publication, "writer", name="Wanda"))


def handed_in(brief):
    return workflow.submit(brief, brief.created_by)


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_does(brief):
    revision = handed_in(brief)
    editors = [make_member(brief.publication, "editor") for _ in range(4)]

    def approve():
        return signing_off.approve(revisions.take(brief), editors.pop())

    results = at_once(4, approve)
    assert sum(isinstance(result, Approval) for result in results) == 1
    assert sum(isinstance(result, workflow.WrongStatus) for result in results) == 3
    assert Approval.objects.get().revision == revision
    assert AuditEntry.objects.filter(verb="approved").count() == 1
    assert Notice.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_approve_against_save_ends_with_a_text_that_was_approved_or_none(brief):
    revision = handed_in(brief)
    editor = make_member(brief.publication, "editor")
    turns = ["save", "approve"]

    def act():
        if turns.pop() == "approve":
            return signing_off.approve(revision, editor)
        with transaction.atomic():
            Brief.objects.filter(pk=brief.pk).update(body="Written meanwhile.")
            return workflow.text_changed(brief, brief.created_by)

    at_once(2, act)
    brief.refresh_from_db()
    assert brief.status == "draft", "whoever came first: what reads otherwise is not approved"
    with pytest.raises(workflow.NotApproved):
        workflow.require_approved(revisions.take(brief))


@pytest.mark.django_db(transaction=True)
def test_taking_an_approval_back_against_the_start_leaves_one_truth(brief, smtp_server):
    editor = make_member(brief.publication, "editor")
    revision = handed_in(brief)
    workflow.approve(revision, editor)
    edition = make_edition(brief)
    turns = ["start", "withdraw"]

    def act():
        if turns.pop() == "start":
            return planning.start(edition)
        return signing_off.withdraw_approval(revision, editor, "")

    at_once(2, act)
    edition.refresh_from_db()
    went = edition.started_at is not None
    assert went == (edition.status in ("sending", "paused", "finishing", "finished"))
    assert went or edition.status == "missed"


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_who_holds_a_brief_keeps_nobody_from_its_editions(brief):
    workflow.approve(handed_in(brief), make_member(brief.publication, "editor"))
    edition = make_edition(brief)
    with transaction.atomic():
        workflow._held(brief)
        operator = threading.Thread(target=_withdraw, args=[edition])
        operator.start()
        operator.join(timeout=60)
        # Had he to wait for us, and we for his edition, neither would ever get on.
        assert not operator.is_alive()
        edition.refresh_from_db()
        assert edition.status == "withdrawn"


def _withdraw(edition):
    control.withdraw(edition)
    connection.close()


def test_schedule_and_command_refuse_what_nobody_approved(brief):
    with pytest.raises(workflow.NotApproved):
        make_edition(brief)
    with pytest.raises(CommandError, match="is not approved"):
        call_command("publish", str(brief.pk))
    assert not brief.editions.exists()


def test_what_is_due_and_not_approved_is_told_once_and_again_when_it_is_put_off(brief):
    soon = timezone.now() + dt.timedelta(minutes=20)
    late = timezone.now() + dt.timedelta(hours=3)
    Brief.objects.update(due_at=late)
    assert alarms.sound() == 0, "there is time"
    Brief.objects.update(due_at=soon)
    assert [alarms.sound(), alarms.sound()] == [1, 0]
    assert audit.of(brief)[0].verb == "alarmed"
    assert {notice.user.name for notice in Notice.objects.select_related("user")} == {"Wanda"}
    # As if it had been put off two hours ago: it is near its time for the second time.
    Brief.objects.update(alarmed_at=Now() - dt.timedelta(hours=2))
    assert [alarms.sound(), alarms.sound()] == [1, 0]


def test_no_alarm_rings_for_what_may_go_out(brief):
    Brief.objects.update(due_at=timezone.now() + dt.timedelta(minutes=5))
    workflow.approve(handed_in(brief), make_member(brief.publication, "editor"))
    assert alarms.sound() == 0
    make_brief(due_at=timezone.now())  # of a publication without the rule
    assert alarms.sound() == 0
    make_brief(brief.publication, due_at=timezone.now() - dt.timedelta(days=3))  # long ago
    assert alarms.sound() == 0


def test_an_edition_that_will_not_start_is_told_before_its_time(brief):
    editor = make_member(brief.publication, "editor")
    revision = handed_in(brief)
    workflow.approve(revision, editor)
    make_edition(brief, send_at=timezone.now() + dt.timedelta(minutes=10))
    assert alarms.sound() == 0
    workflow.withdraw_approval(revision, editor)
    assert [alarms.sound(), alarms.sound()] == [1, 0]


def test_a_correction_needs_an_approval_of_its_own(brief, smtp_server):
    editor = make_member(brief.publication, "editor")
    revision = handed_in(brief)
    workflow.approve(revision, editor)
    workflow.publish(brief, revision, timezone.now())
    Brief.objects.filter(pk=brief.pk).update(body="One crane arrived.")
    brief.refresh_from_db()
    workflow.text_changed(brief, brief.created_by)
    right = revisions.take(brief)
    with pytest.raises(workflow.NotApproved):
        workflow.require_approved(right)
    assert workflow.submit(brief, brief.created_by) == right
    assert brief.status == "published", "what waits is the text that shall follow"
    assert list(workflow.waiting_for(editor)) == [brief]
    workflow.approve(right, editor)
    workflow.require_approved(right)
    assert not workflow.waiting().exists()
