"""What we hold of a reader, handed over or erased: this app's part, and all below it."""

from typing import Any

from django.db import connection, transaction
from django.db.models import Max, Q, TextField
from django.db.models.functions import Cast

from briefs.addresses import normalise
from briefs.models import ClientGroup, User
from briefs.rendering import fill_line
from deliveries.models import (
    PIXEL,
    Delivery,
    DeliveryEvent,
    Edition,
    InboundEvent,
    Installation,
    ReaderHit,
    Segment,
)
from deliveries.tracking import counting
from subscribers import privacy, redaction, story
from subscribers.importing import forgetting
from subscribers.models import Subscriber

LEFT_OF_A_NAME = 60  # characters; the shortest such name has 80


def export(reader: Subscriber) -> dict[str, Any]:
    """Return everything that we hold of *reader*, for the reader."""
    rows = (
        Delivery.objects.filter(subscriber=reader)
        .select_related("edition__publication", "edition__revision")
        .prefetch_related("events", "hits")
        .order_by("pk")
    )
    return {
        **story.reader_story(reader),
        "deliveries": [
            {
                "publication": row.edition.publication.slug,
                "headline": fill_line(row.edition.revision.snapshot["headline"]),
                "date": row.edition.revision.snapshot["date"],
                "status": row.status,
                "reason": row.reason,
                "server_said": row.reply,
                "changed_at": row.changed_at.isoformat() if row.changed_at else None,
                "reports": _reports(row),
                "hits": _hits(row),
            }
            for row in rows.iterator(chunk_size=1_000)
        ],
    }


def _reports(row: Delivery) -> list[dict[str, Any]]:
    """Return what the provider and the reader's server told of a letter after it was sent."""
    return [
        {
            "what": event.type,
            "at": event.at.isoformat(),
            "by": event.source,
            "status": event.code,
            "reason": event.reason,
            "server_said": event.words,
        }
        for event in row.events.all()
    ]


def _hits(row: Delivery) -> list[dict[str, Any]]:
    """Return what is held of a reader's opens and clicks: nothing but where each was told of."""
    return [
        {
            "what": "opened" if hit.position == PIXEL else f"followed link {hit.position + 1}",
            "first_at": hit.first_at.isoformat(),
            "times": hit.hits,
            "by_a_machine": hit.is_machine,
        }
        for hit in row.hits.all()
    ]


def erase(reader: Subscriber, *, source: str, by: User | None = None) -> dict[str, int]:
    """Forget *reader* everywhere; return counts of what was stripped.

    What remains is the keyed hash of the address in the evidence and the
    suppressions, so that no import brings the reader back, and the ledger's
    rows, which name nobody any more. A crash leaves all or nothing in the
    database; the files are written over first, and again by a repeat. So are
    reports that wait to be applied: a hundred thousand may, and nobody else
    could write to SQLite while they were read.
    """
    for address in privacy.addresses_of(reader):
        forgetting.forget(address)
    _overwrite_deleted()
    known = privacy.traces_of(reader, by=by, source=source)
    sent = set(Delivery.objects.filter(subscriber=reader.pk).values_list("pk", flat=True))
    seen = _strip_what_waits(sent, known)
    with transaction.atomic():
        # Their letters before the reader, as whoever writes down a report of one does: it is
        # waited for, and two that wait for each other would be a deadlock.
        own = Delivery.objects.filter(subscriber=reader.pk).order_by("pk")
        list(own.select_for_update(no_key=True).values_list("pk", flat=True))
        held = Subscriber.objects.select_for_update().filter(pk=reader.pk).first()
        if held is None:
            return {"subscriptions": 0, "records": 0, "deliveries": 0}
        theirs = set(Delivery.objects.filter(subscriber=held).values_list("pk", flat=True))
        ReaderHit.objects.filter(delivery__in=theirs).delete()
        deliveries = Delivery.objects.filter(subscriber=held).update(reply="")
        DeliveryEvent.objects.filter(delivery__in=theirs).exclude(words="").update(words="")
        traces = privacy.traces_of(held, by=by, source=source)
        is_known = theirs <= sent and traces == known
        _strip_what_waits(theirs, traces, after=seen if is_known else 0)
        _scrub(traces)
        counts = privacy.erase_reader(held, by=by, source=source)
    # What was being counted, and told, in that moment: of two reports that come in at once, the
    # first by its number may be seen the last.
    counting.forget_erased(theirs)
    _strip_what_waits(theirs, traces)
    _empty_the_log_of_writes()
    return {**counts, "deliveries": deliveries}


def erase_address(address_raw: str, *, source: str, by: User | None = None) -> dict[str, int]:
    """Forget an address, whether it is a reader or not; raise InvalidAddress."""
    known = normalise(address_raw)
    reader = Subscriber.objects.filter(address_key=known.key).first()
    if reader is not None:
        return erase(reader, source=source, by=by)
    forgetting.forget(known.address)
    _overwrite_deleted()
    traces = redaction.Traces(frozenset({*forgetting.spellings(known.address), known.key}))
    seen = _strip_what_waits(set(), traces)
    with transaction.atomic():
        _strip_what_waits(set(), traces, after=seen)
        _scrub(traces)
        counts = privacy.erase_address(known.address, known.key, by=by, source=source)
    _strip_what_waits(set(), traces)
    _empty_the_log_of_writes()
    return {**counts, "deliveries": 0}


def _scrub(traces: redaction.Traces) -> None:
    """Take a reader out of what editors called or chose, and of why an edition was paused.

    A provider's answer, which may name a reader, can be such a reason.
    """
    for model in (Edition, Installation):
        redaction.scrub_rows(model, ("word",), traces)
    kinds: tuple[type[Segment] | type[ClientGroup], ...] = (Segment, ClientGroup)
    for kind in kinds:
        for pk, name in kind._default_manager.filter(traces.found_in(["name"])).values_list(
            "pk", "name"
        ):
            if (left := traces.redact(name)) != name:
                # Two that bore nothing but the reader's name must not end as one.
                kind._default_manager.filter(pk=pk).update(name=f"{left[:LEFT_OF_A_NAME]} {pk}")
    for rows in (Segment.objects.all(), Edition.objects.exclude(rules=[])):
        redaction.scrub_json(rows, "rules", traces)


def _strip_what_waits(theirs: set[int], traces: redaction.Traces, after: int = 0) -> int:
    """Leave of reports that nobody has applied yet what became of the letter, and no more.

    Looks at those *after* a row, and returns the last one that there was. The
    database finds them; only what may be about the reader is read here.
    """
    last: int = InboundEvent.objects.aggregate(last=Max("pk", default=0))["last"]
    waiting = InboundEvent.objects.annotate(text=Cast("payload", TextField()))
    which = Q(payload__delivery__in=sorted(theirs)) | traces.begun_in("text")
    found = waiting.filter(which, pk__gt=after, pk__lte=last).order_by("pk")
    for pk, payload in list(found.values_list("pk", "payload")):
        if payload.get("delivery") in theirs or traces.redact_within(payload) != payload:
            left = {key: payload[key] for key in payload if key not in ("address", "words")}
            InboundEvent.objects.filter(pk=pk).update(payload=left)
    return last


def scrub_late_replies() -> int:
    """Empty what a server said of a reader who was erased while the mail was on its way."""
    return Delivery.objects.filter(subscriber__isnull=True).exclude(reply="").update(reply="")


def _overwrite_deleted() -> None:
    """Have SQLite fill what it deletes with zeros; PostgreSQL's vacuum frees it in its time."""
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA secure_delete=ON")


def _empty_the_log_of_writes() -> None:
    """Have SQLite fold its write-ahead log into the file, which still shows the old pages.

    While others read it stays; the next checkpoint does it.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
