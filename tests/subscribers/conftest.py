"""What the tests of readers' pages share."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from briefs.models import Publication
from subscribers import intake
from subscribers.forms import SubscribeForm
from tests.make import make_publication

FillIn = Callable[..., Any]


@pytest.fixture
def publication() -> Publication:
    """Return a publication that anybody may subscribe to."""
    return make_publication()


@pytest.fixture
def client() -> Client:
    """Return a visitor whose errors are answered as they would be on the site."""
    return Client(raise_request_exception=False)


@pytest.fixture
def stamp(monkeypatch: pytest.MonkeyPatch) -> Callable[[Publication, float], str]:
    """Return a maker of the stamp of a form that was shown some seconds ago."""

    def make(publication: Publication, seconds_ago: float) -> str:
        now = time.time()
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: now - seconds_ago)
            return SubscribeForm(publication).fresh_stamp()

    return make


@pytest.fixture
def fill_in(client: Client, publication: Publication, stamp: Any) -> FillIn:
    """Return a visitor who posts the form a minute after it was shown."""

    def post(address: str = "ada@example.com", **fields: Any) -> Any:
        seconds_ago = fields.pop("seconds_ago", 60.0)
        data = {
            "address": address,
            "name": "",
            "website": "",
            "stamp": stamp(publication, seconds_ago),
            **fields,
        }
        url = reverse("subscribers:subscribe", args=[publication.slug])
        answer = client.post(url, data)
        intake.note_waiting()  # as a worker does a moment later
        return answer

    return post
