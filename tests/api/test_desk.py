"""Keys at the desk: for owners, and each shown once."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from api import keys
from api.models import ApiKey
from briefs.models import Publication
from tests.api.conftest import Program
from tests.make import make_member, make_publication

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
ADD = "/admin/api/apikey/add/"


def logged_in(publication: Publication, role: str) -> Client:
    client = Client()
    client.force_login(make_member(publication, role))
    return client


def test_an_owner_makes_a_key_sees_it_once_and_revokes_it(publication: Publication) -> None:
    desk = logged_in(publication, "owner")
    given = {"publication": publication.pk, "name": "<b>site", "scopes": ["briefs:read"]}
    made = desk.post(ADD, given)
    plain = re.search(r"ib_[0-9a-z]{8}_[\w-]{43}", made.content.decode())
    assert plain
    assert "no-store" in made["Cache-Control"]
    assert b"<b>site" not in made.content
    key = keys.find(plain[0])
    assert key is not None
    assert (key.user.email in made.content.decode(), key.scopes) == (True, ["briefs:read"])
    page = reverse("admin:api_apikey_change", args=[key.pk])
    assert plain[0] not in desk.get(page).content.decode()
    assert plain[0] not in desk.get("/admin/api/apikey/").content.decode()
    revoke = reverse("admin:api_apikey_revoke", args=[key.pk])
    desk.get(revoke)
    assert keys.find(plain[0])
    assert b"Revoked" in desk.post(revoke, follow=True).content
    assert keys.find(plain[0]) is None


def test_a_key_of_nothing_or_of_the_past_is_not_made(publication: Publication) -> None:
    desk = logged_in(publication, "owner")
    given = {"publication": publication.pk, "name": "x", "scopes": ["briefs:read"]}
    mistakes: list[dict[str, object]] = [
        {"scopes": []},
        {"scopes": ["root"]},
        {"expires_at": "2020-01-01T00:00"},
    ]
    for wrong in mistakes:
        assert desk.post(ADD, {**given, **wrong}).status_code == 200
    elsewhere = make_publication()
    desk.post(ADD, {**given, "publication": elsewhere.pk})
    assert not ApiKey.objects.exists()


def test_nobody_but_owners_sees_keys(olga: Program, publication: Publication) -> None:
    page = reverse("admin:api_apikey_change", args=[olga.key.pk])
    revoke = reverse("admin:api_apikey_revoke", args=[olga.key.pk])
    people = [logged_in(publication, role) for role in ("writer", "editor", "publisher")]
    for client in (*people, logged_in(make_publication(), "owner"), Client()):
        assert client.get(page).status_code in (302, 403, 404)
        assert client.post(revoke).status_code in (302, 403, 404)
        assert olga.key.prefix not in client.get("/admin/api/apikey/").content.decode()
    for client in people:
        assert client.get(ADD).status_code == 403
        assert client.post(ADD, {"publication": publication.pk}).status_code == 403
    assert keys.find(olga.plain)
