"""Hits, out of the stream and into the database: each of them once, whatever dies in between.

A group of them is read, judged together with all that came shortly before and
after, and written down in the commit that moves the cursor. Only then is the
stream cut off, so a crash leaves entries behind that nobody counts again.
"""

import datetime as dt
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, Q
from redis.exceptions import RedisError

from deliveries.models import Delivery, HitCursor, Link, ReaderHit
from deliveries.tracking import stream, verdicts
from deliveries.tracking.hits import CANARY, Hit
from deliveries.tracking.stream import Entry
from deliveries.tracking.targets import Policy, policies
from deliveries.tracking.verdicts import WINDOW_SECONDS, Verdict
from subscribers.models import Subscription

log = logging.getLogger(__name__)

# Hits that are read and judged together, about: each time, their surroundings are too.
MOST_HITS = 50_000
# Hits of one commit, about: with a row for each of their readers, 0.1 s of SQLite's one writer.
MOST_AT_ONCE = 5_000
_PAGE = 2_000  # entries
_HOUR = 3_600_000
# Lives of the stream whose cursors are kept: an old file may bring one back.
_MOST_CURSORS = 50
_CHUNK = 5_000  # ids in one question
_ROWS = 1_000  # in one statement
_PATIENCE_SECONDS = 20.0

_ADD = """
INSERT INTO deliveries_hitcount (edition_id, position, hour, human, machine) VALUES {}
ON CONFLICT (edition_id, position, hour) DO UPDATE SET
  human = deliveries_hitcount.human + excluded.human,
  machine = deliveries_hitcount.machine + excluded.machine
"""
_ADD_READERS = """
INSERT INTO deliveries_readerhit (delivery_id, position, is_machine, first_at, hits) VALUES {}
ON CONFLICT (delivery_id, position, is_machine) DO UPDATE SET
  hits = deliveries_readerhit.hits + excluded.hits,
  first_at = CASE WHEN excluded.first_at < deliveries_readerhit.first_at
             THEN excluded.first_at ELSE deliveries_readerhit.first_at END
"""


def waits() -> bool:
    """Tell whether hits wait to be counted, or to be dropped after that."""
    try:
        with stream.connected() as redis:
            return not stream.is_empty(redis)
    except RedisError:
        return False


def work(seconds: float) -> bool:
    """Count for about *seconds*; return True if more could be counted at once."""
    deadline = time.monotonic() + seconds
    try:
        with stream.connected(_PATIENCE_SECONDS) as redis:
            while count_group(redis):
                if time.monotonic() > deadline:
                    return True
    except RedisError as error:
        log.warning("Redis is away: %s. What it holds is counted later.", type(error).__name__)
    return False


@dataclass
class Group:
    """What is read and judged together: what is to be counted, and what its verdicts rest on."""

    life: str
    since: str  # the cursor as it was
    now: int = 0
    due: list[Entry] = field(default_factory=list)
    context: list[Hit] = field(default_factory=list)
    is_last: bool = True
    # Entries before it (ms) serve no verdict any more.
    trim_before: int = 0


def count_group(redis: Any, window: float = WINDOW_SECONDS) -> bool:
    """Count what is older than *window* (seconds), about MOST_HITS; True if more is left."""
    life = stream.life(redis)
    if not life:
        return False
    cursor = HitCursor.objects.filter(stream=life).values_list("last_id", flat=True).first()
    group = _read(redis, life, cursor or "0-0", round(window * 1000))
    if group is None:
        return False
    if group.due and not _settle(redis, group):
        return True  # somebody else has counted these
    stream.trim(redis, life, group.trim_before)
    return not group.is_last


def _read(redis: Any, life: str, cursor: str, window: int) -> Group | None:
    """Read what is due and its context; None if the stream began another life meanwhile."""
    group = Group(life, cursor)
    counted, begin = _number(cursor), max(0, _number(cursor)[0] - window)
    due = group.due
    start, hits, ends_at = f"{begin}-0", 0, 0
    while True:
        page = stream.read(redis, start, _PAGE)
        if page.life != life:
            return None
        # Where the clock went back, Redis goes on from its last number.
        group.now = group.now or page.now
        cutoff = group.now - window
        for entry in page.entries:
            if ends_at and entry.at > ends_at + window:
                break
            if entry.at < cutoff and not ends_at and _number(entry.number) > counted:
                due.append(entry)
                hits += len(entry.hits)
                if hits >= MOST_HITS:
                    ends_at, group.is_last = entry.at, False
            else:
                group.context += entry.hits
        if len(page.entries) < _PAGE or (ends_at and page.entries[-1].at > ends_at + window):
            break
        start = f"({page.entries[-1].number}"
    group.trim_before = cutoff - window
    if due and not group.is_last:
        group.trim_before = due[-1].at - window
    elif due and due[0].at > cutoff - window:
        # Each group reads its window anew: while there is little, wait for more.
        group.trim_before = due[0].at - window
        due.clear()
    return group


def _number(text: str) -> tuple[int, int]:
    """Return a number of the stream in its two parts, which compare as Redis does."""
    milliseconds, _, sequence = text.partition("-")
    return int(milliseconds), int(sequence or 0)


# --- judged, and written down -------------------------------------------------


def _settle(redis: Any, group: Group) -> bool:
    """Write the *group* down, some entries in each commit; False if somebody else has."""
    found = iter(_judge(redis, group))
    since, part = group.since, list[tuple[Hit, Verdict]]()
    for entry in group.due:
        part += [(hit, next(found)) for hit in entry.hits]
        if len(part) >= MOST_AT_ONCE or entry is group.due[-1]:
            if not _write(group.life, since, entry.number, part):
                return False
            since, part = entry.number, []
    return True


def _write(life: str, since: str, until: str, judged: list[tuple[Hit, Verdict]]) -> bool:
    """Add up what was *judged*, and move the cursor from *since* to *until*; False if it moved."""
    allowed = policies({hit.edition for hit, _verdict in judged})
    counts: dict[tuple[int, int, int], list[int]] = {}
    readers: dict[tuple[int, int, bool], list[int]] = {}
    for hit, verdict in judged:
        policy = allowed.get(hit.edition, Policy.OFF)
        if policy is Policy.OFF or hit.position == CANARY:
            continue
        row = counts.setdefault((hit.edition, hit.position, hit.at // _HOUR), [0, 0])
        row[verdict.is_machine] += 1
        if policy is Policy.PER_READER and hit.delivery:
            one = readers.setdefault((hit.delivery, hit.position, verdict.is_machine), [hit.at, 0])
            one[0] = min(one[0], hit.at)
            one[1] += 1
    with transaction.atomic():
        if not _advance(life, since, until):
            return False
        _add(_ADD, [(*key[:2], _moment(key[2] * _HOUR), *row) for key, row in counts.items()])
        kept = _agreed(_not_erased({delivery for delivery, _position, _is in readers}))
        rows = [(*key, _moment(at), hits) for key, (at, hits) in readers.items() if key[0] in kept]
        _add(_ADD_READERS, rows)
    if readers:
        forget_erased({key[0] for key in readers})
    return True


def _judge(redis: Any, group: Group) -> list[Verdict]:
    """Return the verdicts on what is due, and remember who gave itself away."""
    due = [hit for entry in group.due for hit in entry.hits]
    hits = due + group.context
    since = group.now - verdicts.MARKED_SECONDS * 1000
    found = verdicts.judge(
        hits,
        links=_links({hit.edition for hit in hits}),
        sent=_sent({hit.delivery for hit in hits} - {0}),
        marked=stream.marked(redis, since),
    )
    who = verdicts.marks(hits, found)
    stream.mark(redis, who, group.now, verdicts.MARKED_SECONDS)
    return found[: len(due)]


def _links(editions: set[int]) -> dict[int, int]:
    rows = Link.objects.filter(edition__in=editions).order_by().values_list("edition")
    return dict(rows.annotate(Count("pk")))


def _sent(deliveries: set[int]) -> dict[int, int]:
    """Return when each of *deliveries* was sent (ms), where it can still be told."""
    found: dict[int, int] = {}
    for chunk in _chunks(deliveries):
        rows = Delivery.objects.filter(pk__in=chunk, status=Delivery.Status.SENT)
        for pk, at in rows.values_list("pk", "changed_at"):
            if at is not None:
                found[pk] = int(at.timestamp() * 1000)
    return found


def _not_erased(deliveries: set[int]) -> set[int]:
    kept: set[int] = set()
    for chunk in _chunks(deliveries):
        rows = Delivery.objects.filter(pk__in=chunk, subscriber__isnull=False)
        kept.update(rows.values_list("pk", flat=True))
    return kept


def _agreed(deliveries: set[int]) -> set[int]:
    """Return those of *deliveries* whose readers asked under a wording that names what is noted.

    A publication may have begun to tell readers apart when it had some
    already; what they did is counted, and not noted of them. Nor is what
    those do with old mails who have left, and taken their consent along.
    """
    since = "edition__publication__tracks_readers_since"
    theirs = Subscription.objects.filter(
        subscriber=OuterRef("subscriber"), publication=OuterRef("edition__publication")
    )
    asked = theirs.filter(requested_at__gte=OuterRef(since))
    left = theirs.filter(status=Subscription.Status.UNSUBSCRIBED)
    agreed: set[int] = set()
    for chunk in _chunks(deliveries):
        rows = Delivery.objects.filter(
            ~Exists(left), Q(**{f"{since}__isnull": True}) | Exists(asked)
        )
        agreed.update(rows.filter(pk__in=chunk).values_list("pk", flat=True))
    return agreed


def forget_erased(deliveries: set[int]) -> None:
    """Forget what those of *deliveries* did whose readers were erased while it was counted."""
    for chunk in _chunks(deliveries - _not_erased(deliveries)):
        ReaderHit.objects.filter(delivery__in=chunk).delete()


def _chunks(ids: set[int]) -> list[list[int]]:
    ordered = sorted(ids)
    return [ordered[at : at + _CHUNK] for at in range(0, len(ordered), _CHUNK)]


def _advance(life: str, since: str, until: str) -> bool:
    """Move the cursor, if it is still where it was."""
    rows = HitCursor.objects.filter(stream=life)
    if since == "0-0" and not rows.exists():
        HitCursor.objects.bulk_create([HitCursor(stream=life)], ignore_conflicts=True)
        old = HitCursor.objects.order_by("-pk").values_list("pk", flat=True)[_MOST_CURSORS:]
        HitCursor.objects.filter(pk__in=list(old)).delete()
    return bool(rows.filter(last_id=since).update(last_id=until))


def _add(sql: str, rows: list[tuple[Any, ...]]) -> None:
    """Insert *rows*, or add them to those that are there; no two of them have one key."""
    # In one order, so that two that meet cannot lock each other out.
    rows = sorted(rows)
    with connection.cursor() as cursor:
        for at in range(0, len(rows), _ROWS):
            some = rows[at : at + _ROWS]
            marks = ", ".join(["(%s, %s, %s, %s, %s)"] * len(some))
            cursor.execute(sql.format(marks), [value for row in some for value in row])


def _moment(milliseconds: int) -> Any:
    """Return a moment as the database writes it."""
    moment = dt.datetime.fromtimestamp(milliseconds / 1000, dt.UTC)
    return connection.ops.adapt_datetimefield_value(moment)
