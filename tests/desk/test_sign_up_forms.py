"""Sign-up forms at the desk: publishers guard their own, and nobody else's."""

import pytest
from django.test import Client
from django.urls import reverse

from briefs.models import Publication
from subscribers.models import Defence
from tests.make import make_publication

pytestmark = pytest.mark.django_db

LIST = "/admin/subscribers/defence/"


def test_every_form_of_theirs_is_listed_and_may_be_held(
    paul: Client, publication: Publication
) -> None:
    make_publication(name="Somebody else’s")
    assert publication.name in paul.get(LIST).text
    defence = Defence.objects.get()
    assert defence.publication == publication
    url = reverse("admin:subscribers_defence_change", args=[defence.pk])
    assert f"/s/{publication.slug}/embed/" in paul.get(url).text
    assert paul.post(url, {"mode": "on"}).status_code == 302
    defence.refresh_from_db()
    assert defence.is_up
    assert "held on" in paul.get(LIST).text


def test_a_stranger_and_a_writer_guard_nothing(
    stan: Client, wanda: Client, publication: Publication
) -> None:
    defence = Defence.objects.create(publication=publication)
    url = reverse("admin:subscribers_defence_change", args=[defence.pk])
    for client in (stan, wanda):
        client.post(url, {"mode": "on"})
    defence.refresh_from_db()
    assert defence.mode == "automatic"
