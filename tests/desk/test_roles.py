"""Who sees and does what at the desk: memberships decide, and nothing else."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from briefs import revisions
from briefs.models import Brief, Membership, Publication, Revision, User
from deliveries.models import Delivery
from subscribers import consent, wordings
from subscribers.models import ConsentRecord, ConsentWording, Subscriber
from tests.make import make_edition, make_member, make_publication, make_subscription, make_user

pytestmark = pytest.mark.django_db


def listed(client: Client, model: str) -> int:
    answer = client.get(f"/admin/{model}/")
    return answer.context["cl"].result_count if answer.status_code == 200 else -1


def test_a_stranger_sees_nothing_of_ours(stan: Client, brief: Brief) -> None:
    edition = make_edition(brief)
    reader = make_subscription(brief.publication)
    assert listed(stan, "briefs/brief") == 0
    assert listed(stan, "deliveries/edition") == 0
    assert listed(stan, "subscribers/subscriber") == 0
    assert listed(stan, "subscribers/subscription") == 0
    assert listed(stan, "briefs/publication") == 1  # his own
    for name, pk in [
        ("briefs_brief_change", brief.pk),
        ("briefs_publication_change", brief.publication_id),
        ("subscribers_subscriber_change", reader.subscriber_id),
    ]:
        # The admin sends who asks for what is not there to its first page.
        assert stan.get(reverse(f"admin:{name}", args=[pk])).status_code in (302, 403), name
    assert stan.get(reverse("admin:deliveries_send", args=[brief.pk])).status_code == 403
    for name in ("deliveries_edition_change", "deliveries_progress"):
        assert stan.get(reverse(f"admin:{name}", args=[edition.pk])).status_code == 404, name


def test_a_stranger_moves_no_edition_and_ends_no_subscription(stan: Client, brief: Brief) -> None:
    edition = make_edition(brief)
    subscription = make_subscription(brief.publication)
    assert stan.post(reverse("admin:deliveries_verb", args=[edition.pk, "withdraw"])).status_code == 404  # fmt: skip  # noqa: E501
    url = reverse("admin:subscribers_unsubscribe", args=[subscription.pk])
    assert stan.post(url).status_code == 404
    edition.refresh_from_db()
    subscription.refresh_from_db()
    assert (edition.status, subscription.status) == ("scheduled", "active")


def test_a_writer_writes_and_does_no_more(wanda: Client, brief: Brief) -> None:
    make_subscription(brief.publication)
    assert listed(wanda, "briefs/brief") == 1
    assert listed(wanda, "subscribers/subscriber") == -1
    assert listed(wanda, "deliveries/delivery") == -1
    assert listed(wanda, "briefs/user") == -1
    assert listed(wanda, "briefs/membership") == -1
    assert wanda.get(reverse("admin:deliveries_send", args=[brief.pk])).status_code == 403
    publication = reverse("admin:briefs_publication_change", args=[brief.publication_id])
    assert wanda.post(publication, {"name": "Mine"}).status_code == 403
    edition = make_edition(brief)
    for verb in ("withdraw", "pause", "cancel"):
        url = reverse("admin:deliveries_verb", args=[edition.pk, verb])
        assert wanda.post(url).status_code == 403


def test_an_owner_looks_after_the_members_of_their_own_publication(
    olga: Client, publication: Publication
) -> None:
    newcomer = make_user("new@harbour.example")
    elsewhere = make_publication()
    add = "/admin/briefs/membership/add/"
    given = {"user": "New@Harbour.example", "publication": publication.pk, "role": "editor"}
    refused = olga.post(add, given | {"publication": elsewhere.pk, "role": "owner"})
    assert refused.status_code == 200
    olga.post(add, given)
    assert list(newcomer.memberships.values_list("publication", "role")) == [
        (publication.pk, "editor")
    ]


def test_an_owner_cannot_move_a_brief_into_a_publication_of_others(
    olga: Client, brief: Brief, form_of
) -> None:
    elsewhere = make_publication()
    url = reverse("admin:briefs_brief_change", args=[brief.pk])
    assert olga.post(url, form_of(elsewhere)).status_code == 200
    brief.refresh_from_db()
    assert brief.publication != elsewhere


def test_only_who_looks_after_the_site_makes_users(root: Client, olga: Client) -> None:
    form = {
        "email": "Ida@Harbour.Example", "name": "Ida", "time_zone": "Europe/Berlin",
        "is_staff": "on",
        "password1": "cranes-and-quays-7", "password2": "cranes-and-quays-7",
    }  # fmt: skip
    assert olga.post("/admin/briefs/user/add/", form).status_code == 403
    answer = root.post("/admin/briefs/user/add/", form)
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    ida = User.objects.get(name="Ida")
    assert ida.email == "ida@harbour.example"
    assert ida.check_password("cranes-and-quays-7")
    again = root.post("/admin/briefs/user/add/", form | {"email": "IDA@harbour.example"})
    assert "logs in with this address already" in again.content.decode()


def test_a_user_whose_log_in_is_cleared_is_out_at_once(paul: Client) -> None:
    assert paul.get("/admin/").status_code == 200
    User.objects.filter(email="paul@harbour.example").update(is_staff=False)
    assert paul.get("/admin/").status_code == 302


def test_a_membership_that_ends_takes_the_rows_with_it(paul: Client, brief: Brief) -> None:
    assert listed(paul, "briefs/brief") == 1
    Membership.objects.all().delete()
    assert listed(paul, "briefs/brief") == -1


@pytest.mark.parametrize("model", [ConsentRecord, ConsentWording, Revision, Delivery])
def test_evidence_is_read_only_for_everybody(root: Client, brief: Brief, model: Any) -> None:
    boss = User.objects.get(is_superuser=True)
    consent.add_by_hand(brief.publication, "ada@example.com", basis="asked by phone", by=boss)
    wordings.current(brief.publication)
    revision = revisions.take(brief)
    edition = make_edition(brief)
    Delivery.objects.create(edition=edition, subscriber=Subscriber.objects.get())
    assert revision.pk
    row = model.objects.first()
    name = f"{model._meta.app_label}_{model._meta.model_name}"
    assert root.get(reverse(f"admin:{name}_change", args=[row.pk])).status_code == 200
    assert root.post(reverse(f"admin:{name}_change", args=[row.pk]), {}).status_code == 403
    assert root.post(reverse(f"admin:{name}_delete", args=[row.pk])).status_code == 403
    assert root.get(reverse(f"admin:{name}_add")).status_code == 403


def test_every_page_of_the_sidebar_opens(root: Client, brief: Brief) -> None:
    make_member(brief.publication, "writer")
    request = root.get("/admin/").wsgi_request
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        assert root.get(reverse(f"{name}_changelist")).status_code == 200, model
        assert root.get(reverse(f"{name}_changelist") + "?q=x@example.com").status_code == 200
        if page.has_add_permission(request):
            assert root.get(reverse(f"{name}_add")).status_code == 200, model
        row = model._default_manager.first()
        if row is not None:
            assert root.get(reverse(f"{name}_change", args=[row.pk])).status_code == 200, model


def test_the_sidebar_shows_what_one_may_open(wanda: Client, olga: Client) -> None:
    writers = wanda.get("/admin/").content.decode()
    assert "/admin/briefs/brief/" in writers
    assert "/admin/subscribers/subscriber/" not in writers
    assert "/admin/briefs/membership/" in olga.get("/admin/").content.decode()
