"""What the tests of the desk share: Olga owns, Paul publishes, Wanda writes, Stan is a stranger."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Browser

from briefs.models import Brief, Publication, User
from tests.desk import browsing
from tests.make import make_brief, make_member, make_publication, make_user


@pytest.fixture
def publication() -> Publication:
    """Return a publication that is ready to send."""
    return make_publication()


@pytest.fixture
def brief(publication: Publication) -> Brief:
    """Return a brief that is fit to be sent."""
    return make_brief(publication)


def _log_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def root() -> Client:
    """Return the browser of who looks after the whole site."""
    return _log_in(make_user("root@harbour.example", is_superuser=True, name="Rosa Root"))


@pytest.fixture
def olga(publication: Publication) -> Client:
    """Return the owner's browser."""
    return _log_in(make_member(publication, "owner", email="olga@harbour.example"))


@pytest.fixture
def paul(publication: Publication) -> Client:
    """Return the publisher's browser."""
    return _log_in(make_member(publication, "publisher", email="paul@harbour.example"))


@pytest.fixture
def wanda(publication: Publication) -> Client:
    """Return the writer's browser."""
    return _log_in(make_member(publication, "writer", email="wanda@harbour.example"))


@pytest.fixture
def stan() -> Client:
    """Return the browser of an owner of quite another publication."""
    return _log_in(make_member(make_publication(name="Elsewhere"), "owner"))


FormOf = Callable[..., dict[str, Any]]


@pytest.fixture
def form_of() -> FormOf:
    """Return the fields that the form of a brief posts."""

    def fields(publication: Publication, points: list[str] | None = None, **given: Any) -> Any:
        rows = ["First point", "Second point"] if points is None else points
        posted: dict[str, Any] = {
            "publication": publication.pk,
            "date": "2026-04-06",
            "series": "Harbour Brief",
            "headline": "Two cranes arrive",
            "preheader": "",
            "body": "The cranes **arrived** on Monday.",
            "contact_block": "",
            "access": "public",
            "slug": "",
            "key_points-TOTAL_FORMS": len(rows),
            "key_points-INITIAL_FORMS": 0,
            "key_points-MIN_NUM_FORMS": 0,
            "key_points-MAX_NUM_FORMS": 1000,
            **given,
        }
        for number, text in enumerate(rows):
            posted.setdefault(f"key_points-{number}-text", text)
            posted.setdefault(f"key_points-{number}-position", number + 1)
        return posted

    return fields


@pytest.fixture
def desk(browser: Browser, live_server: Any) -> Iterator[browsing.Desk]:
    """Return the desk of who looks after the whole site, in a browser."""
    user = make_user("root@harbour.example", is_superuser=True)
    with browsing.logged_in(browser, live_server.url, user) as desk:
        yield desk
