"""Segments on the desk: rules clicked together, without SQL."""

import pytest
from django.test import Client
from django.urls import reverse

from briefs.models import Publication, Topic
from deliveries.models import Segment
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db

ADD = "/admin/deliveries/segment/add/"


def rows(*rules: dict[str, str], **fields: str) -> dict[str, str]:
    posted = {"rules-TOTAL_FORMS": str(max(len(rules), 3)), "rules-INITIAL_FORMS": "0", **fields}
    for number, rule in enumerate(rules):
        posted |= {f"rules-{number}-{name}": value for name, value in rule.items()}
    return posted


def test_rules_are_clicked_together_and_counted(paul: Client, publication: Publication) -> None:
    make_subscription(publication, "one@b.org", language="de")
    make_subscription(publication, "two@b.org", language="en")
    assert paul.get(ADD).status_code == 200
    posted = rows(
        {"kind": "language:equal", "language": "de"},
        {"kind": ""},
        {"kind": "domain:equal", "text": "b.org"},
        publication=str(publication.pk),
        name="Germans at b.org",
    )
    answer = paul.post(ADD, posted, follow=True)
    assert "1 readers as of now" in answer.content.decode()
    segment = Segment.objects.get()
    assert segment.rules == [
        {"fact": "language", "is": "equal", "value": "de"},
        {"fact": "domain", "is": "equal", "value": "b.org"},
    ]
    page = reverse("admin:deliveries_segment_change", args=[segment.pk])
    text = paul.get(page).content.decode()
    assert "1 reader as of now" in text
    assert 'value="b.org"' in text
    assert "Germans at b.org" in paul.get("/admin/deliveries/segment/").content.decode()


@pytest.mark.parametrize(
    "rule",
    [
        {},
        {"kind": "language:equal"},
        {"kind": "joined:before", "day": "soon"},
        {"kind": "attribute:exists", "key": "a__b"},
        {"kind": "sql:equal", "text": "1=1"},
    ],
)
def test_what_would_mean_everyone_or_nothing_is_not_stored(
    paul: Client, publication: Publication, rule: dict[str, str]
) -> None:
    posted = rows(rule, publication=str(publication.pk), name="Odd")
    assert paul.post(ADD, posted).status_code == 200
    assert not Segment.objects.exists()


def test_no_segment_reaches_into_another_publication(
    paul: Client, stan: Client, wanda: Client, publication: Publication
) -> None:
    other = make_publication()
    foreign = Topic.objects.create(publication=other, name="Foreign", slug="foreign")
    posted = rows(
        {"kind": "topic:chosen", "topic": str(foreign.pk)},
        publication=str(publication.pk),
        name="Theirs",
    )
    assert paul.post(ADD, posted).status_code == 200
    posted = rows({"kind": "language:equal", "language": "de"}, publication=str(other.pk), name="A")
    assert paul.post(ADD, posted).status_code == 200
    assert not Segment.objects.exists()
    mine = Segment.objects.create(publication=publication, name="Mine")
    page = reverse("admin:deliveries_segment_change", args=[mine.pk])
    assert stan.get(page).status_code in (302, 404)
    assert wanda.get(page).status_code == 403
    assert wanda.get(ADD).status_code == 403
