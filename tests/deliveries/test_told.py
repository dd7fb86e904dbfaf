"""Editors are told by mail when the program, and not a person, stops an edition."""

import datetime as dt

import pytest
from django.utils import timezone

from deliveries import compiling, control, planning
from subscribers.models import Notice
from tests.make import make_brief, make_edition, make_member, make_publication, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication():
    made = make_publication()
    make_member(made, "owner")
    make_member(made, "writer")
    make_subscription(made)
    return made


def told():
    return [(notice.subject, notice.text) for notice in Notice.objects.filter(kind="editor")]


def test_of_a_time_that_was_missed(publication):
    edition = make_edition(make_brief(publication), send_at=timezone.now() - dt.timedelta(hours=2))
    for _tick in range(2):
        planning.start_due()
    ((subject, text),) = told()
    assert subject.startswith("Missed: ")
    assert "60 minutes" in text
    edition.refresh_from_db()
    assert edition.status == "missed"


def test_of_a_brief_that_became_unfit_since_it_was_scheduled(publication, settings):
    make_edition(make_brief(publication))
    settings.PROVIDERS = {}
    planning.start_due()
    ((subject, _text),) = told()
    assert subject.startswith("Missed: ")


def test_of_an_edition_that_cannot_be_made(publication, monkeypatch):
    edition = make_edition(make_brief(publication))

    def fails(_edition):
        raise ValueError("no such thing")

    monkeypatch.setattr(compiling, "compile_edition", fails)
    for _tick in range(3):
        planning.start_due()
    ((subject, text),) = told()
    assert subject.startswith("Paused: ")
    assert "no such thing" in text
    edition.refresh_from_db()
    assert edition.status == "paused"


def test_not_of_what_a_person_has_done(publication):
    edition = make_edition(make_brief(publication))
    planning.start_due()
    control.pause(edition)
    control.resume(edition)
    control.cancel(edition)
    assert told() == []
