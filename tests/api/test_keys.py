"""Keys: shown once, stored as a digest, and never more than their user may."""

import datetime as dt

import pytest
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.utils import timezone

from api import keys
from api.models import ApiKey
from api.v1 import operations
from briefs.models import AuditEntry, Brief, Membership, Publication
from tests.api.conftest import Program
from tests.make import (
    make_brief,
    make_edition,
    make_member,
    make_publication,
    make_subscription,
)

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


def test_a_key_is_stored_as_nothing_that_opens_anything(olga: Program) -> None:
    assert keys.WRITTEN_AS.fullmatch(olga.plain)
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM api_apikey")
        row = repr(cursor.fetchall())
    assert olga.plain not in row
    assert olga.plain.rpartition("_")[2] not in row


def test_making_and_revoking_a_key_is_written_down(olga: Program) -> None:
    keys.revoke(olga.key, olga.user)
    assert not keys.revoke(olga.key, olga.user)
    steps = AuditEntry.objects.filter(verb__startswith="key-").order_by("pk")
    assert [step.verb for step in steps] == ["key-made", "key-revoked"]
    assert all(f"ib_{olga.key.prefix}_…" in step.words for step in steps)


def test_no_key_is_made_for_what_there_is_not(publication: Publication) -> None:
    user = make_member(publication, "owner")
    for scopes in (["everything"], []):
        with pytest.raises(ValidationError):
            keys.make(publication, user, name="x", scopes=scopes)
    with pytest.raises(ValidationError):
        keys.make(publication, user, name="two\nlines", scopes=["briefs:read"])


@pytest.mark.parametrize("given", ["", "Basic x", "Bearer", "Bearer nonsense", "Bearer ib_x_\x00y"])
def test_who_has_no_key_is_told_how_to_come_by_one(given: str) -> None:
    answer = Client().get("/api/v1/briefs", headers={"Authorization": given})
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_a_key_ends_when_it_is_revoked_expires_or_its_user_goes(olga: Program) -> None:
    assert olga.get("/briefs").status_code == 200
    key = ApiKey.objects.filter(pk=olga.key.pk)
    key.update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert olga.get("/briefs").status_code == 401
    key.update(expires_at=None)
    type(olga.user).objects.filter(pk=olga.user.pk).update(is_active=False)
    assert olga.get("/briefs").status_code == 401
    type(olga.user).objects.filter(pk=olga.user.pk).update(is_active=True)
    keys.revoke(olga.key, olga.user)
    assert olga.get("/briefs").status_code == 401


def test_a_key_waits_for_the_second_factor_as_its_user_does(olga: Program) -> None:
    olga.key.publication.requires_second_factor = True
    olga.key.publication.save()
    answer = olga.get("/briefs")
    assert answer.status_code == 403
    assert "second factor" in answer.json()["detail"]
    TOTP.activate(olga.user, generate_totp_secret())
    assert olga.get("/briefs").status_code == 200


def test_its_last_use_is_shown(olga: Program) -> None:
    olga.get("/topics")
    olga.key.refresh_from_db()
    first = olga.key.last_used_at
    assert first is not None
    olga.get("/topics")  # within the minute: not every request waits for the disk
    olga.key.refresh_from_db()
    assert olga.key.last_used_at == first


def test_a_key_may_no_more_than_its_scopes(publication: Publication) -> None:
    reader = Program(publication, "owner", ["briefs:read"])
    assert reader.get("/briefs").status_code == 200
    answer = reader.post("/briefs", {"headline": "x"})
    assert (answer.status_code, answer.json()["scope"]) == (403, "briefs:write")
    assert reader.get("/subscribers").status_code == 403
    assert not Brief.objects.exists()


def test_a_key_may_no_more_than_its_user_by_now(olga: Program) -> None:
    assert olga.get("/subscribers").status_code == 200
    Membership.objects.filter(user=olga.user).update(role="writer")
    assert olga.get("/subscribers").status_code == 403
    assert olga.get("/briefs").status_code == 200
    Membership.objects.all().delete()
    assert olga.get("/briefs").status_code == 403


def test_a_writer_reads_no_readers_sends_nothing_and_approves_nothing(
    wanda: Program, publication: Publication
) -> None:
    brief, reader = make_brief(publication), make_subscription(publication)
    edition = make_edition(brief)
    refused = [
        ("GET", "/subscribers"),
        ("GET", f"/subscribers/{reader.pk}"),
        ("GET", f"/subscribers/{reader.pk}/export"),
        ("DELETE", f"/subscribers/{reader.pk}"),
        ("POST", f"/subscribers/{reader.pk}/unsubscribe"),
        ("POST", "/subscribers"),
        ("GET", "/suppressions"),
        ("POST", "/editions"),
        ("POST", f"/editions/{edition.pk}/withdraw"),
        ("POST", f"/briefs/{brief.pk}/publish"),
        ("POST", f"/briefs/{brief.pk}/approve"),
        ("GET", f"/reports/editions/{edition.pk}/bounces.csv"),
    ]
    for method, path in refused:
        assert wanda.ask(method, path, {}).status_code == 403, (method, path)
    assert wanda.get(f"/editions/{edition.pk}").json()["word"] is None


def test_a_stranger_learns_nothing_of_what_is_not_theirs(
    stan: Program, olga: Program, publication: Publication
) -> None:
    """Each address with an id in it, asked for with ours and with one that nobody has."""
    brief, reader = make_brief(publication), make_subscription(publication)
    edition = make_edition(brief)
    answer = olga.post("/suppressions", {"address": "gone@example.com"})
    ids = {
        "brief_id": brief.pk,
        "subscriber_id": reader.pk,
        "edition_id": edition.pk,
        "suppression_id": answer.json()["id"],
        "slug": publication.slug,
        "table": "links",
    }
    bodies = {
        "approve": {"revision": 1},
        "override": {"revision": 1, "reason": "x"},
        "withdraw_approval": {"revision": 1},
        "release_suppression": {"why": "x"},
    }
    asked = 0
    for path, operation in operations():
        if "{" not in path or operation.operation_id == "publication_table":
            continue
        address = path.replace("int:", "")
        method, body = operation.methods[0], bodies.get(str(operation.operation_id), {})
        ours = stan.ask(method, address.format(**ids), body)
        nobody = address.format(**dict.fromkeys(ids, 987654) | {"table": "links"})
        nobodys = stan.ask(method, nobody, body)
        assert (ours.status_code, nobodys.status_code) == (404, 404), path
        asked += 1
    assert asked > 20
    for path in ("/briefs", "/editions", "/subscribers", "/suppressions"):
        assert stan.get(path).json() == {"items": [], "next": None}, path
    assert stan.post("/editions", {"brief": brief.pk}).status_code == 404
    brief.refresh_from_db()
    reader.refresh_from_db()
    assert (brief.status, reader.status) == ("draft", "active")


def test_a_key_of_the_whole_site_s_keeper_is_for_one_publication(publication: Publication) -> None:
    elsewhere = make_brief(make_publication(name="Elsewhere"))
    program = Program(publication, "owner")
    program.user.is_superuser = True
    program.user.save()
    assert program.get(f"/briefs/{elsewhere.pk}").status_code == 404


def test_the_api_knows_no_session_and_sets_no_cookie(
    olga: Program, publication: Publication
) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(olga.user)
    assert browser.get("/api/v1/briefs").status_code == 401
    for answer in (olga.get("/briefs"), olga.post("/briefs", {"headline": "x"}), olga.get("/docs")):
        assert not answer.cookies
        assert "Vary" not in answer or "Cookie" not in answer["Vary"]
        assert "Access-Control-Allow-Origin" not in answer
