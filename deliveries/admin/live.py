"""The figures of an edition's live page: bar, lanes, domains, and the servers' words.

Nothing here counts the ledger: deliveries.tallies does, beside the send.
"""

from typing import Any

from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from deliveries import lanes, reports, tallies
from deliveries.admin import moments
from deliveries.models import Batch, Delivery, Edition

TONES = {
    Edition.Status.SCHEDULED: "info",
    Edition.Status.SENDING: "info",
    Edition.Status.PAUSED: "warning",
    Edition.Status.FINISHING: "info",
    Edition.Status.FINISHED: "success",
    Edition.Status.WITHDRAWN: "neutral",
    Edition.Status.MISSED: "danger",
    Edition.Status.CANCELLED: "neutral",
}
# In the order in which the bar shows them; what is pending or sending is its empty rest.
SETTLED = ("sent", "delivered", "bounced", "complained", "failed", "in-doubt", "skipped")
# What a person may decide about readers who missed their time.
LATE_VERBS = ("send-missed", "skip-missed")
MOST_WORDS, MOST_DOMAINS = 10, 10
# How long the page waits before it asks again, in seconds.
PAUSE = 1.5


def verbs_for(edition: Edition, report: dict[str, Any]) -> list[str]:
    """Return what may be done to *edition* in its present status, with such a reports.summary()."""
    return [*_verbs_of_status(edition), *_verbs_of_deliveries(edition, report)]


def _verbs_of_deliveries(edition: Edition, report: dict[str, Any]) -> list[str]:
    if edition.is_pruned:
        return []
    counts: dict[str, int] = report["statuses"]
    readers = {"leave": counts["in-doubt"] - reports.left(report)}
    if edition.status in (Edition.Status.FINISHED, *Edition.MOVING):
        readers = {"retry": counts["failed"], "send-again": counts["in-doubt"], **readers}
    if edition.status == Edition.Status.FINISHED:
        readers["tell-late"] = report.get("late", 0)
    return [verb for verb, number in readers.items() if number > 0]


def _verbs_of_status(edition: Edition) -> list[str]:
    status = Edition.Status(edition.status)
    if status in (Edition.Status.SCHEDULED, Edition.Status.MISSED):
        return ["withdraw"]
    if status in Edition.MOVING:
        return ["pause", "cancel"]
    if status == Edition.Status.PAUSED:
        return ["resume", "cancel"]
    return []


def progress(edition: Edition, *, whole: bool) -> dict[str, Any]:
    """Return how far *edition* is, as the live page and its script show it.

    *whole*: with the servers' own words and the readers' domains. A server
    names the address that it refuses, and addresses are for who publishes.
    """
    details = tallies.details(edition)
    counts: dict[str, int] = details["statuses"]
    audience: int = details["audience"] or edition.audience or 0
    settled = sum(counts[status] for status in SETTLED)
    by_moment = moments.progress(edition, details.get("moments", []))
    late = sum(row["missed"] for row in by_moment)
    since = edition.frozen_at or edition.started_at
    ended = edition.finished_at or timezone.now()
    samples = _samples(details) if whole else {}
    return {
        "status": edition.status,
        "status_name": str(edition.get_status_display()),
        "tone": TONES[Edition.Status(edition.status)],
        "is_open": edition.is_open,
        # Once it is over, the page waits for the last count.
        "is_moving": edition.is_open or not details["is_counted"],
        "word": edition.word,
        "audience": audience,
        "settled": settled,
        "percent": _percent(settled, audience),
        "counts": counts,
        "reasons": details["reasons"],
        "seconds": max((ended - since).total_seconds(), 0.0) if since else 0.0,
        "until_start": max((edition.send_at - timezone.now()).total_seconds(), 0.0),
        "pause": PAUSE,
        "verbs": [*(LATE_VERBS if late else ()), *verbs_for(edition, details)],
        "missed": late,
        # Of a correction: whom it should have told, had the ledger known.
        "untold": details.get("late", 0) if edition.status == Edition.Status.FINISHED else 0,
        "moments": by_moment,
        "lanes": by_lane(edition, sum(counts[status] for status in tallies.WAITING)),
        "words": _words(details, samples),
        "domains": _domains(details, samples),
    }


def _percent(settled: int, audience: int) -> float:
    """Return the share that is settled, 100 only where nobody is left."""
    if not audience:
        return 0
    share = round(100 * settled / audience, 1)
    return min(share, 99.9) if settled < audience else share


def bar(counts: dict[str, int], audience: int, css: str = "") -> SafeString:
    """Return the progress of an edition as a bar with a part for each status."""
    names = dict(Delivery.Status.choices)
    parts = [
        (status, 100 * counts[status] / audience, names[status], counts[status])
        for status in SETTLED
        if audience and counts.get(status)
    ]
    inner = format_html_join(
        "",
        '<span class="ib-part-{}" style="width:{}%" title="{}: {}"></span>',
        ((s, f"{share:.3f}", name, number) for s, share, name, number in parts),
    )
    done = sum(counts.get(status, 0) for status in SETTLED)
    label = _("%(done)s of %(all)s") % {"done": f"{done:,}", "all": f"{audience:,}"}
    return format_html(
        '<span class="ib-bar {}" role="img" aria-label="{}">{}</span>', css, label, inner
    )


# --- by lane ------------------------------------------------------------------


def by_lane(edition: Edition, waiting: int) -> list[dict[str, Any]]:
    """Return what each lane has taken and refused, and how it fares, from the batches' counters.

    The *waiting* are shared out among the lanes by their open batches: a few
    hundred rows, where the ledger has a million.
    """
    rows = _batches(edition)
    all_open = sum(row["open"] for row in rows)
    down = lanes.broken() if edition.is_open else set()
    return [
        {
            "lane": row["lane"],
            "sent": row["sent"],
            "refused": row["refused"],
            "waiting": round(waiting * row["open"] / all_open) if all_open else 0,
            **_state(row["lane"], down, is_open=edition.is_open),
        }
        for row in rows
    ]


def _batches(edition: Edition) -> list[Any]:
    """Return what the batches of *edition* have counted on each lane, or had when they went."""
    if edition.is_pruned:
        return list(tallies.details(edition).get("lanes", []))
    return list(
        Batch.objects.filter(edition=edition)
        .order_by()
        .values("lane")
        .annotate(
            sent=Sum("sent"),
            refused=Sum("refused"),
            open=Count("pk", filter=Q(done_at__isnull=True)),
        )
        .order_by("lane")
    )


def _state(lane: str, down: set[str], *, is_open: bool) -> dict[str, str]:
    """Return how *lane* fares: "state", its "tone", and the "why"."""
    if not is_open:
        return {"state": "", "tone": "neutral", "why": ""}
    if lane not in lanes.names():
        why = _("Nobody configures it any more; what waits there moves to another lane.")
        return {"state": _("gone"), "tone": "danger", "why": why}
    words = lanes.last_trouble(lane)[1]
    if lane in down:
        return {"state": _("broken"), "tone": "danger", "why": words}
    if lanes.is_held(lane):
        return {"state": _("rests"), "tone": "warning", "why": words}
    return {"state": _("at work"), "tone": "success", "why": ""}


# --- words and domains --------------------------------------------------------

_Sample = tuple[str, str]


def _samples(details: dict[str, Any]) -> dict[int, _Sample]:
    """Return the reply and the domain of each sample, from the ledger's own rows."""
    groups = [*details["words"][:MOST_WORDS], *details["domains"][:MOST_DOMAINS]]
    ids = {pk for group in groups for pk in group["samples"]}
    if not ids:
        return {}
    rows = Delivery.objects.filter(pk__in=ids)
    found = rows.values_list("pk", "reply", "subscriber__domain")
    return {pk: (reply, domain or "") for pk, reply, domain in found}


def _first(group: dict[str, Any], samples: dict[int, _Sample], part: int) -> str:
    """Return what the first sample still says: a reader may have been erased since."""
    texts = (samples[pk][part] for pk in group["samples"] if pk in samples)
    return next((text for text in texts if text), "")


def _words(details: dict[str, Any], samples: dict[int, _Sample]) -> list[dict[str, Any]]:
    """Return why readers got nothing, the most frequent first."""
    names = dict(Delivery.Status.choices)
    rows: dict[tuple[str, str, str], dict[str, Any]] = {}

    def add(status: str, reason: str, reply: str, readers: int) -> None:
        row = rows.setdefault(
            (status, reason, reply),
            {
                "status": status,
                "status_name": str(names[status]),
                "reason": reason,
                "reply": reply,
                "readers": 0,
            },
        )
        row["readers"] += readers

    for group in details["words"]:
        add(group["status"], group["reason"], _first(group, samples, 0), group["readers"])
    for status, reason, readers in details["why"]:
        if status == Delivery.Status.SKIPPED:
            add(status, reason, "", readers)
    return sorted(rows.values(), key=lambda row: -int(row["readers"]))[:MOST_WORDS]


def _domains(details: dict[str, Any], samples: dict[int, _Sample]) -> list[dict[str, Any]]:
    """Return the receiving domains that gave trouble, the worst first."""
    rows = []
    for group in details["domains"][:MOST_DOMAINS] if samples else ():
        figures = {key: group[key] for key in ("failed", "deferred", "in_doubt")}
        rows.append({"domain": _first(group, samples, 1) or _("erased"), **figures})
    return rows
