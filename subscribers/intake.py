"""The intake: what a visitor sends is stored at once, and noted a moment later.

The request looks at what was typed and at nothing else: not at the address's
row, nor whether there is one. It stores a SignUp and answers when that is
committed. A worker calls subscribers.consent for each. So the time of an
answer cannot tell what an address is to us, a flood of sign-ups costs the web
server little, and no thread sleeps to hide a difference.

Why rows, not a list in Redis: Redis writes to its disk once a second, and what
was answered with "look into your mailbox" must not be lost. A commit of its
own for each request would cost a write to the disk each; here whoever comes
first stores also what others have brought meanwhile, in one transaction that
is written through to the disk. All of them wait for it.

A SignUp is deleted by the transaction that notes it. A worker that is killed
anywhere leaves either the row or what came of it, never both and never none.
"""

import logging
import math
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from briefs.models import Publication
from subscribers import consent, fresh, limits, preferences, reading, waiting
from subscribers.models import SignUp
from subscribers.origin import Origin

log = logging.getLogger(__name__)

CHUNK = 100  # rows a transaction notes: few enough that no sign-up waits long for it
NOTE_SECONDS = 20.0
TRIES = 5
ANSWERS_SECONDS = 1.0  # how long a connection that has answered is believed to answer


class _Ticket:
    """One row on its way into the database, and what became of it."""

    __slots__ = ("call", "counters", "error", "is_done", "row", "verdict")

    def __init__(self, row: SignUp, counters: limits.Counters = ()) -> None:
        self.row = row
        self.counters = counters
        self.verdict = limits.OPEN
        self.is_done = False
        self.call = threading.Lock()  # held until it is done, or its turn to do all that wait
        self.call.acquire()
        # Until the commit says otherwise: whoever stores it for others may die half-way.
        self.error: DatabaseError | None = DatabaseError("The sign-up was not stored.")


class _Desk:
    """Where tickets wait; one thread of those who brought them does all that wait."""

    def __init__(self) -> None:
        self.waiting: list[_Ticket] = []
        self._is_taken = False
        self._lock = threading.Lock()

    def bring(self, ticket: _Ticket) -> list[_Ticket]:
        """Return all that wait once it is this thread's turn; nothing if *ticket* was done."""
        with self._lock:
            self.waiting.append(ticket)
            is_free, self._is_taken = not self._is_taken, True
        if not is_free:
            ticket.call.acquire()
            if ticket.is_done:
                return []
        with self._lock:
            found, self.waiting = self.waiting, []
        return found

    def leave(self, done: list[_Ticket]) -> None:
        """Call the next one, and only then those who may go: the disk shall not wait for them."""
        with self._lock:
            follower = self.waiting[0] if self.waiting else None
            self._is_taken = follower is not None
        if follower is not None:
            follower.call.release()
        for ticket in done:
            ticket.is_done = True
            ticket.call.release()


_desk = _Desk()


class _Line(threading.local):
    """What this thread knows of its connection to the database."""

    connection: Any = None  # the one that writes through to the disk
    answered_at = -math.inf


_line = _Line()


def accept(row: SignUp, counters: limits.Counters = ()) -> limits.Verdict:
    """Count *row* by *counters* and, unless a limit is reached, store it so that nothing loses it.

    Whoever comes first does so also for those who have come meanwhile. Raises
    DatabaseError where it cannot be stored.
    """
    ticket = _Ticket(row, counters)
    if tickets := _desk.bring(ticket):
        try:
            _take_in(tickets)
        finally:
            _desk.leave(tickets)
    if ticket.error is not None:
        raise ticket.error
    return ticket.verdict


def _take_in(tickets: list[_Ticket]) -> None:
    """Count all *tickets*, and store those that no limit refuses."""
    verdicts = limits.count([ticket.counters for ticket in tickets])
    for ticket, verdict in zip(tickets, verdicts, strict=True):
        ticket.verdict = verdict
        if verdict.limit is not None:
            ticket.error = None
    if allowed := [ticket for ticket in tickets if ticket.verdict.limit is None]:
        _store(allowed)


def _store(tickets: list[_Ticket]) -> None:
    """Commit all *tickets* at once, else each alone; each of them learns how it went."""
    try:
        _commit(tickets)
    except DatabaseError:
        for ticket in tickets:
            try:
                _commit([ticket])
            except DatabaseError as error:
                ticket.error = error


def _commit(tickets: list[_Ticket]) -> None:
    with _durable():
        _insert([ticket.row for ticket in tickets])
    for ticket in tickets:
        ticket.error = None


_FIELDS = [field for field in SignUp._meta.concrete_fields if not field.primary_key]
_COLUMNS = ", ".join(f'"{field.column}"' for field in _FIELDS)
_MARKS = f"({', '.join(['%s'] * len(_FIELDS))})"


def _insert(rows: list[SignUp]) -> None:
    """Insert *rows*; bulk_create(), which builds the statement anew, takes four times as long."""
    marks = ", ".join([_MARKS] * len(rows))
    values = [
        field.get_db_prep_save(getattr(row, field.attname), connection)
        for row in rows
        for field in _FIELDS
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{SignUp._meta.db_table}" ({_COLUMNS}) VALUES {marks}',  # noqa: S608  (our own names)
            values,
        )


@contextmanager
def _durable() -> Iterator[None]:
    """Open a transaction that survives a loss of power, as deliveries.ledger.durable does.

    SQLite's level stays raised for this thread's next sign-ups: two pragmas
    each would cost more than the insert.
    """
    if connection.vendor == "sqlite" and not connection.in_atomic_block:
        with connection.cursor() as cursor:
            if _line.connection is not connection.connection:
                cursor.execute("PRAGMA synchronous=FULL")
                _line.connection = connection.connection
    if time.monotonic() - _line.answered_at < ANSWERS_SECONDS:
        # It would be asked whether it still answers, once for each request.
        connection.health_check_done = True  # type: ignore[attr-defined]  # not in the stubs
    with transaction.atomic():
        yield
    _line.answered_at = time.monotonic()


def note_waiting() -> Counter[int]:
    """Note what waits, oldest first, for about NOTE_SECONDS; count it by publication (id).

    Any number of workers may do so at once: on PostgreSQL each takes rows that
    no other holds, on SQLite one waits for the other.
    """
    noted: Counter[int] = Counter()
    until = time.monotonic() + NOTE_SECONDS
    while time.monotonic() < until:
        done = _note_chunk()
        if not done:
            break
        noted.update(wish["publication"] for row in done for wish in row.wishes)
    return noted


def is_waiting() -> bool:
    """Tell whether there is something to note."""
    return _open().exists()


def forget_what_failed() -> None:
    """Delete what could not be noted, as long after it came as an unconfirmed request."""
    SignUp.objects.filter(
        failures__gte=TRIES, asked_at__lt=timezone.now() - waiting.FORGOTTEN_AFTER
    ).delete()


def _open() -> QuerySet[SignUp]:
    return SignUp.objects.filter(failures__lt=TRIES).order_by("id")


def _note_chunk() -> list[SignUp]:
    """Note one chunk; return those that were noted."""
    with transaction.atomic():
        rows = list(_open().select_for_update(skip_locked=True)[:CHUNK])
        plain = fresh.note([row for row in rows if len(row.wishes) == 1 and not _asks_link(row)])
        SignUp.objects.filter(pk__in=plain).delete()
    # One transaction each: what is known already takes several looks, and a row that
    # cannot be noted must not take the others down with it.
    return [row for row in rows if row.pk in plain or _note_one(row.pk)]


def _note_one(pk: int) -> bool:
    """Note the sign-up *pk* unless another worker does; tell whether it was noted."""
    try:
        with transaction.atomic():
            row = _open().select_for_update(skip_locked=True).filter(pk=pk).first()
            if row is None:
                return False
            _note(row)
            row.delete()
    except OperationalError:
        raise  # the database is away or busy, which is no fault of this row
    except Exception:  # whatever is wrong with one row, the others are noted
        log.exception("Sign-up %s could not be noted.", pk)
        SignUp.objects.filter(pk=pk).update(failures=F("failures") + 1)
        return False
    return True


def _asks_link(row: SignUp) -> bool:
    """Tell whether *row* asks for no mail but the link to what an address gets already."""
    return any("link" in wish for wish in row.wishes)


def _ask_for_link(publication: Publication, row: SignUp) -> None:
    wish = row.wishes[0]
    if "read" in wish:
        origin = Origin(ip=row.ip, user_agent=row.user_agent)
        reading.ask(publication, row.address, wish["read"], origin=origin)
    else:
        preferences.ask_for_link(publication, row.address)


def _note(row: SignUp) -> None:
    """Ask for all that *row* wishes; one mail asks to confirm all of it."""
    publications = Publication.objects.in_bulk([wish["publication"] for wish in row.wishes])
    if _asks_link(row):
        for one in publications.values():
            _ask_for_link(one, row)
        return
    is_mailed = False
    for wish in row.wishes:
        publication = publications.get(wish["publication"])
        if publication is None:
            continue
        subscription = consent.request(
            publication,
            row.address,
            source=row.source,
            name=row.name,
            language=row.language,
            time_zone=row.time_zone,
            topics=wish.get("topics", ()),
            wording=wish["wording"],
            asked_at=row.asked_at,
            sends_mail=not is_mailed,
            ip=row.ip,
            user_agent=row.user_agent,
        )
        if subscription and subscription.requested_at == row.asked_at:
            is_mailed = True


def make(
    wishes: Iterable[dict[str, Any]],
    address: str,
    *,
    source: str,
    name: str = "",
    language: str = "",
    time_zone: str = "",
    ip: str | None = None,
    user_agent: str = "",
) -> SignUp:
    """Return a SignUp, not stored yet, of what a form brought, cleaned."""
    return SignUp(
        wishes=list(wishes),
        address=address,
        name=consent.one_line(name)[:120],
        language=language,
        time_zone=time_zone,
        source=source[:40],
        ip=ip,
        user_agent=consent.one_line(user_agent)[:300],
        asked_at=timezone.now(),
    )
