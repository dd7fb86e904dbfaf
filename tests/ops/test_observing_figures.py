"""What Prometheus is told, that it is true, and that it costs little."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families
from redis.exceptions import ConnectionError as RedisAway

from deliveries import events, lanes, ledger, meter, planning, sending, tallies
from deliveries.models import Batch, Edition, InboundEvent
from intelbrief.observing import exposition, figures, sentry
from subscribers import redis_link
from subscribers.models import Notice
from tests.make import make_brief, make_edition, make_publication, make_readers

ROOT = Path(__file__).resolve().parents[2]
UNITS = ("_seconds", "_bytes", "_ratio")


def scraped() -> dict[tuple[str, ...], float]:
    """Return each sample of a scrape, by name and label values."""
    text = exposition.scrape("")[0].decode()
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.django_db
def test_the_figures_tell_of_an_edition_what_became_of_it(smtp_server, empty_meter):
    publication = make_publication()
    readers = make_readers(publication, 5)
    smtp_server.refuse(readers[0])
    edition = make_edition(make_brief(publication))
    later = make_edition(make_brief(publication), send_at=timezone.now().replace(year=2050))
    planning.start_due()
    before = scraped()
    sending.drain("main")
    Edition.objects.filter(pk=edition.pk).update(status="finished", finished_at=timezone.now())
    tallies.keep()
    after = scraped()
    assert later.status == "scheduled"
    assert before["intelbrief_batches", "main", "due"] == 1
    assert before["intelbrief_queue_age_seconds", "main"] >= 0
    assert before["intelbrief_editions", "sending"] == 1
    assert before["intelbrief_audience_readers",] == 5
    assert before["intelbrief_letters_total", "sent", "main"] == 0
    assert after["intelbrief_batches", "main", "due"] == 0
    assert after["intelbrief_editions", "scheduled"] == 1
    assert after["intelbrief_letters_total", "sent", "main"] == 4
    assert after["intelbrief_letters_total", "failed", "main"] == 1
    assert after["intelbrief_letter_duration_seconds_count", "main"] == 5
    assert after["intelbrief_letter_duration_seconds_bucket", "main", "+Inf"] == 5
    assert 0 < after["intelbrief_letter_duration_seconds_sum", "main"] < 60
    assert after["intelbrief_deliveries", "main", "sent"] == 4
    assert after["intelbrief_deliveries", "main", "failed"] == 1
    assert after["intelbrief_tallied_deliveries", "sent"] == 4


@pytest.mark.django_db
def test_a_batch_is_in_one_state(smtp_server):
    publication = make_publication()
    make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    batch = Batch.objects.filter(edition=edition)
    a_day = timezone.timedelta(days=1)
    owner = "00000000-0000-0000-0000-000000000001"
    for state, change in {
        "due": {},
        "later": {"not_before": timezone.now() + a_day},
        "leased": {"owner": owner, "lease_until": timezone.now() + a_day},
        "stranded": {"owner": owner, "lease_until": timezone.now() - a_day},
        "held": {"owner": None, "lease_until": None, "missed_at": timezone.now()},
    }.items():
        batch.update(**change)
        found = scraped()
        states = {key[2]: value for key, value in found.items() if key[0] == "intelbrief_batches"}
        assert {name for name, many in states.items() if many} == {state}
    batch.update(missed_at=None)
    Edition.objects.update(status="paused")
    assert scraped()["intelbrief_batches", "main", "held"] == 1


@pytest.mark.django_db
def test_no_scrape_looks_at_readers_or_deliveries_however_many_editions_there_are():
    publication = make_publication()
    make_readers(publication, 2)

    def asked() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            exposition.scrape("")
        return [query["sql"] for query in queries]

    make_edition(make_brief(publication))
    few = asked()
    for _number in range(3):
        make_edition(make_brief(publication))
    planning.start_due()
    many = asked()
    assert len(many) == len(few) <= 60
    large = ("deliveries_delivery", "subscribers_subscri", "subscribers_consent", "readerhit")
    assert not [sql for sql in many if any(f'"{name}' in sql for name in large)]


@pytest.mark.django_db
def test_backlogs_are_found_by_their_indexes_and_counted_up_to_a_limit(monkeypatch):
    InboundEvent.objects.bulk_create(
        InboundEvent(source="postmark", key=str(number), payload={}) for number in range(30)
    )
    monkeypatch.setattr(figures, "MOST_COUNTED", 20)
    assert scraped()["intelbrief_inbound_events_waiting",] == 20
    assert events.due().count() == 30
    if connection.vendor == "sqlite":
        with CaptureQueriesContext(connection) as queries:
            list(figures.inbound())
        plans = []
        with connection.cursor() as cursor:
            for query in queries:
                cursor.execute(f"EXPLAIN QUERY PLAN {query['sql']}")
                plans += [row[3] for row in cursor.fetchall()]
        assert any("inbound_events_that_wait" in plan for plan in plans)


@pytest.mark.django_db
def test_a_notice_that_waits_is_counted_and_a_scrape_is_no_sign_of_life():
    assert not Notice.objects.exists()
    found = scraped()
    assert found["intelbrief_notices_waiting",] == 0
    assert ("intelbrief_database_seen_age_seconds",) not in found
    assert ("intelbrief_tick_age_seconds", "worker") not in found


@pytest.mark.django_db
def test_what_cannot_be_read_is_said_and_the_rest_is_told(monkeypatch):
    def away():
        raise RedisAway("no Redis")
        yield

    monkeypatch.setitem(figures.PARTS, "lanes", away)
    found = scraped()
    assert found["intelbrief_scrape_failed", "lanes"] == 1
    assert found["intelbrief_scrape_failed", "queue"] == 0
    assert ("intelbrief_editions", "paused") in found


# --- the form -------------------------------------------------------------------


@pytest.mark.sqlite_only
@pytest.mark.django_db
def test_names_and_words_are_as_prometheus_wants_them(client):
    openmetrics = client.get("/metrics", HTTP_ACCEPT="application/openmetrics-text; version=1.0.0")
    assert openmetrics.headers["Content-Type"].startswith("application/openmetrics-text")
    assert list(read_openmetrics(openmetrics.content.decode()))
    text = client.get("/metrics")
    assert text.headers["Content-Type"].startswith("text/plain; version=")
    for family in text_string_to_metric_families(text.content.decode()):
        assert re.fullmatch(r"intelbrief(_[a-z]+)+", family.name)
        assert family.documentation.endswith(".") or family.documentation.endswith("1.")
        names = {sample.name for sample in family.samples}
        if family.type == "counter":
            assert all(name.endswith("_total") for name in names)
        elif family.type == "gauge":
            assert not family.name.endswith(("_total", "_count", "_sum", "_bucket"))
        if "age" in family.name.split("_") or "duration" in family.name:
            assert family.name.endswith(UNITS)


@pytest.mark.sqlite_only
@pytest.mark.django_db
def test_alerts_and_dashboard_name_only_figures_that_there_are():
    cache.set("rang:scheduler", 1.0, 86_400)
    text = exposition.scrape("")[0].decode()
    families = list(text_string_to_metric_families(text))
    known = {name for family in families for name in _names_of(family)}
    for place in ("deploy/prometheus/alerts.yml", "deploy/grafana/intelbrief.json"):
        named = set(re.findall(r"\bintelbrief_[a-z_]+", (ROOT / place).read_text()))
        assert named
        assert named <= known, f"{place} names {named - known}"
    dashboard = json.loads((ROOT / "deploy/grafana/intelbrief.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids))


def _names_of(family):
    if family.type == "histogram":
        return {f"{family.name}_{part}" for part in ("bucket", "sum", "count")}
    return {f"{family.name}_total"} if family.type == "counter" else {family.name}


@pytest.mark.sqlite_only
@pytest.mark.django_db
def test_every_figure_is_told_of_in_the_docs():
    page = (ROOT / "docs/observing.md").read_text()
    families = text_string_to_metric_families(exposition.scrape("")[0].decode())
    assert [one.name for one in families if f"`{one.name}" not in page] == []


# --- the meter --------------------------------------------------------------------


@pytest.fixture
def empty_meter(monkeypatch):
    """Hand in what other tests have left, and nothing by itself from then on."""
    meter.hand_in()
    cache.clear()
    monkeypatch.setattr(meter, "EVERY", 3600.0)
    yield
    meter.hand_in()


def outcomes(*fates):
    return [ledger.Outcome(number, 1, fate) for number, fate in enumerate(fates)]


SENT, FAILED = ledger.Fate.SENT, ledger.Fate.FAILED


@pytest.mark.sqlite_only
def test_slices_go_to_redis_together(empty_meter):
    meter.count("main", outcomes(SENT, SENT, FAILED), 0.3)
    meter.count("main", outcomes(SENT, ledger.Fate.NOT_ACCEPTED), 0.004)
    meter.count_trouble("main", lanes.LogInRefused("535"))
    assert sum(meter.read("main").letters.values()) == 0
    meter.hand_in()
    meter.hand_in()
    reading = meter.read("main")
    assert reading.letters == {
        "sent": 3,
        "failed": 1,
        "not-accepted": 1,
        "deferred": 0,
        "in-doubt": 0,
    }
    assert reading.troubles["log-in"] == 1
    assert sum(reading.buckets) == 4
    assert reading.seconds == pytest.approx(0.304)
    # 100 ms a letter, and 4 ms for the one that was judged.
    assert reading.buckets[meter.BOUNDS.index(0.1)] == 3
    assert reading.buckets[meter.BOUNDS.index(0.005)] == 1


@pytest.mark.sqlite_only
def test_what_redis_does_not_take_waits_for_it(empty_meter, monkeypatch):
    asked = []

    def away():
        asked.append(1)
        raise RedisAway("no Redis")

    with monkeypatch.context() as patch:
        patch.setattr(redis_link, "client", away)
        patch.setattr(meter, "EVERY", 0.0)
        for _slice in range(3):
            meter.count("main", outcomes(SENT), 0.1)
    assert len(asked) == 3
    meter.hand_in()
    assert meter.read("main").letters["sent"] == 3


@pytest.mark.sqlite_only
def test_each_trouble_of_a_lane_has_a_kind_of_its_own():
    kinds = {lanes.LaneTrouble, *_below(lanes.LaneTrouble)}
    assert kinds == set(meter.KINDS)


def _below(kind):
    ours = [one for one in kind.__subclasses__() if one.__module__ == lanes.__name__]
    return {*ours, *(deeper for one in ours for deeper in _below(one))}


@pytest.mark.django_db
def test_figures_and_reports_of_faults_tell_which_version_runs():
    known = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert scraped()["intelbrief_build_info", known] == 1
    told = sentry.options("https://key@sentry.example/1", "production")
    assert told["release"] == f"intelbrief@{known}"
