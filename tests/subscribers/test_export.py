"""Exports: nothing is lost on the way out and in again."""

import csv
import datetime as dt
import io
import tempfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from subscribers import exporting
from subscribers.importing import running
from subscribers.models import Subscriber, Subscription, Suppression
from subscribers.suppression import suppress
from tests.make import make_member, make_publication, make_subscription

pytestmark = pytest.mark.django_db


def exported(publication):
    return b"".join(exporting.lines(publication))


def rows(publication):
    return list(csv.DictReader(io.StringIO(exported(publication).decode())))


def test_an_export_tells_status_topics_attributes_and_dates():
    publication = make_publication()
    subscription = make_subscription(
        publication, "ana@harbour.example", name="=Ana", attributes={"city": "Lisbon"}
    )
    subscription.topics.add(
        publication.topics.create(name="Ports, ships", slug="ports"),
        publication.topics.create(name="EU", slug="eu"),
    )
    suppress("ana@harbour.example", "bounce")
    [row] = rows(publication)
    assert row["address"] == "ana@harbour.example"
    assert row["name"] == "'=Ana"
    assert row["topics"] == 'EU,"Ports, ships"'
    assert (row["status"], row["suppressed"]) == ("active", "bounce")
    assert row["attributes"] == '{"city": "Lisbon"}'
    assert row["confirmed_at"] == subscription.confirmed_at.isoformat()


def test_an_export_holds_one_publication_only():
    publication, other = make_publication(), make_publication()
    make_subscription(other)
    assert rows(publication) == []


def test_many_readers_come_in_the_order_in_which_they_joined(monkeypatch):
    monkeypatch.setattr(exporting, "CHUNK", 7)
    publication = make_publication()
    addresses = [make_subscription(publication).subscriber.address for _ in range(20)]
    assert [row["address"] for row in rows(publication)] == addresses


def test_a_file_of_its_own_name_is_whole_and_private(tmp_path):
    publication = make_publication()
    make_subscription(publication)
    target = tmp_path / "readers.csv"
    call_command("export_subscribers", str(target), "--publication", publication.slug)
    assert target.read_bytes() == exported(publication)
    assert target.stat().st_mode & 0o077 == 0
    with pytest.raises(CommandError, match="There is no publication"):
        call_command("export_subscribers", "--publication", "nowhere")


def test_only_who_may_publish_downloads_an_export(client):
    publication = make_publication()
    make_subscription(publication, "ana@harbour.example")
    url = f"/admin/subscribers/importrun/export/{publication.pk}.csv"
    client.force_login(make_member(publication, "editor"))
    assert client.get(url).status_code == 403
    client.force_login(make_member(make_publication(), "owner"))
    assert client.get(url).status_code == 403
    client.force_login(make_member(publication, "publisher"))
    answer = client.get(url)
    assert b"ana@harbour.example" in b"".join(answer.streaming_content)
    assert "attachment" in answer["Content-Disposition"]


MOMENT = st.integers(10**15, 10**15 + 10**14).map(
    lambda number: dt.datetime.fromtimestamp(number / 10**6, dt.UTC)
)
MOMENTS = st.one_of(st.none(), MOMENT)
# What a form takes: one line, no space at its ends, nothing that turns the writing.
LINES = st.text(
    st.characters(categories=("L", "N", "P", "S", "Zs"), max_codepoint=0x2FFF), max_size=40
).map(str.strip)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | LINES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LINES, inner, max_size=3),
    max_leaves=5,
)
READERS = st.fixed_dictionaries(
    {
        "name": LINES,
        "language": st.sampled_from(["", "en", "de"]),
        "time_zone": st.sampled_from(["", "Europe/Berlin", "UTC"]),
        "attributes": st.dictionaries(LINES, JSON, max_size=3),
        "status": st.sampled_from(["unconfirmed", "active", "paused", "unsubscribed"]),
        "rhythm": st.sampled_from(["each", "weekly"]),
        "requested_at": MOMENT,
        "confirmed_at": MOMENTS,
        "unsubscribed_at": MOMENTS,
        "paused_until": st.one_of(st.none(), st.dates(dt.date(2000, 1, 1), dt.date(2100, 1, 1))),
        "topics": st.lists(LINES.map(lambda name: name or "a topic"), max_size=3, unique=True),
        "suppressed": st.sampled_from(["", "", "bounce", "complaint", "manual"]),
        "everywhere": st.booleans(),
    }
)


def store(publication, number, facts):
    """Store a reader with *facts*, as far as the constraints allow."""
    if facts["status"] in ("active", "paused") and facts["confirmed_at"] is None:
        facts["confirmed_at"] = timezone.now()
    if facts["status"] == "unsubscribed" and facts["unsubscribed_at"] is None:
        facts["unsubscribed_at"] = timezone.now()
    details = ("name", "language", "time_zone", "attributes")
    subscription = make_subscription(
        publication,
        f"R{number}@{'sub.' * (number % 3)}harbour.example",
        **{key: facts[key] for key in details},
    )
    told = ("status", "rhythm", "requested_at", "confirmed_at", "unsubscribed_at", "paused_until")
    Subscription.objects.filter(pk=subscription.pk).update(**{key: facts[key] for key in told})
    for name in facts["topics"]:
        topic = publication.topics.filter(name=name).first()
        slug = f"t{publication.topics.count()}"
        subscription.topics.add(topic or publication.topics.create(name=name, slug=slug))
    if facts["suppressed"]:
        scope = None if facts["everywhere"] else publication
        suppress(subscription.subscriber.address, facts["suppressed"], scope)


class RoundTrip(TestCase):
    """Export, import into an empty database, export: the same bytes."""

    @settings(max_examples=15)
    @given(people=st.lists(READERS, max_size=6))
    def test_an_export_that_is_imported_is_exported_the_same(self, people):
        with tempfile.TemporaryDirectory() as folder, self.settings(SHARED_DIR=Path(folder)):
            with transaction.atomic():
                publication = make_publication()
                for number, facts in enumerate(people):
                    store(publication, number, facts)
                first = exported(publication)
                transaction.set_rollback(True)
            assert not Subscriber.objects.exists()
            assert not Suppression.objects.exists()
            publication = make_publication()
            path = Path(folder) / "readers.csv"
            path.write_bytes(first)
            run = running.receive(publication, path, name="readers.csv", by=None)
            running.start(run, basis="moved", by=None)
            running.work(60)
            run.refresh_from_db()
            assert (run.status, run.reasons) == ("finished", {})
            assert exported(publication).decode() == first.decode()
