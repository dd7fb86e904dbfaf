"""The figures by part: each a function that reads what others have counted, and names it.

Names end in their unit; what only grows ends in `_total` and lives in Redis
(deliveries.meter). Ages are told instead of moments: they are taken by the
clock of the database or of Redis, which the watching host's may differ from.
"""

import datetime as dt
import shutil
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from django.conf import settings
from django.db.models import (
    Case,
    CharField,
    Count,
    DateTimeField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Now
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from api.models import HookEndpoint, HookMessage
from deliveries import guard, lanes, meter
from deliveries.models import Batch, Delivery, Edition, InboundEvent, Installation, Tally
from deliveries.tracking import stream
from intelbrief import hosts, release
from intelbrief.observing import readiness
from subscribers.models import Notice

# A backlog is counted up to here: that it is this large says enough.
MOST_COUNTED = 10_000
# Editions that ended within this time count among the deliveries that are told of.
LATELY = dt.timedelta(days=1)
MOST_EDITIONS = 200

Figures = Iterator[Metric]


def _gauge(name: str, what: str, value: float | None) -> GaugeMetricFamily:
    """Return a gauge without labels; without a *value*, one that says nothing."""
    family = GaugeMetricFamily(f"intelbrief_{name}", what)
    if value is not None:
        family.add_metric([], value)
    return family


# --- what the lanes do: from Redis --------------------------------------------


def lane_figures() -> Figures:
    """Read what each lane has done, and how it fares."""
    letters = CounterMetricFamily(
        "intelbrief_letters", "Letters handed to a provider.", labels=["lane", "fate"]
    )
    durations = HistogramMetricFamily(
        "intelbrief_letter_duration_seconds",
        "What one letter took a worker to hand over, as the mean of its slice.",
        labels=["lane"],
    )
    troubles = CounterMetricFamily(
        "intelbrief_lane_troubles", "Times that a lane refused and rested.", labels=["lane", "kind"]
    )
    resting = GaugeMetricFamily(
        "intelbrief_lane_resting", "Whether a lane rests just now.", labels=["lane"]
    )
    broken = GaugeMetricFamily(
        "intelbrief_lane_broken", "Whether a lane rested again and again.", labels=["lane"]
    )
    down = lanes.broken()
    for lane in lanes.names():
        reading = meter.read(lane)
        for fate, many in reading.letters.items():
            letters.add_metric([lane, fate], many)
        for kind, many in reading.troubles.items():
            troubles.add_metric([lane, kind], many)
        bounds = [*map(str, meter.BOUNDS), "+Inf"]
        heights = list(zip(bounds, accumulate(reading.buckets), strict=True))
        durations.add_metric([lane], heights, reading.seconds)
        resting.add_metric([lane], lanes.is_held(lane))
        broken.add_metric([lane], lane in down)
    yield from (letters, durations, troubles, resting, broken)


# --- what waits to be sent ----------------------------------------------------


def queue() -> Figures:
    """Read the batches that are not done; an index holds just these."""
    states = GaugeMetricFamily(
        "intelbrief_batches",
        "Batches (500 letters) that are not done: due, later, leased to a worker, stranded "
        "with one that is silent, or held by an edition that does not move.",
        labels=["lane", "state"],
    )
    ages = GaugeMetricFamily(
        "intelbrief_queue_age_seconds",
        "For how long the batch has waited that is due and free the longest.",
        labels=["lane"],
    )
    waiting = Batch.objects.filter(done_at__isnull=True).order_by()
    moves = Exists(Edition.objects.filter(pk=OuterRef("edition"), status__in=Edition.MOVING))
    state = Case(
        When(Q(owner__isnull=False, lease_until__lt=Now()), then=Value("stranded")),
        When(owner__isnull=False, then=Value("leased")),
        When(Q(missed_at__isnull=False) | ~Q(moves), then=Value("held")),
        When(not_before__gt=Now(), then=Value("later")),
        default=Value("due"),
        output_field=CharField(),
    )
    rows = (
        waiting.annotate(state=state)
        .values("lane", "state")
        .annotate(many=Count("pk"), age=_age(Min("not_before")))
    )
    found: dict[tuple[str, str], dict[str, Any]] = {
        (row["lane"], row["state"]): dict(row) for row in rows
    }
    for lane in dict.fromkeys((*lanes.names(), *(lane for lane, _state in found))):
        for name in ("due", "later", "leased", "stranded", "held"):
            states.add_metric([lane, name], found.get((lane, name), {}).get("many", 0))
        due = found.get((lane, "due"))
        ages.add_metric([lane], _seconds(due["age"]) if due else 0)
    yield from (states, ages)


def _age(moment: Any) -> Any:
    """Return how long ago *moment* was, by the database's clock."""
    now = ExpressionWrapper(Now(), output_field=DateTimeField())
    return ExpressionWrapper(now - moment, output_field=DurationField())


def _seconds(age: dt.timedelta) -> float:
    return max(0.0, age.total_seconds())


# --- what became of it --------------------------------------------------------


def editions() -> Figures:
    """Read how many editions are where, and what became of the letters of the latest."""
    family = GaugeMetricFamily("intelbrief_editions", "Editions that there are.", labels=["status"])
    # Without an order, which would be a part of each group.
    rows = Edition.objects.order_by().values_list("status").annotate(Count("pk"))
    found = dict(rows)
    for status in Edition.Status.values:
        family.add_metric([status], found.get(status, 0))
    yield family
    latest = list(
        Edition.objects.filter(
            Q(status__in=Edition.OPEN) | Q(finished_at__gt=Now() - LATELY),
            pruning_at__isnull=True,
        )
        .order_by("-pk")
        .values_list("pk", "audience")[:MOST_EDITIONS]
    )
    yield _gauge(
        "audience_readers",
        "Readers of the editions that are open or ended within a day.",
        sum(audience or 0 for _pk, audience in latest),
    )
    ids = [pk for pk, _audience in latest]
    yield from (_by_batches(ids), _by_tallies(ids))


def _by_batches(ids: list[int]) -> Metric:
    """Return what the batches of the editions *ids* have counted: 500 letters a row."""
    family = GaugeMetricFamily(
        "intelbrief_deliveries",
        "Deliveries of the editions that are open or ended within a day, as their batches "
        "count them: what came to the status, if it has gone on to another or not.",
        labels=["lane", "status"],
    )
    columns = {
        Delivery.Status.SENT: "sent",
        Delivery.Status.FAILED: "refused",
        Delivery.Status.BOUNCED: "bounced",
        Delivery.Status.COMPLAINED: "complained",
    }
    sums = {f"all_{column}": Sum(column) for column in columns.values()}
    rows = Batch.objects.filter(edition__in=ids).order_by().values("lane").annotate(**sums)
    found: dict[str, dict[str, Any]] = {row["lane"]: dict(row) for row in rows}
    for lane in dict.fromkeys((*lanes.names(), *found)):
        for status, column in columns.items():
            family.add_metric([lane, status], found.get(lane, {}).get(f"all_{column}", 0))
    return family


def _by_tallies(ids: list[int]) -> Metric:
    """Return the statuses that the tallies of the editions *ids* were last counted with."""
    family = GaugeMetricFamily(
        "intelbrief_tallied_deliveries",
        "Deliveries of the editions that are open or ended within a day, by the status that "
        "they had when they were last counted; small editions are counted at their end.",
        labels=["status"],
    )
    counted = Tally.objects.filter(edition__in=ids).values_list("report__statuses", flat=True)
    sums = dict.fromkeys(map(str, Delivery.Status.values), 0)
    for statuses in counted:
        for status, many in (statuses or {}).items():
            sums[status] = sums.get(status, 0) + many
    for status, many in sums.items():
        family.add_metric([status], many)
    return family


# --- what is behind -----------------------------------------------------------


def _backlog(name: str, what: str, rows: QuerySet[Any]) -> Figures:
    """Tell how many of *rows*, which have a due time and an index on it, wait, and how long."""
    due = rows.filter(due_at__lte=Now())
    count = due.order_by()[:MOST_COUNTED].count()
    yield _gauge(f"{name}_waiting", f"{what} At most {MOST_COUNTED} are counted.", count)
    oldest = due.order_by("due_at").annotate(age=_age(F("due_at"))).values_list("age", flat=True)
    age = oldest.first()
    yield _gauge(
        f"{name}_age_seconds",
        f"For how long the first has waited. {what}",
        0 if age is None else _seconds(age),
    )


def inbound() -> Figures:
    """Read how far the reports of providers and servers are behind."""
    what = "Bounces, complaints and the like that came in and are due to be applied."
    yield from _backlog("inbound_events", what, InboundEvent.objects.all())


def notices() -> Figures:
    """Read how many confirmations and the like have not gone out.

    Not by notices.due(), which asks the guard, and that would be a sign of life of its own.
    """
    what = "Single mails (confirmations, welcomes, words to editors) that are due."
    unsent = Notice.objects.filter(status=Notice.Status.UNSENT)
    yield from _backlog("notices", what, unsent)


def hooks() -> Figures:
    """Read how far the outgoing webhooks are behind."""
    what = "Messages to other programs (outgoing webhooks) that are due."
    active = HookEndpoint.objects.filter(status=HookEndpoint.Status.ACTIVE)
    pending = HookMessage.objects.filter(status=HookMessage.Status.PENDING, endpoint__in=active)
    yield from _backlog("outgoing_webhooks", what, pending)


def hits() -> Figures:
    """Read how far the counting of opens and clicks is behind."""
    with stream.connected() as redis:
        many = int(redis.xlen(stream.KEY))
        first = redis.xrange(stream.KEY, count=1) if many else []
        seconds, micros = redis.time()
    yield _gauge("hit_entries_waiting", "Entries of opens and clicks in the stream.", many)
    now = int(seconds) + int(micros) / 1_000_000
    begun = int(first[0][0].partition(b"-")[0]) / 1000 if first else now
    yield _gauge(
        "hit_entries_age_seconds",
        "How old the first entry of opens and clicks is; they are held for some seconds.",
        max(0.0, now - begun),
    )


# --- who is at work -----------------------------------------------------------


def life() -> Figures:
    """Read when workers and scheduler ticked last, and what the installation is."""
    ticks = GaugeMetricFamily(
        "intelbrief_tick_age_seconds",
        "When it last rang for a tick that a worker then made; nothing if never.",
        labels=["by"],
    )
    for by in ("worker", "scheduler"):
        age = readiness.rang(by)
        if age != float("inf"):
            ticks.add_metric([by], age)
    yield ticks
    seen = Installation.objects.filter(pk=1).annotate(age=_age(F("seen_at")))
    age_seen = seen.values_list("age", flat=True).first()
    yield _gauge(
        "database_seen_age_seconds",
        "When a worker last noted in the database that it is at work.",
        None if age_seen is None else _seconds(age_seen),
    )
    held = guard.held() is not None
    yield _gauge("installation_held", "Whether nothing is sent until somebody confirms.", held)
    free = shutil.disk_usage(settings.VAR_DIR).free
    yield _gauge("disk_free_bytes", "Room on the disk of VAR_DIR of the host that answers.", free)
    build = GaugeMetricFamily(
        "intelbrief_build_info", "Which version runs; always 1.", labels=["version"]
    )
    build.add_metric([release.version() or "unknown"], 1)
    yield build


def requests() -> Figures:
    """Read how many asked for us by a name that is not ours."""
    what = "Requests that were answered 400, as their Host is none of ALLOWED_HOSTS."
    family = CounterMetricFamily("intelbrief_foreign_hosts", what)
    family.add_metric([], hosts.counted())
    yield family


PARTS: dict[str, Callable[[], Figures]] = {
    "lanes": lane_figures,
    "queue": queue,
    "editions": editions,
    "inbound_events": inbound,
    "notices": notices,
    "outgoing_webhooks": hooks,
    "hits": hits,
    "life": life,
    "requests": requests,
}
