"""Publications share an installation; none reaches into another."""

import threading
import time

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse

from briefs.models import Author, Brief, Membership, Publication, User
from deliveries import planning
from deliveries.models import Delivery
from subscribers.models import Subscriber, Subscription
from tests.make import (
    make_brief,
    make_edition,
    make_member,
    make_publication,
    make_subscription,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere() -> Publication:
    """Return a publication that nobody at the desk belongs to."""
    return make_publication(name="Secret Weekly")


def test_a_writer_reads_no_address_in_the_words_of_a_server(
    wanda: Client, paul: Client, brief: Brief
) -> None:
    make_subscription(brief.publication, "ada@example.com")
    edition = make_edition(brief)
    planning.start_due()
    Delivery.objects.update(status="failed", reason="refused", reply="550 <ada@example.com>?")
    for page in ("deliveries_edition_change", "deliveries_progress"):
        url = reverse(f"admin:{page}", args=[edition.pk])
        written = wanda.get(url).content.decode()
        assert "refused" in written
        assert "ada@example.com" not in written
        assert "ada@example.com" in paul.get(url).content.decode()


# --- readers --------------------------------------------------------------------


@pytest.fixture
def shared(publication: Publication, elsewhere: Publication) -> Subscriber:
    """Return a reader who left ours and reads the other one."""
    left = make_subscription(publication, "ada@example.com", "unsubscribed", name="Ada")
    Subscription.objects.create(
        subscriber=left.subscriber,
        publication=elsewhere,
        status="active",
        confirmed_at=left.unsubscribed_at,
    )
    return left.subscriber


RENAMED = {
    "name": "Mallory", "language": "de", "time_zone": "UTC",
    "subscriptions-TOTAL_FORMS": 0, "subscriptions-INITIAL_FORMS": 0,
    "consent_records-TOTAL_FORMS": 0, "consent_records-INITIAL_FORMS": 0,
}  # fmt: skip


def test_a_reader_of_others_is_not_renamed(
    paul: Client, root: Client, shared: Subscriber, elsewhere: Publication
) -> None:
    url = reverse("admin:subscribers_subscriber_change", args=[shared.pk])
    page = paul.get(url).content.decode()
    assert 'name="name"' not in page
    assert "details are shared" in page
    assert elsewhere.name not in page
    paul.post(url, RENAMED)
    shared.refresh_from_db()
    assert (shared.name, shared.language, shared.time_zone) == ("Ada", "", "")
    root.post(url, RENAMED)
    shared.refresh_from_db()
    assert shared.name == "Mallory"


def test_a_reader_of_all_publications_of_a_publisher_is_theirs_to_rename(
    paul: Client, shared: Subscriber, elsewhere: Publication
) -> None:
    colleague = User.objects.get(email="paul@harbour.example")
    Membership.objects.create(user=colleague, publication=elsewhere, role="publisher")
    paul.post(reverse("admin:subscribers_subscriber_change", args=[shared.pk]), RENAMED)
    shared.refresh_from_db()
    assert shared.name == "Mallory"


def test_the_list_of_readers_does_not_tell_who_reads_another_publication(
    paul: Client, root: Client, shared: Subscriber
) -> None:
    def found(client: Client, status: str) -> int:
        answer = client.get("/admin/subscribers/subscriber/", {"status": status})
        return int(answer.context["cl"].result_count)

    assert (found(paul, "active"), found(paul, "unsubscribed")) == (0, 1)
    assert (found(root, "active"), found(root, "unsubscribed")) == (1, 1)
    assert found(paul, "nonsense") == 1


@pytest.mark.parametrize(
    "query",
    [
        "subscriptions__status__exact=active",
        "subscriptions__id__exact=1",
        "subscriptions__publication__name=Secret Weekly",
        "consent_records__id=1",
    ],
)
def test_no_question_to_the_list_of_readers_leads_through_a_relation(
    paul: Client, shared: Subscriber, query: str
) -> None:
    answer = paul.get(f"/admin/subscribers/subscriber/?{query}")
    assert answer.status_code in (302, 400)


# --- authors --------------------------------------------------------------------


@pytest.fixture
def theirs(elsewhere: Publication) -> Author:
    """Return an author under a brief of a publication of others."""
    author = Author.objects.create(name="Ida Stern", slug="ida-stern")
    make_brief(elsewhere).authors.add(author)
    return author


def test_an_author_of_others_is_neither_deleted_nor_renamed(
    olga: Client, theirs: Author, elsewhere: Publication
) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [theirs.pk], "post": "yes"}
    olga.post("/admin/briefs/author/", chosen)
    delete = reverse("admin:briefs_author_delete", args=[theirs.pk])
    assert olga.post(delete, {"post": "yes"}).status_code == 403
    change = reverse("admin:briefs_author_change", args=[theirs.pk])
    assert olga.post(change, {"name": "Nobody", "slug": "nobody"}).status_code == 403
    assert [author.name for author in Brief.objects.get().authors.all()] == ["Ida Stern"]


def test_an_author_under_our_own_briefs_is_renamed_and_not_deleted(
    olga: Client, brief: Brief
) -> None:
    author = Author.objects.create(name="Ida Stern", slug="ida-stern")
    brief.authors.add(author)
    delete = reverse("admin:briefs_author_delete", args=[author.pk])
    assert olga.post(delete, {"post": "yes"}).status_code == 403
    change = reverse("admin:briefs_author_change", args=[author.pk])
    assert olga.post(change, {"name": "Ida Lind", "slug": "ida-lind"}).status_code == 302
    assert brief.authors.get().name == "Ida Lind"


def test_an_author_under_no_brief_may_be_deleted(olga: Client, root: Client, brief: Brief) -> None:
    for client, is_used in ((olga, False), (root, True)):
        author = Author.objects.create(name="Ida Stern", slug="ida-stern")
        if is_used:
            brief.authors.add(author)
        client.post(reverse("admin:briefs_author_delete", args=[author.pk]), {"post": "yes"})
        assert not Author.objects.exists()


# --- members --------------------------------------------------------------------

ADD = "/admin/briefs/membership/add/"


def test_an_owner_sees_no_list_of_all_users(olga: Client, root: Client) -> None:
    make_user("somebody@elsewhere.example")
    assert "somebody@elsewhere.example" not in olga.get(ADD).content.decode()
    assert "somebody@elsewhere.example" in root.get(ADD).content.decode()


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("nobody@harbour.example", "Nobody logs in with this address"),
        ("gone@harbour.example", "Nobody logs in with this address"),
        ("harbour", "error"),
        ("", "required"),
    ],
)
def test_an_address_that_nobody_logs_in_with_makes_no_member(
    olga: Client, publication: Publication, address: str, words: str
) -> None:
    make_user("gone@harbour.example", is_active=False)
    given = {"user": address, "publication": publication.pk, "role": "editor"}
    assert words in olga.post(ADD, given).content.decode()
    assert Membership.objects.count() == 1


def test_a_member_is_not_added_twice_and_only_the_role_changes(
    olga: Client, publication: Publication
) -> None:
    writer = make_member(publication, "writer", email="new@harbour.example")
    given = {"user": "new@harbour.example", "publication": publication.pk, "role": "owner"}
    assert olga.post(ADD, given).status_code == 200
    membership = writer.memberships.get()
    change = reverse("admin:briefs_membership_change", args=[membership.pk])
    assert olga.post(change, {"role": "editor", "user": "olga@harbour.example"}).status_code == 302
    membership.refresh_from_db()
    assert (membership.user, membership.role) == (writer, "editor")


def test_the_last_owner_neither_leaves_nor_steps_down(
    olga: Client, root: Client, publication: Publication
) -> None:
    own = Membership.objects.get(role="owner", publication=publication)
    make_member(publication, "owner", is_active=False)  # logs in no more, so owns nothing
    change = reverse("admin:briefs_membership_change", args=[own.pk])
    delete = reverse("admin:briefs_membership_delete", args=[own.pk])
    assert olga.get(change).status_code == 200
    assert olga.post(change, {"role": "writer"}).status_code == 403
    assert olga.post(delete, {"post": "yes"}).status_code == 403
    everyone = [m.pk for m in Membership.objects.all()]
    chosen = {"action": "delete_selected", "_selected_action": everyone, "post": "yes"}
    olga.post("/admin/briefs/membership/", chosen)
    assert Membership.objects.filter(pk=own.pk, role="owner").exists()
    assert root.post(delete, {"post": "yes"}).status_code == 302


def test_one_of_two_owners_may_leave(olga: Client, publication: Publication) -> None:
    own = Membership.objects.get(role="owner")
    make_member(publication, "owner")
    url = reverse("admin:briefs_membership_delete", args=[own.pk])
    assert olga.post(url, {"post": "yes"}).status_code == 302
    assert Membership.objects.get().user != own.user


@pytest.mark.postgres_only
@pytest.mark.django_db(transaction=True)
def test_of_two_owners_who_step_down_at_once_one_stays(
    olga: Client, publication: Publication
) -> None:
    own = Membership.objects.get(role="owner")
    other = make_member(publication, "owner").memberships.get()
    begun = threading.Event()

    def step_down() -> None:
        with transaction.atomic():
            Membership.objects.filter(pk=other.pk).update(role="writer")
            begun.set()
            time.sleep(0.3)
        connection.close()

    thread = threading.Thread(target=step_down)
    thread.start()
    begun.wait(20)
    change = reverse("admin:briefs_membership_change", args=[own.pk])
    answer = olga.post(change, {"role": "writer"})
    thread.join()
    assert (answer.status_code, Membership.objects.filter(role="owner").count()) == (403, 1)
