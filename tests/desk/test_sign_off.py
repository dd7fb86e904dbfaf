"""Signing off: who hands in, who approves, who is told, and what stands above the brief."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from briefs import audit, workflow
from briefs.models import Approval, AuditEntry, Brief, Membership, Publication, User
from deliveries.models import Edition
from subscribers.models import Notice
from tests.desk.test_publications import form_of as settings_of
from tests.make import make_brief, make_edition, make_member, make_publication, make_subscription

# The steps themselves are tried on both databases, in tests of the modules.
pytestmark = [pytest.mark.sqlite_only, pytest.mark.django_db]


@pytest.fixture
def publication() -> Publication:
    """Return a publication that wants two people."""
    publication = make_publication(needs_approval=True)
    make_subscription(publication)
    return publication


@pytest.fixture
def brief(publication: Publication, wanda: Client) -> Brief:
    """Return what Wanda began to write."""
    writer = User.objects.get(email="wanda@harbour.example")
    return make_brief(publication, created_by=writer)


@pytest.fixture
def eddy(publication: Publication) -> Client:
    """Return the editor's browser."""
    client = Client()
    client.force_login(make_member(publication, "editor", email="eddy@harbour.example"))
    return client


def step(client: Client, brief: Brief, verb: str, **posted: object) -> int:
    url = reverse("admin:deliveries_sign_off", args=[brief.pk, verb])
    if brief.submitted_revision_id or brief.approved_revision_id:
        posted.setdefault("revision", brief.submitted_revision_id or brief.approved_revision_id)
    answer = client.post(url, posted)
    brief.refresh_from_db()
    return answer.status_code


def told() -> set[str]:
    """Return who was told since the last time."""
    notices = Notice.objects.filter(kind="editor")
    found = set(notices.values_list("user__email", flat=True))
    notices.delete()
    return {address.partition("@")[0] for address in found}


def test_one_writes_another_approves_and_each_is_told(
    wanda: Client, eddy: Client, paul: Client, brief: Brief
) -> None:
    assert step(wanda, brief, "hand-in") == 302
    assert brief.status == "in-review"
    assert told() == {"eddy", "paul"}
    step(eddy, brief, "approve")
    assert brief.status == "approved"
    assert told() == {"wanda"}
    assert make_edition(brief).status == "scheduled"
    verbs = [entry.verb for entry in audit.of(brief)]
    assert verbs == ["scheduled", "approved", "submitted"]


def test_nobody_approves_what_they_wrote(paul: Client, brief: Brief) -> None:
    author = User.objects.get(email="paul@harbour.example")
    audit.record("edited", brief=brief, by=author)
    step(paul, brief, "hand-in")
    step(paul, brief, "approve")
    assert brief.status == "in-review"
    step(paul, brief, "override", reason="  ")
    assert brief.status == "in-review", "an override needs a reason"
    step(paul, brief, "override", reason="The night shift is alone.")
    assert brief.status == "approved"
    assert Approval.objects.get().reason == "The night shift is alone."
    page = paul.get(reverse("admin:briefs_brief_change", args=[brief.pk]))
    assert "The night shift is alone." in page.content.decode()


def test_who_may_not_is_refused(
    wanda: Client, eddy: Client, stan: Client, brief: Brief, client: Client
) -> None:
    step(wanda, brief, "hand-in")
    refused = {
        ("wanda", "approve"): 403,
        ("wanda", "override"): 403,
        ("wanda", "withdraw"): 403,
        ("eddy", "override"): 403,
        ("eddy", "no-such-step"): 404,
    }
    people = {"wanda": wanda, "eddy": eddy}
    for (name, verb), status in refused.items():
        assert step(people[name], brief, verb, reason="x") == status, (name, verb)
    for verb in ("hand-in", "approve", "return", "withdraw", "override", "comment", "settle"):
        assert step(stan, brief, verb, text="x", words="x", reason="x") == 404, verb
        assert step(client, brief, verb, text="x") == 302, verb  # to the log-in
        url = reverse("admin:deliveries_sign_off", args=[brief.pk, verb])
        assert eddy.get(url).status_code == 405
    assert brief.status == "in-review"
    assert not brief.comments.exists()


def test_a_brief_that_is_not_fit_is_not_handed_in(wanda: Client, brief: Brief) -> None:
    Publication.objects.update(postal_address="")
    step(wanda, brief, "hand-in")
    assert brief.status == "draft"
    assert not told()


def test_what_changed_since_the_page_was_shown_is_not_approved(
    wanda: Client, eddy: Client, brief: Brief
) -> None:
    step(wanda, brief, "hand-in")
    seen = brief.submitted_revision_id
    Brief.objects.filter(pk=brief.pk).update(body="Something else, with a comma.")
    workflow.text_changed(brief, None)
    step(eddy, brief, "approve", revision=seen)
    assert brief.status == "draft"
    step(wanda, brief, "hand-in")
    step(eddy, brief, "approve", revision=seen)
    assert brief.status == "in-review", "another text waits than the one that was shown"
    assert not Approval.objects.exists()


def test_the_form_saves_and_hands_in_at_once(
    wanda: Client, eddy: Client, publication: Publication, brief: Brief, form_of
) -> None:
    url = reverse("admin:briefs_brief_change", args=[brief.pk])
    posted = form_of(publication, headline="Three cranes arrive", _hand_in="1")
    answer = wanda.post(url, posted, follow=True)
    assert answer.status_code == 200
    brief.refresh_from_db()
    assert (brief.headline, brief.status) == ("Three cranes arrive", "in-review")
    page = eddy.get(url).content.decode()
    assert "In review: wanda@harbour.example has handed it in." in page
    step(eddy, brief, "approve")
    posted = form_of(publication, headline="Three cranes arrive, late", _continue="1")
    answer = wanda.post(url, posted, follow=True)
    brief.refresh_from_db()
    assert brief.status == "draft"
    page = answer.content.decode()
    assert "the approval is gone" in page
    assert "added: </span>, late</ins>" in page
    assert wanda.get(url).status_code == 200


def test_a_brief_is_given_back_with_words_and_taken_back_without(
    wanda: Client, eddy: Client, brief: Brief
) -> None:
    step(wanda, brief, "hand-in")
    step(eddy, brief, "return", words=" ")
    assert brief.status == "in-review"
    told()
    step(eddy, brief, "return", words="Who says so?")
    assert (brief.status, told()) == ("draft", {"wanda"})
    step(wanda, brief, "hand-in")
    step(wanda, brief, "return")
    assert brief.status == "draft"


def test_an_approval_that_is_taken_back_stops_what_was_scheduled(
    wanda: Client, eddy: Client, paul: Client, brief: Brief
) -> None:
    from deliveries import planning

    step(wanda, brief, "hand-in")
    step(eddy, brief, "approve")
    edition = make_edition(brief)
    step(eddy, brief, "withdraw", words="The figure is wrong.")
    assert brief.status == "draft"
    assert not planning.start(edition)
    edition.refresh_from_db()
    assert edition.status == "missed"
    assert "eddy@harbour.example took the approval back (The figure is wrong.)" in edition.word


def test_an_approved_edition_goes_out_as_approved_and_the_desk_says_what_changed(
    wanda: Client, eddy: Client, paul: Client, brief: Brief
) -> None:
    from deliveries import planning

    step(wanda, brief, "hand-in")
    step(eddy, brief, "approve")
    edition = make_edition(brief)
    Brief.objects.filter(pk=brief.pk).update(body="Written on.")
    workflow.text_changed(brief, None)
    for url in (
        reverse("admin:briefs_brief_change", args=[brief.pk]),
        reverse("admin:deliveries_edition_change", args=[edition.pk]),
    ):
        assert "Changed here since: Body" in paul.get(url).content.decode(), url
    assert planning.start(edition)
    brief.refresh_from_db()
    assert (brief.status, brief.published_revision) == ("published", edition.revision)
    assert edition.revision.snapshot["body"] != "Written on."


def test_a_comment_reaches_writers_and_who_commented_and_is_settled_once(
    wanda: Client, eddy: Client, paul: Client, brief: Brief
) -> None:
    evil = "<script>alert(1)</script>"
    step(eddy, brief, "comment", text=f"Is it two? {evil}", quote="Two cranes")
    assert told() == {"wanda"}
    step(paul, brief, "comment", text="It is.")
    assert told() == {"wanda", "eddy"}
    step(wanda, brief, "comment", text="  ")
    assert not told()
    page = wanda.get(reverse("admin:briefs_brief_change", args=[brief.pk])).content.decode()
    assert evil not in page
    assert "Is it two? &lt;script&gt;" in page
    for _click in range(2):
        step(wanda, brief, "settle", comment=brief.comments.earliest("pk").pk)
    assert brief.comments.filter(settled_at__isnull=True).count() == 1
    assert AuditEntry.objects.filter(verb="settled").count() == 1
    other = make_brief(brief.publication)
    assert step(wanda, other, "settle", comment=brief.comments.latest("pk").pk) == 404


def test_an_operator_leaves_a_trace(paul: Client, brief: Brief) -> None:
    Publication.objects.update(needs_approval=False)
    edition = make_edition(brief)
    paul.post(reverse("admin:deliveries_verb", args=[edition.pk, "withdraw"]))
    entry = audit.of(brief)[0]
    assert (entry.verb, entry.by_name, entry.edition) == (
        "withdrawn",
        "paul@harbour.example",
        edition.pk,
    )
    assert Edition.objects.get().status == "withdrawn"


def test_who_waits_for_whom(wanda: Client, eddy: Client, brief: Brief) -> None:
    step(wanda, brief, "hand-in")
    waiting = {
        member.user.email.partition("@")[0]: workflow.waiting_for(member.user).count()
        for member in Membership.objects.select_related("user")
    }
    assert waiting == {"wanda": 0, "eddy": 1}


def test_switching_the_rule_off_is_written_down(olga: Client, publication: Publication) -> None:
    page = reverse("admin:briefs_publication_change", args=[publication.pk])
    posted = settings_of(olga, publication)
    del posted["needs_approval"]
    assert olga.post(page, posted).status_code == 302
    entry = AuditEntry.objects.get(verb="rules-changed")
    assert "Two-person rule: on → off" in entry.words
    assert entry.by_name == "olga@harbour.example"


def test_the_trail_is_read_by_editors_and_changed_by_nobody(
    eddy: Client, wanda: Client, stan: Client, root: Client, brief: Brief
) -> None:
    audit.record("commented", brief=brief, words="<b>bold</b>")
    entry = AuditEntry.objects.get()
    listed = reverse("admin:briefs_auditentry_changelist")
    assert "&lt;b&gt;bold" in eddy.get(listed).content.decode()
    assert "&lt;b&gt;bold" not in stan.get(listed).content.decode()
    assert wanda.get(listed).status_code == 403
    change = reverse("admin:briefs_auditentry_change", args=[entry.pk])
    assert root.post(change, {"words": "nothing"}).status_code == 403
    delete = reverse("admin:briefs_auditentry_delete", args=[entry.pk])
    assert root.post(delete, {"post": "yes"}).status_code == 403
    assert AuditEntry.objects.get().words == "<b>bold</b>"


def test_the_send_screen_says_what_is_missing_and_sends_nothing(paul: Client, brief: Brief) -> None:
    url = reverse("admin:deliveries_send", args=[brief.pk])
    assert "It is not approved" in paul.get(url).content.decode()
    answer = paul.post(url, {"when": "now"})
    assert "somebody who did not write it" in answer.content.decode()
    assert not Edition.objects.exists()


def test_a_deleted_draft_leaves_its_trail(eddy: Client, brief: Brief) -> None:
    audit.record("created", brief=brief)
    url = reverse("admin:briefs_brief_delete", args=[brief.pk])
    eddy.post(url, {"post": "yes"})
    assert not Brief.objects.exists()
    verbs: Any = AuditEntry.objects.values_list("verb", "brief", "words")
    assert list(verbs) == [("deleted", None, brief.headline), ("created", None, "")]
