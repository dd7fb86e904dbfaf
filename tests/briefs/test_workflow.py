"""The way of a brief from draft to web, and what it costs to change a comma."""

import pytest
from django.utils import timezone

from briefs import approvals, audit, revisions, workflow
from briefs.models import Approval, Brief, Revision, User
from tests.make import make_brief, make_member, make_publication

pytestmark = pytest.mark.django_db


def _approve(brief: Brief, by: User | None = None) -> Revision:
    """Store that *brief* was approved as it stands."""
    revision = revisions.take(brief)
    Approval.objects.create(revision=revision, by=by)
    Brief.objects.filter(pk=brief.pk).update(status="approved", approved_revision=revision)
    brief.refresh_from_db()
    return revision


def test_without_the_rule_nothing_asks_for_an_approval():
    workflow.require_approved(revisions.take(make_brief()))


def test_with_the_rule_a_revision_needs_an_approval():
    brief = make_brief(make_publication(needs_approval=True))
    with pytest.raises(workflow.NotApproved, match="Hand it in"):
        workflow.require_approved(revisions.take(brief))
    workflow.require_approved(_approve(brief))


def test_a_changed_comma_costs_the_approval_and_says_where():
    publication = make_publication(needs_approval=True)
    writer = make_member(publication, "writer")
    brief = make_brief(publication)
    _approve(brief)
    Brief.objects.filter(pk=brief.pk).update(body=brief.body.replace(",", ";"))
    assert workflow.text_changed(brief, writer)
    assert brief.status == "draft"
    assert [entry.verb for entry in audit.of(brief)] == ["approval-lost", "edited"]
    with pytest.raises(workflow.NotApproved, match=r"body"):
        workflow.require_approved(revisions.take(brief))
    with pytest.raises(workflow.NotApproved):
        workflow.publish(brief, revisions.take(brief), timezone.now())


def test_a_save_that_changes_nothing_costs_nothing_and_makes_nobody_an_author():
    publication = make_publication(needs_approval=True)
    editor = make_member(publication, "editor")
    brief = make_brief(publication)
    _approve(brief)
    assert not workflow.text_changed(brief, editor)
    assert brief.status == "approved"
    assert not approvals.is_author(editor, brief)


def test_a_text_that_is_changed_back_is_approved_again():
    publication = make_publication(needs_approval=True)
    brief = make_brief(publication)
    body = brief.body
    _approve(brief)
    for text in (body + " More.", body):
        Brief.objects.filter(pk=brief.pk).update(body=text)
        workflow.text_changed(brief, None)
    assert brief.status == "approved"


def test_what_is_on_the_web_waits_for_nobody():
    brief = make_brief()
    workflow.publish(brief, revisions.take(brief), timezone.now())
    writer = make_member(brief.publication, "writer")
    Brief.objects.filter(pk=brief.pk).update(body="Something else.")
    right = workflow.submit(brief, writer)
    assert workflow.waiting().exists()
    workflow.publish(brief, right, timezone.now())
    assert not workflow.waiting().exists()


def test_what_was_approved_goes_on_the_web_while_somebody_writes_on():
    brief = make_brief(make_publication(needs_approval=True))
    approved = _approve(brief)
    Brief.objects.filter(pk=brief.pk).update(body="Something else.")
    workflow.text_changed(brief, None)
    assert workflow.publish(brief, approved, timezone.now())
    brief.refresh_from_db()
    assert (brief.status, brief.published_revision) == ("published", approved)
