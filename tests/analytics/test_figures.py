"""The figures of an edition: each number is what its name says, and none is made up."""

import csv
import datetime as dt
import io
import json

import pytest
from django.core.management import call_command
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from analytics import counts, figures, queries, rates, weekly
from analytics.models import EditionFigures
from deliveries import tallies
from deliveries.admin.live import progress
from deliveries.models import Batch, Delivery, Edition, HitCount
from tests.analytics.conftest import answered, ended, scatter
from tests.make import make_member, make_publication, make_readers

pytestmark = pytest.mark.django_db


def by_postmark():
    return override_settings(PROVIDERS={"main": {"provider": "postmark"}})


def test_every_number_is_counted_from_its_rows(edition):
    with by_postmark():
        found = figures.count(edition)
    assert found["audience"] == 30
    assert (found["accepted"], found["delivered"], found["bounced"]) == (26, 19, 4)
    assert (found["complained"], found["waiting"], found["deferred"]) == (1, 0, 0)
    assert found["why"] == {
        "skipped": {"left": 1}, "failed": {"refused": 2}, "in-doubt": {"connection lost": 1},
    }  # fmt: skip
    assert found["bounces"] == {
        "permanent": {"no-mailbox": 2, "disabled": 1}, "transient": {"full": 1},
    }  # fmt: skip
    assert found["unsubscribed"] == {"readers": 2, "reasons": {"other": 1, "too-often": 1}}
    assert found["hits"] == {
        "opens": {"human": 12, "machine": 4}, "clicks": {"human": 6, "machine": 20},
    }  # fmt: skip
    assert found["readers"] == {"opened": 2, "clicked": 1}
    hours = found["curve"]["hours"]
    assert (len(hours), hours[0], hours[1], hours[47]) == (
        48, [9, 4, 5, 20], [2, 0, 0, 0], [0, 0, 1, 0],
    )  # fmt: skip
    first = found["links"][0]
    assert (first["label"], first["human"], first["machine"]) == ("the port", 6, 20)
    assert found["heard"] == {"delivery": "all", "bounces": True, "complaints": True}
    assert json.loads(json.dumps(found)) == found


def test_a_relay_that_reports_nothing_leaves_it_unmeasured():
    publication = make_publication(tracking="off")
    make_readers(publication, 3)
    edition = ended(publication)
    Delivery.objects.filter(edition=edition).update(status="sent")
    found = figures.count(edition)
    shares = rates.of(found)
    assert found["hits"] is found["readers"] is found["curve"] is None
    unmeasured = {name for name, rate in shares.items() if not rate["is_measured"]}
    assert unmeasured == {
        "delivered", "bounced", "complained", "opened", "clicked", "opens", "clicks",
    }  # fmt: skip
    assert all(shares[name]["share"] is shares[name]["count"] is None for name in unmeasured)
    assert shares["accepted"] == {"count": 3, "of": 3, "share": 1.0, "is_measured": True}


@pytest.mark.sqlite_only  # no query of it is in doubt
def test_where_one_of_two_lanes_reports_no_share_is_made_of_it(edition):
    Batch.objects.create(edition=edition, number=99, lane="relay", not_before=timezone.now())
    lanes = {"main": {"provider": "postmark"}, "relay": {"provider": "smtp"}}
    with override_settings(PROVIDERS=lanes):
        found = figures.count(edition)
    assert found["heard"]["delivery"] == "some"
    assert not rates.of(found)["delivered"]["is_measured"]


def test_the_domain_of_a_few_readers_is_not_named(edition):
    scatter("large.example", "large.example", "large.example", "own.example")
    found = figures.count(edition)["domains"]
    assert [row["domain"] for row in found] == ["large.example", counts.OTHERS]
    for name in ("audience", "accepted", "bounced", "complained"):
        assert sum(row[name] for row in found) == figures.count(edition)[name]


def test_what_is_settled_stays_when_its_rows_go(edition):
    before = figures.settle(edition)
    Delivery.objects.filter(edition=edition).delete()
    HitCount.objects.filter(edition=edition).delete()
    assert figures.settle(edition) == figures.of(edition) == before
    assert figures.of_many([edition]) == [before]
    EditionFigures.objects.update(counted_at=timezone.now() - dt.timedelta(days=400))
    assert figures.keep() == 0


def test_a_worker_keeps_them_at_a_pace_that_falls_with_age(edition, monkeypatch):
    old = ended(edition.publication, hours=24 * 30)
    monkeypatch.setattr(figures, "LEAST_PAUSE", 0)
    monkeypatch.setattr(figures.cache, "add", lambda *_: True)
    assert figures.keep() == 2
    assert figures.keep() == 0
    EditionFigures.objects.update(counted_at=timezone.now() - dt.timedelta(hours=3))
    assert figures.keep() == 1  # of four days; the other is a month old
    EditionFigures.objects.update(counted_at=timezone.now() - dt.timedelta(hours=25))
    assert figures.keep() == 2
    assert EditionFigures.objects.get(edition=old).figures["audience"] == 30


@pytest.mark.sqlite_only
def test_one_that_cannot_be_counted_holds_up_no_other(edition, monkeypatch):
    ended(edition.publication, hours=200)
    count = figures.count
    monkeypatch.setattr(figures, "count", lambda one: 1 / 0 if one.pk == edition.pk else count(one))
    assert figures.keep() == 1
    assert figures.of_many([edition])[0]["audience"] == 30


@pytest.fixture
def is_large(monkeypatch):
    """Let no edition be counted within a request."""
    monkeypatch.setattr(tallies, "COUNTED_AT_ONCE", 3)


def test_a_page_never_counts_a_large_edition(edition, is_large, django_assert_max_num_queries):
    tallies.keep()
    figures.keep()
    fresh = Edition.objects.select_related("revision", "tally").get(pk=edition.pk)
    with django_assert_max_num_queries(1):
        found = figures.of(fresh)
    assert found["unsubscribed"]["readers"] == 2
    # What the ledger's tally learns, the report tells at once.
    Delivery.objects.filter(edition=edition, status="sent").update(status="delivered")
    tallies.stale([edition.pk])
    tallies.keep()
    assert figures.of(edition)["delivered"] == 22


@pytest.mark.sqlite_only
def test_before_the_first_count_of_a_large_one_nothing_is_invented(edition, is_large):
    assert figures.of(edition)["at"] is None
    assert figures.of_many([edition]) == [figures.of(edition)]
    client = Client()
    client.force_login(make_member(edition.publication, "writer"))
    page = client.get(reverse("admin:analytics_edition_report", args=[edition.pk]))
    assert "not counted yet" in page.content.decode()


# --- the same number everywhere ------------------------------------------------


def test_all_that_shows_the_numbers_shows_the_same(edition, capsys):
    with by_postmark():
        found = figures.of(edition)
        call_command("edition", "report", str(edition.pk), "--json")
        told = json.loads(capsys.readouterr().out)
        client = Client()
        client.force_login(make_member(edition.publication, "publisher"))
        page = client.get(reverse("admin:analytics_edition_report", args=[edition.pk])).context
        table = client.get(
            reverse("admin:analytics_publication_csv", args=[edition.publication_id, "editions"])
        )
        publication = client.get(
            reverse("admin:analytics_publication_report", args=[edition.publication_id])
        ).context
        with timezone.override(dt.UTC):
            mail = weekly.text(
                weekly.of(edition.publication, weekly.weeks.monday(edition.send_at.date()))
            )
        [row] = csv.DictReader(io.StringIO(b"".join(table.streaming_content).decode()))
    live = progress(edition, whole=True)
    outcome = queries.last_editions(frozenset({edition.publication_id}))[0]
    assert told["figures"]["statuses"] == told["statuses"] == found["statuses"]
    assert live["counts"] == outcome.counts == page["figures"]["statuses"] == found["statuses"]
    assert outcome.accepted == found["accepted"]
    assert live["audience"] == outcome.audience == int(row["audience"]) == found["audience"]
    tiles = {tile["key"]: tile["number"] for tile in page["tiles"]}
    cells = {cell["name"]: cell for cell in publication["editions"][0]["cells"]}
    for name, rate in rates.of(found).items():
        assert told["rates"][name] == rate
        if name in rates.OF_READERS:
            assert (tiles[name], row[name]) == (f"{rate['count']:,}", str(rate["count"]))
            assert f"{rate['count']:,} (" in mail
        assert cells[name]["number"] == f"{rate['count']:,}"
    assert row["clicks_human"] == "6"
    assert row["opens_machine"] == "4"


def test_the_command_tells_them_in_words_too(edition, capsys):
    ended(edition.publication, hours=200)
    call_command("edition", "report", str(edition.pk))
    out = capsys.readouterr().out
    assert "Unsubscribed" in out
    assert "bounced (permanent): no-mailbox" in out
    assert "usually" in out


# --- compared ------------------------------------------------------------------


def test_it_is_compared_with_the_ten_before_it_and_no_later_one(edition):
    for hours in range(200, 212):
        ended(edition.publication, hours=hours)
    ended(edition.publication, hours=1)
    compared = rates.compare(edition, figures.of(edition))
    assert len(compared["editions"]) == 10
    assert compared["median"]["accepted"] == pytest.approx(26 / 30, abs=1e-4)
    assert compared["own"]["opened"] == pytest.approx(2 / 26, abs=1e-4)


def test_a_young_edition_is_compared_at_its_own_age(edition):
    young = ended(edition.publication, hours=0)
    compared = rates.compare(young, figures.of(young))
    assert compared["hours"] == 1
    [before] = compared["editions"]
    assert before["shares"]["opens"] == pytest.approx(9 / 26, abs=1e-4)
    assert before["shares"]["opened"] is None


def test_another_kind_and_another_publication_are_not_compared(edition):
    other = make_publication()
    make_readers(other, 3)
    ended(other, hours=200)
    correction = ended(edition.publication, hours=200)
    Edition.objects.filter(pk=correction.pk).update(kind="correction")
    assert rates.compare(edition, figures.of(edition))["editions"] == []


def test_hits_after_the_last_count_of_an_edition_change_it_no_more(edition):
    settled = figures.settle(edition)
    HitCount.objects.update(human=1_000)
    assert figures.of(edition)["hits"] == settled["hits"]
    answered_again = ended(edition.publication, hours=90)
    answered(answered_again)
    assert figures.of(answered_again)["hits"]["opens"]["human"] == 12
