"""Editions of a text that cannot be rendered: stopped with a word, whenever it is found out."""

import pytest

from briefs.rendering import TooDeep, TooInvolved
from deliveries import compiling, planning, preflight
from deliveries.models import Delivery
from tests.make import make_brief, make_edition, make_publication, make_readers

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"body": "1. " * 300 + "a"}, "nested-too-deep"),
        ({"body": "[^1] " * 4_000}, "too-involved"),
        ({"body": "words " * 20_000}, "too-long"),
        ({"contact_block": "<b>" * 2000}, "nested-too-deep"),
        ({"key_points": ["words " * 400]}, "too-long"),
    ],
)
def test_what_cannot_be_rendered_is_an_error_of_the_preflight(fields, rule):
    findings = preflight.check(make_brief(**fields))
    assert [finding.rule for finding in findings.errors] == [rule]


def fail(*_arguments, **_named):
    raise TooDeep


def test_an_edition_that_became_unfit_is_missed_with_the_reason(monkeypatch):
    edition = make_edition()
    monkeypatch.setattr(preflight.matter, "render_email", fail)
    planning.start_due()
    edition.refresh_from_db()
    assert edition.status == "missed"
    assert "nested too deep" in edition.word


def test_an_edition_that_cannot_be_compiled_pauses_with_the_reason(monkeypatch):
    publication = make_publication()
    make_readers(publication, 2)
    edition = make_edition(make_brief(publication))
    other = make_edition(make_brief(headline="Another"))

    def only_the_first(revision):
        if revision == edition.revision:
            raise TooInvolved
        return text_of(revision)

    text_of = compiling.revisions.text_of
    monkeypatch.setattr(compiling.revisions, "text_of", only_the_first)
    planning.start_due()
    edition.refresh_from_db()
    other.refresh_from_db()
    assert edition.status == "paused"
    assert "too involved" in edition.word
    assert not Delivery.objects.filter(edition=edition).exists()
    assert other.status != "paused"
