"""The short way in for sign-ups: the same answers as the long one, to the byte."""

import pytest
from django.test import Client

from subscribers.models import SignUp

pytestmark = pytest.mark.django_db

DOOR = "intelbrief.door.FrontDoorMiddleware"


def answers(publication, stamp):
    """Return what a visitor is answered who does everything right, and several things wrong."""
    client = Client(raise_request_exception=False)
    page = f"/s/{publication.slug}/"
    whole = {"address": "ada@example.com", "stamp": stamp}
    tries = [
        (page, whole, {}),
        (page, whole, {"headers": {"accept-language": "de"}}),
        (page, whole, {"REMOTE_ADDR": "192.0.2.1"}),
        (page, whole, {"REMOTE_ADDR": "192.0.2.1"}),
        (page, {"address": "ada@", "stamp": stamp}, {}),
        (page, {"address": "ada@gmial.com", "stamp": stamp}, {}),
        (page, {**whole, "website": "https://pills.example"}, {}),
        (page, {**whole, "address": "a" * 70_000}, {}),
        ("/s/nowhere/", whole, {}),
        (f"/s/{publication.slug}", whole, {}),
        (page, whole, {"headers": {"host": "evil.example"}}),
    ]
    found = []
    for path, data, more in tries:
        answer = client.post(path, data, **more)
        found.append((answer.status_code, sorted(answer.headers.items()), answer.content))
    return found


def test_the_answers_are_those_of_the_long_way(publication, stamp, settings):
    settings.DOOR_SECONDS = 0
    settings.SIGN_UPS_PER_HOUR = dict.fromkeys(settings.SIGN_UPS_PER_HOUR, 0) | {"ip": 1}
    shown = stamp(publication, 60)
    by_the_door = answers(publication, shown)
    rows = SignUp.objects.count()
    settings.MIDDLEWARE = [one for one in settings.MIDDLEWARE if one != DOOR]
    settings.SIGN_UPS_PER_HOUR = settings.SIGN_UPS_PER_HOUR | {"ip": 2}  # one has been let in
    assert by_the_door == answers(publication, shown)
    assert {status for status, _headers, _body in by_the_door} >= {303, 400, 404, 413, 422, 429}
    assert SignUp.objects.count() == 2 * rows
