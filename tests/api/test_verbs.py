"""The verbs of the API keep the rules of the desk: workflow, preflight, consent."""

import datetime as dt

import pytest
from django.utils import timezone

from analytics import figures
from api.models import StoredAnswer
from briefs import roles
from briefs.models import AuditEntry, Brief, Publication, Topic
from deliveries.models import Edition
from subscribers import consent, suppression
from subscribers.models import ConsentRecord, Notice, Subscriber, Subscription, Suppression
from tests.api.conftest import Program
from tests.make import (
    make_brief,
    make_edition,
    make_fit_brief,
    make_publication,
    make_subscription,
)

pytestmark = pytest.mark.django_db


# --- briefs -------------------------------------------------------------------


def test_a_brief_is_begun_with_the_habits_of_its_publication(
    wanda: Program, publication: Publication
) -> None:
    topic = Topic.objects.create(publication=publication, name="Ships", slug="ships")
    publication.default_topics.add(topic)
    given = {"headline": "Cranes", "key_points": ["One", " ", "Two"], "body": "a\r\nb"}
    made = wanda.post("/briefs", given).json()
    assert made["key_points"] == ["One", "Two"]
    assert (made["series"], made["topics"], made["body"]) == ("Harbour Brief", ["ships"], "a\nb")
    brief = Brief.objects.get()
    assert (brief.created_by, brief.status) == (wanda.user, "draft")
    step = AuditEntry.objects.get(brief=brief)
    assert (step.verb, step.by) == ("created", wanda.user)
    assert f"ib_{wanda.key.prefix}_…" in step.words


def test_who_has_not_read_the_latest_text_overwrites_nobody(
    wanda: Program, publication: Publication
) -> None:
    path = f"/briefs/{make_brief(publication).pk}"
    tag = wanda.get(path)["ETag"]
    assert wanda.ask("PATCH", path, {"headline": "A"}).status_code == 428
    assert wanda.ask("PATCH", path, {"headline": "A"}, If_Match=tag).status_code == 200
    late = wanda.ask("PATCH", path, {"headline": "B"}, If_Match=tag)
    assert (late.status_code, wanda.get(path).json()["headline"]) == (412, "A")


def test_a_field_that_the_form_refuses_is_refused_here_and_named(
    wanda: Program, publication: Publication
) -> None:
    make_topic = Topic.objects.create(publication=make_publication(), name="x", slug="theirs")
    for given, where in [
        ({"headline": "x", "topics": [make_topic.slug]}, "body.topics"),
        ({"headline": "x", "access": "groups"}, "body.groups"),
        ({"headline": "x", "due_at": "1999-01-01T00:00:00Z"}, "body.due_at"),
        ({"headline": "two\nlines"}, "body.headline"),
        ({"headline": "x", "publication": 1}, "body.publication"),
    ]:
        answer = wanda.post("/briefs", given)
        assert answer.status_code == 422, given
        assert answer.json()["errors"][0]["where"] == where
    assert not Brief.objects.exists()


def test_a_change_costs_the_approval_and_nobody_approves_their_own(
    wanda: Program, publication: Publication
) -> None:
    Publication.objects.update(needs_approval=True)
    editor = Program(publication, "editor")
    brief = make_fit_brief(publication, created_by=wanda.user)
    path = f"/briefs/{brief.pk}"
    number = wanda.post(f"{path}/hand-in").json()["submitted_revision"]
    assert editor.post(f"{path}/approve", {"revision": number}).json()["status"] == "approved"
    tag = editor.get(path)["ETag"]
    changed = editor.ask("PATCH", path, {"headline": "Ships"}, If_Match=tag).json()
    assert changed["status"] == "draft"
    number = wanda.post(f"{path}/hand-in").json()["submitted_revision"]
    assert editor.post(f"{path}/approve", {"revision": number}).status_code == 409
    publisher = Program(publication, "publisher")
    assert publisher.post("/editions", {"brief": brief.pk}).status_code == 409
    assert not Edition.objects.exists()


def test_what_readers_have_is_no_writer_s_to_change(
    wanda: Program, olga: Program, publication: Publication
) -> None:
    path = f"/briefs/{make_fit_brief(publication).pk}"
    shown = olga.post(f"{path}/publish")
    assert shown.json()["status"] == "published"
    step = AuditEntry.objects.get(verb="published")
    assert step.by == olga.user
    tag = shown["ETag"]
    assert wanda.ask("PATCH", path, {"body": "x"}, If_Match=tag).status_code == 403
    assert olga.ask("PATCH", path, {"date": "2020-01-01"}, If_Match=tag).status_code == 422
    assert olga.ask("PATCH", path, {"body": "x"}, If_Match=tag).status_code == 200
    assert olga.post(f"{path}/publish").status_code == 409  # readers are told of corrections


# --- editions -----------------------------------------------------------------


def test_what_is_not_fit_is_not_sent_and_the_problem_lists_the_rules(
    olga: Program, publication: Publication
) -> None:
    Publication.objects.update(postal_address="")
    brief = make_fit_brief(publication)
    answer = olga.post("/editions", {"brief": brief.pk})
    assert (answer.status_code, answer.json()["type"][-9:]) == (409, "preflight")
    said = olga.get(f"/briefs/{brief.pk}/preflight").json()
    assert not said["ok"]
    rules = {finding["rule"] for finding in said["errors"]}
    assert rules == {error["rule"] for error in answer.json()["errors"]}
    assert not Edition.objects.exists()


def test_a_brief_is_scheduled_once_and_taken_back(olga: Program, publication: Publication) -> None:
    make_subscription(publication)
    brief = make_fit_brief(publication)
    later = timezone.now() + dt.timedelta(hours=1)
    made = olga.post("/editions", {"brief": brief.pk, "send_at": later.isoformat()})
    assert (made.status_code, made.json()["status"]) == (201, "scheduled")
    again = olga.post("/editions", {"brief": brief.pk})
    assert (again.status_code, again.json()["edition"]) == (409, made.json()["id"])
    path = f"/editions/{made.json()['id']}"
    assert olga.post(f"{path}/pause").status_code == 409
    assert olga.post(f"{path}/withdraw").json()["status"] == "withdrawn"
    assert olga.post(f"{path}/withdraw").status_code == 409
    trail = AuditEntry.objects.filter(edition=made.json()["id"]).order_by("pk")
    assert [step.verb for step in trail] == ["scheduled", "withdrawn"]
    assert all(step.by == olga.user and "website" in step.words for step in trail)


def test_a_time_that_has_passed_or_cannot_be_is_refused(
    olga: Program, publication: Publication
) -> None:
    brief = make_fit_brief(publication)
    for wrong in (
        {"send_at": "2020-01-01T00:00:00Z"},
        {"send_at": "9999-12-31T23:00:00Z"},
        {"local_time": "2026-13-45T99:00"},
        {"segment": 1},
    ):
        assert olga.post("/editions", {"brief": brief.pk, **wrong}).status_code == 422, wrong


def test_a_report_has_the_numbers_of_the_page(olga: Program, publication: Publication) -> None:
    make_subscription(publication)
    edition = make_edition(make_fit_brief(publication))
    told = olga.get(f"/reports/editions/{edition.pk}").json()
    counted = figures.of(edition)
    for name in ("audience", "accepted", "statuses", "links"):
        assert told[name] == counted[name]
    assert olga.get(f"/reports/editions/{edition.pk}/links.csv")["Content-Type"].startswith(
        "text/csv"
    )


# --- readers ------------------------------------------------------------------


def test_who_is_added_without_a_basis_is_asked_by_mail(
    olga: Program, publication: Publication
) -> None:
    answer = olga.post("/subscribers", {"address": "Ada@Example.com"})
    assert (answer.status_code, answer.json()["status"]) == (202, "unconfirmed")
    assert Notice.objects.get().kind == Notice.Kind.CONFIRMATION
    assert ConsentRecord.objects.get().source == "api"
    found = olga.get("/subscribers?address=ada@example.com").json()["items"]
    assert [row["id"] for row in found] == [answer.json()["id"]]


def test_who_is_added_on_a_basis_is_a_reader_with_that_evidence(olga: Program) -> None:
    given = {"address": "ada@example.com", "basis": "signed the list", "name": "Ada"}
    answer = olga.post("/subscribers", given)
    assert (answer.status_code, answer.json()["status"]) == (201, "active")
    assert answer.json()["name"] == "Ada"
    evidence = ConsentRecord.objects.get()
    assert (evidence.kind, evidence.basis, evidence.by) == ("added", "signed the list", olga.user)
    assert olga.post("/subscribers", given).status_code == 200
    assert ConsentRecord.objects.count() == 1


def test_nobody_who_left_or_is_suppressed_is_brought_back(
    olga: Program, publication: Publication
) -> None:
    left = make_subscription(publication, "left@example.com")
    consent.unsubscribe(left, source="page")
    suppression.suppress("gone@example.com", Suppression.Reason.COMPLAINT, publication)
    for basis in ("", "by phone"):
        given = {"address": "gone@example.com", "basis": basis}
        assert olga.post("/subscribers", given).json()["type"].endswith("suppressed")
    given = {"address": "left@example.com", "basis": "by phone"}
    assert olga.post("/subscribers", given).status_code == 409
    asked = olga.post("/subscribers", {"address": "left@example.com"})
    assert (asked.status_code, asked.json()["status"]) == (202, "unsubscribed")
    left.refresh_from_db()
    assert left.status == "unsubscribed"
    assert not Subscriber.objects.filter(address_key="gone@example.com").exists()


def test_a_change_leaves_its_evidence_and_unsubscribing_is_harmless_to_repeat(
    olga: Program, publication: Publication
) -> None:
    for slug in ("ships", "cranes"):
        Topic.objects.create(publication=publication, name=slug, slug=slug)
    path = f"/subscribers/{make_subscription(publication).pk}"
    changed = olga.ask("PATCH", path, {"name": "Ada", "topics": ["ships"]}).json()
    assert (changed["name"], changed["topics"]) == ("Ada", ["ships"])
    for _again in range(2):
        assert olga.post(f"{path}/unsubscribe").json()["status"] == "unsubscribed"
    records = ConsentRecord.objects.order_by("pk")
    assert [row.kind for row in records] == ["changed", "changed", "unsubscribed"]
    assert all((row.source, row.by) == ("api", olga.user) for row in records)
    key = f"API key “website” (ib_{olga.key.prefix}_…)"
    assert all(row.details["through"] == key for row in records)


def test_who_reads_elsewhere_too_is_not_renamed_handed_over_or_erased(
    olga: Program, publication: Publication
) -> None:
    ours = make_subscription(publication)
    Subscription.objects.create(
        subscriber=ours.subscriber,
        publication=make_publication(),
        status="active",
        confirmed_at=timezone.now(),
    )
    path = f"/subscribers/{ours.pk}"
    assert olga.ask("PATCH", path, {"name": "Bob"}).status_code == 403
    assert olga.get(f"{path}/export").status_code == 403
    assert olga.ask("DELETE", path).status_code == 403
    assert Subscriber.objects.filter(pk=ours.subscriber_id, name="").exists()


def test_a_reader_is_erased_for_good(olga: Program, publication: Publication) -> None:
    row = make_subscription(publication, "ada@example.com")
    path = f"/subscribers/{row.pk}"
    olga.post("/subscribers", {"address": "ada@example.com"}, Idempotency_Key="a")
    assert "ada" not in StoredAnswer.objects.get().body
    assert olga.get(f"{path}/export").json()["reader"]["address"] == "ada@example.com"
    assert olga.ask("DELETE", path).status_code == 200
    assert olga.get(path).status_code == 404
    assert not Subscriber.objects.exists()
    assert olga.key.prefix in ConsentRecord.objects.get(kind="erased").details["through"]
    given = {"address": "ada@example.com", "basis": "by phone"}
    assert olga.post("/subscribers", given).status_code == 409


def test_a_reader_s_own_word_is_not_released(olga: Program, publication: Publication) -> None:
    made = olga.post("/suppressions", {"address": "@spam.example"})
    assert made.status_code == 201
    assert olga.post("/suppressions", {"address": "@spam.example"}).status_code == 200
    release = f"/suppressions/{made.json()['id']}/release"
    assert olga.post(release, {"why": "a mistake"}).json() == {"released": True}
    suppression.suppress("ada@example.com", Suppression.Reason.COMPLAINT, publication)
    complained = Suppression.objects.get()
    answer = olga.post(f"/suppressions/{complained.pk}/release", {"why": "please"})
    assert answer.status_code == 409
    publisher = Program(publication, "publisher")
    assert not roles.can(publisher.user, "manage", publication)
    assert publisher.post(release, {"why": "x"}).status_code == 403
