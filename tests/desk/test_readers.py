"""Readers at the desk: added with a basis, ended with evidence, never deleted."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from briefs.models import Publication
from subscribers import suppression
from subscribers.models import (
    ConsentRecord,
    Subscriber,
    Subscription,
    Suppression,
    SuppressionRelease,
)
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db
ADD = "/admin/subscribers/subscriber/add/"


def given(publication: Publication, **fields: object) -> dict[str, object]:
    return {
        "address": "Ada@Example.COM", "name": "Ada", "publication": publication.pk,
        "basis": "asked by phone on 6 April", **fields,
    }  # fmt: skip


def test_a_reader_added_by_hand_has_a_basis_and_whose_it_was(
    paul: Client, publication: Publication
) -> None:
    answer = paul.post(ADD, given(publication))
    assert answer.status_code == 302
    reader = Subscriber.objects.get()
    assert (reader.address, reader.address_key) == ("Ada@example.com", "ada@example.com")
    record = ConsentRecord.objects.get()
    assert (record.kind, record.basis) == ("added", "asked by phone on 6 April")
    assert record.by is not None
    assert record.by.email == "paul@harbour.example"
    assert reader.subscriptions.get().status == "active"


def test_no_reader_without_a_basis(paul: Client, publication: Publication) -> None:
    answer = paul.post(ADD, given(publication, basis="  "))
    assert "basis" in answer.context["adminform"].form.errors
    assert not Subscriber.objects.exists()


def test_adding_somebody_known_adds_no_second_row(paul: Client, publication: Publication) -> None:
    make_subscription(publication, "ada@example.com", status="unconfirmed")
    paul.post(ADD, given(publication))
    assert Subscriber.objects.count() == 1
    assert Subscription.objects.get().status == "active"


def test_who_left_comes_back_only_by_a_word(paul: Client, publication: Publication) -> None:
    left = make_subscription(publication, "ada@example.com", status="unsubscribed")
    Subscription.objects.update(unsubscribed_at=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
    page = paul.post(ADD, given(publication)).content.decode()
    assert "left on 1 March 2026" in page
    assert 'type="checkbox" name="again"' in page
    left.refresh_from_db()
    assert left.status == "unsubscribed"
    assert not ConsentRecord.objects.exists()
    assert paul.post(ADD, given(publication, again="on")).status_code == 302
    left.refresh_from_db()
    assert left.status == "active"
    assert ConsentRecord.objects.get().kind == "added"


@pytest.mark.parametrize("status", ["active", "paused"])
def test_who_is_a_reader_already_is_not_said_to_be_added(
    paul: Client, publication: Publication, status: str
) -> None:
    make_subscription(publication, "ada@example.com", status=status)
    assert "is a reader of" in paul.post(ADD, given(publication)).content.decode()
    assert not ConsentRecord.objects.exists()


def test_the_question_about_leaving_is_not_put_to_everybody(paul: Client) -> None:
    assert 'type="checkbox" name="again"' not in paul.get(ADD).content.decode()


def test_who_left_another_publication_is_added_without_a_question(
    paul: Client, publication: Publication
) -> None:
    make_subscription(make_publication(), "ada@example.com", status="unsubscribed")
    assert paul.post(ADD, given(publication)).status_code == 302


def test_who_is_suppressed_is_not_added(paul: Client, publication: Publication) -> None:
    suppression.suppress("ada@example.com", "complaint", publication)
    answer = paul.post(ADD, given(publication))
    assert "suppressed" in answer.content.decode()
    assert not Subscription.objects.exists()


def test_nobody_adds_readers_to_a_publication_of_others(paul: Client) -> None:
    answer = paul.post(ADD, given(make_publication()))
    assert "publication" in answer.context["adminform"].form.errors
    assert not Subscriber.objects.exists()


def test_the_button_ends_a_subscription_and_writes_it_down(
    paul: Client, publication: Publication
) -> None:
    subscription = make_subscription(publication)
    url = reverse("admin:subscribers_unsubscribe", args=[subscription.pk])
    reader = reverse("admin:subscribers_subscriber_change", args=[subscription.subscriber_id])
    assert url in paul.get(reader).content.decode()
    assert paul.get(url).status_code == 405
    paul.post(url)
    paul.post(url)
    subscription.refresh_from_db()
    assert subscription.status == "unsubscribed"
    assert ConsentRecord.objects.get().kind == "unsubscribed"


def test_the_action_ends_many(paul: Client, publication: Publication) -> None:
    chosen = [make_subscription(publication).pk for _ in range(3)]
    paul.post(
        "/admin/subscribers/subscription/",
        {"action": "unsubscribe", "_selected_action": chosen[:2]},
    )
    assert Subscription.objects.filter(status="unsubscribed").count() == 2
    assert ConsentRecord.objects.count() == 2


def test_saving_a_reader_changes_no_status(paul: Client, publication: Publication) -> None:
    subscription = make_subscription(publication)
    url = reverse("admin:subscribers_subscriber_change", args=[subscription.subscriber_id])
    form = {
        "name": "Ada Lind", "language": "", "time_zone": "",
        "subscriptions-TOTAL_FORMS": 1, "subscriptions-INITIAL_FORMS": 1,
        "subscriptions-0-id": subscription.pk, "subscriptions-0-status": "unsubscribed",
        "consent_records-TOTAL_FORMS": 0, "consent_records-INITIAL_FORMS": 0,
    }  # fmt: skip
    assert paul.post(url, form).status_code == 302
    subscription.refresh_from_db()
    assert subscription.status == "active"
    assert subscription.subscriber.name == "Ada Lind"


def test_a_reader_cannot_be_deleted_at_the_desk(root: Client, publication: Publication) -> None:
    reader = make_subscription(publication).subscriber
    assert root.post(reverse("admin:subscribers_subscriber_delete", args=[reader.pk])).status_code == 403  # noqa: E501  # fmt: skip
    root.post(
        "/admin/subscribers/subscriber/",
        {"action": "delete_selected", "_selected_action": [reader.pk], "post": "yes"},
    )
    assert Subscriber.objects.filter(pk=reader.pk).exists()


@pytest.mark.parametrize("term", ["ADA@example.com", "ada@", "example.com"])
def test_a_reader_is_found_however_the_address_is_written(
    paul: Client, publication: Publication, term: str
) -> None:
    make_subscription(publication, "ada@example.com")
    make_subscription(publication, "bob@elsewhere.example")
    found = paul.get("/admin/subscribers/subscriber/", {"q": term}).context["cl"]
    assert [reader.address for reader in found.result_list] == ["ada@example.com"]


def test_a_publisher_sees_a_shared_reader_but_not_what_else_they_read(
    paul: Client, publication: Publication
) -> None:
    elsewhere = make_publication(name="Secret Weekly")
    reader = make_subscription(publication).subscriber
    Subscription.objects.create(subscriber=reader, publication=elsewhere)
    page = paul.get(reverse("admin:subscribers_subscriber_change", args=[reader.pk]))
    assert "Secret Weekly" not in page.content.decode()
    assert "Secret Weekly" not in paul.get("/admin/subscribers/subscriber/").content.decode()


def test_a_suppression_is_stored_as_the_hash_that_sending_asks_for(
    paul: Client, publication: Publication
) -> None:
    paul.post(
        "/admin/subscribers/suppression/add/",
        {"address": "Ada@example.com", "publication": publication.pk, "note": "wrote to us"},
    )
    hashed = suppression.address_hash("ada@example.com")
    assert suppression.is_suppressed(hashed, publication)
    assert "paul@harbour.example" in Suppression.objects.get().note


def test_only_who_looks_after_the_site_suppresses_for_all_publications(
    paul: Client, root: Client
) -> None:
    form = {"address": "ada@example.com", "publication": "", "note": ""}
    paul.post("/admin/subscribers/suppression/add/", form)
    assert not Suppression.objects.exists()
    root.post("/admin/subscribers/suppression/add/", form)
    assert Suppression.objects.get().publication is None


@pytest.mark.parametrize(
    ("reason", "released"), [("bounce", True), ("complaint", False), ("erasure", False)]
)
def test_what_a_reader_demanded_is_not_released(
    olga: Client, publication: Publication, reason: str, released: bool
) -> None:
    suppression.suppress("ada@example.com", reason, publication)
    row = Suppression.objects.get()
    olga.post(reverse("admin:subscribers_suppression_delete", args=[row.pk]), {"post": "yes"})
    olga.post(
        "/admin/subscribers/suppression/",
        {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"},
    )
    url = reverse("admin:subscribers_suppression_change", args=[row.pk])
    olga.post(url, {"why": " "})
    assert Suppression.objects.exists()
    olga.post(url, {"why": "The mailbox is back."})
    assert Suppression.objects.exists() is not released
    kept = SuppressionRelease.objects.values_list("why", "by__email")
    assert list(kept) == ([("The mailbox is back.", "olga@harbour.example")] if released else [])


def test_a_whole_domain_is_suppressed_at_the_desk(paul: Client, publication: Publication) -> None:
    form = {"address": "@Example.COM", "publication": publication.pk, "note": "its postmaster"}
    paul.post("/admin/subscribers/suppression/add/", form)
    row = Suppression.objects.get()
    assert (row.address, row.domain) == ("@example.com", "example.com")
    found = paul.get("/admin/subscribers/suppression/", {"q": "@example.com"})
    assert found.context["cl"].result_count == 1


def test_only_who_manages_all_a_reader_gets_erases_them(
    olga: Client, paul: Client, root: Client, publication: Publication
) -> None:
    reader = make_subscription(publication, "ada@example.com").subscriber
    url = reverse("admin:deliveries_erase", args=[reader.pk])
    page = olga.get(reverse("admin:subscribers_subscriber_change", args=[reader.pk]))
    assert url in page.content.decode()
    assert paul.post(url).status_code == 403
    elsewhere = Subscription.objects.create(subscriber=reader, publication=make_publication())
    assert olga.post(url).status_code == 403
    elsewhere.delete()
    assert olga.get(url).status_code == 200
    assert Subscriber.objects.exists()
    assert olga.post(url).status_code == 302
    assert not Subscriber.objects.exists()
    assert ConsentRecord.objects.get().by is not None
    assert root.get(url).status_code == 404


def test_consent_of_an_erased_reader_is_found_by_the_address(
    paul: Client, publication: Publication
) -> None:
    ConsentRecord.objects.create(
        address_hash=suppression.address_hash("gone@example.com"),
        publication=publication,
        kind="erased",
        source="admin",
    )
    found = paul.get("/admin/subscribers/consentrecord/", {"q": "Gone@example.com"})
    assert found.context["cl"].result_count == 1


def test_nobody_changes_evidence_at_the_desk(root: Client, publication: Publication) -> None:
    record = ConsentRecord.objects.create(
        address_hash="x", publication=publication, kind="requested", source="form"
    )
    for name in ("change", "delete"):
        url = reverse(f"admin:subscribers_consentrecord_{name}", args=[record.pk])
        assert root.post(url, {"source": "elsewhere", "post": "yes"}).status_code == 403
    listed = {"action": "delete_selected", "_selected_action": [record.pk], "post": "yes"}
    root.post("/admin/subscribers/consentrecord/", listed)
    assert root.get("/admin/subscribers/consentrecord/add/").status_code == 403
    assert ConsentRecord.objects.get().source == "form"


def test_what_an_editor_changes_of_a_reader_leaves_evidence(
    paul: Client, publication: Publication
) -> None:
    reader = make_subscription(publication, "ada@example.com", name="Ada").subscriber
    url = f"/admin/subscribers/subscriber/{reader.pk}/change/"
    data = {
        "name": "Ada King", "language": "", "time_zone": "",
        **{f"{prefix}-{form}": 0 for prefix in ("subscriptions", "consent_records")
           for form in ("TOTAL_FORMS", "INITIAL_FORMS")},
    }  # fmt: skip
    assert paul.post(url, data).status_code == 302
    record = ConsentRecord.objects.get()
    assert (record.kind, record.details) == ("changed", {"changed": ["name"]})
    assert record.by is not None
    assert record.by.email == "paul@harbour.example"
    assert paul.post(url, data).status_code == 302
    assert ConsentRecord.objects.count() == 1
