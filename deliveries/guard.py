"""The guard: a restored backup or a second copy of the database must not send too.

The ledger knows what went out only up to the moment of its backup, so a copy
that goes on from there sends the rest twice. One row says where this database
lives and when somebody last saw it at work. Where that does not fit, it is
held: nothing starts and no slice is taken until an operator has confirmed.

Three things are looked at:
- the *fingerprint* of the server or file, which a copy does not share;
- the *heartbeat*: nobody was at work for a quarter of an hour although
  something was scheduled or on its way (a snapshot shares its fingerprint);
- the *witness*: Redis has seen this database at a later time than it knows
  of itself (a file put back in place shares even the inode).
"""

import datetime as dt
import hashlib
import logging
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.cache import cache
from django.db import NotSupportedError, ProgrammingError, connection, transaction
from django.db.models.functions import Now
from redis.exceptions import RedisError

from briefs.models import Publication
from deliveries.models import Edition, Installation
from subscribers import notices, tokens
from subscribers.models import Subscription

log = logging.getLogger(__name__)

GAP = dt.timedelta(minutes=15)
# `seen_at` is written no more often than this, and asked for no more often than that.
BEAT = dt.timedelta(seconds=10)
FRESH_SECONDS = 2.0
# A loss of power may cost SQLite its last commits: that alone is no restored backup.
SLACK = dt.timedelta(seconds=60)
# Counts on while the machine sleeps; macOS has no such clock.
CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

SAMPLE = 2**40  # makes the token long enough to be one
AT_WORK = (Edition.Status.SCHEDULED, *Edition.MOVING)
SUBJECT = "Nothing is sent until you confirm"
_CURE = (
    "If this is the one that shall send from now on, confirm it in the desk, or say: "
    "manage.py installation confirm."
)

_here = threading.local()


def may_send() -> bool:
    """Tell whether mail may go out; a yes is good for two seconds of one connection.

    A new connection is asked anew: it may lead to a database that was put
    back a moment ago.
    """
    yes = getattr(_here, "yes", None)
    if yes is not None:
        link, until = yes
        if link is connection.connection and time.clock_gettime(CLOCK) < until:
            return True
    return beat()


def beat() -> bool:
    """Note that somebody is at work here, or hold what does not fit; tell whether mail may go out.

    Every tick calls it; the row is written every BEAT, which costs nothing.
    """
    _here.yes = None
    fingerprint = find_fingerprint()
    row = _row(fingerprint)
    if row.held_since is not None:
        return False
    if doubt := _doubt(row, fingerprint):
        _hold(row, doubt)
        return False
    at = now()
    # Either way: a clock that was ahead has been put right.
    if abs(at - row.seen_at) > BEAT or row.fingerprint != fingerprint:
        Installation.objects.filter(pk=1, held_since__isnull=True).update(
            seen_at=Now(), fingerprint=fingerprint, **_sample(row)
        )
        _remember(fingerprint, at)
    _here.yes = connection.connection, time.clock_gettime(CLOCK) + FRESH_SECONDS
    return True


def _sample(row: Installation) -> dict[str, str]:
    """Return what *row* shall keep of the keys: none yet, or one of a key that is not the first.

    One that no key verifies is left, for the doctor to find.
    """
    if not settings.TOKEN_KEYS or not knows_keys(row):
        return {}
    present = tokens.sample.make(SAMPLE)
    return {} if row.token_sample == present else {"token_sample": present}


def knows_keys(row: Installation) -> bool:
    """Tell whether TOKEN_KEYS still hold a key that has signed links here."""
    try:
        return not row.token_sample or tokens.sample.load(row.token_sample) == (SAMPLE,)
    except tokens.BadToken:
        return False


def accept_keys() -> None:
    """Take the present TOKEN_KEYS for right, though none of them has signed here before."""
    Installation.objects.filter(pk=1).update(token_sample=tokens.sample.make(SAMPLE))


def may_mail_readers() -> bool:
    """Tell whether confirmations and the like may go out; words to editors always may.

    They flow while only the heartbeat is missing: who signs up shall not wait
    for an operator. A copy mails no reader at all, since it also holds the
    notices that the original has not sent yet.
    """
    if may_send():
        return True
    row = held()
    return row is None or row.fingerprint == find_fingerprint()


def confirm() -> bool:
    """Let this database send from now on; return False if nothing stood against it.

    What was due meanwhile follows the usual rules: within its grace it goes
    out, past it the edition is missed. What this ledger has as pending is
    sent, also if the original has sent it since the backup was made.
    """
    fingerprint = find_fingerprint()
    row = _row(fingerprint)
    doubt = _doubt(row, fingerprint)
    stands_against = row.held_since is not None or doubt is not None
    changes: dict[str, object] = {}
    if row.fingerprint != fingerprint or (doubt and doubt.fingerprint != fingerprint):
        # Journals speak of letters that this ledger has never sent, under numbers it gives anew.
        changes["history"] = uuid.uuid4()
    Installation.objects.filter(pk=1).update(
        fingerprint=fingerprint, seen_at=Now(), held_since=None, word="", **changes
    )
    _remember(fingerprint, now())
    if stands_against:
        log.warning("An operator has confirmed this installation: %s", fingerprint)
    return stands_against


def known() -> Installation | None:
    """Return the row, or None before the first tick."""
    return Installation.objects.filter(pk=1).first()


def history() -> str:
    """Return what names the history of this database, a new one since a backup was confirmed."""
    row = known() or _row(find_fingerprint())
    return str(row.history)


def held() -> Installation | None:
    """Return the row of an installation that is held, for a banner; None for one that is not."""
    return Installation.objects.filter(pk=1, held_since__isnull=False).first()


def forget() -> None:
    """Ask the database at the next call, whatever was known."""
    _here.yes = None


# --- where the database lives ---------------------------------------------


def find_fingerprint() -> str:
    """Return what names the database server or file, as a line for people to read too."""
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        try:
            file = path.stat()
            # btrfs, ZFS and overlayfs number their devices anew at each mount.
            volume = os.statvfs(path).f_fsid or file.st_dev
        except OSError:
            return "sqlite in memory"
        return f"sqlite volume {volume} inode {file.st_ino}"
    # What a role may not see is left out, alike on each call.
    system = _ask("SELECT system_identifier FROM pg_control_system()")
    # The control file tells of a promotion only after the next checkpoint.
    timeline = _ask("SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8)")
    # A database made from a template has the same tables, under another number.
    oids = _ask(
        "SELECT d.oid || '/' || 'deliveries_delivery'::regclass::oid"
        " FROM pg_database d WHERE d.datname = current_database()"
    )
    return f"postgresql system {system} timeline {timeline} database/table {oids}"


def _ask(sql: str) -> str:
    """Return the one value of *sql*, or "unknown" where this role or server forbids it."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
            return str(cursor.fetchone()[0])
    except (ProgrammingError, NotSupportedError):
        return "unknown"


# --- the row --------------------------------------------------------------


def _row(fingerprint: str) -> Installation:
    """Return the row; the first call of a new installation makes it, without a word."""
    row = known()
    while row is None:
        Installation.objects.bulk_create(
            [Installation(pk=1, fingerprint=fingerprint, seen_at=Now())], ignore_conflicts=True
        )
        row = known()
    return row


def now() -> dt.datetime:
    """Return the database's time."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f+00:00', 'now')")
            return dt.datetime.fromisoformat(cursor.fetchone()[0])
        cursor.execute("SELECT clock_timestamp()")
        moment: dt.datetime = cursor.fetchone()[0]
        return moment


def _doubt(row: Installation, fingerprint: str) -> "_Doubt | None":
    """Return what speaks against sending, or None."""
    if row.fingerprint != fingerprint:
        if not (Edition.objects.exists() or Subscription.objects.exists()):
            return None  # nothing that could go out twice
        return _Doubt(
            f"This seems to be a restored backup or a second copy, on {socket.gethostname()}. What "
            "has gone out since it was made is not known here and would go out again: cancel what "
            f"must not. {_CURE} (It was {row.fingerprint} and is {fingerprint}.)",
            row.fingerprint,
        )
    witness = _witness(fingerprint)
    if witness is not None and witness - row.seen_at > SLACK:
        return _Doubt(
            f"This database was at work until {witness:%Y-%m-%d %H:%M} UTC and knows only of "
            f"{row.seen_at:%H:%M} on {row.seen_at:%Y-%m-%d}: a backup was put back. What has gone "
            f"out since then would go out again: cancel what must not. {_CURE}",
            # Fits nothing from now on, so that readers' notices wait too.
            f"{row.fingerprint} at an earlier time"[:200],
        )
    gap = now() - row.seen_at
    # What was scheduled since then was so here, by a person who saw this database.
    waiting = Edition.objects.filter(status__in=AT_WORK, created_at__lte=row.seen_at)
    if gap > GAP and waiting.exists():
        return _Doubt(
            f"Nothing was at work here for {_spoken(gap)}, while {waiting.count()} editions were "
            "scheduled or on their way. If another copy of this database went on meanwhile, they "
            f"would go out twice. {_CURE}",
            row.fingerprint,
        )
    return None


class _Doubt:
    """Why nothing may go out, and the fingerprint to keep."""

    def __init__(self, word: str, fingerprint: str) -> None:
        self.word = word
        self.fingerprint = fingerprint


def _spoken(gap: dt.timedelta) -> str:
    minutes = int(gap.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"


def _hold(row: Installation, doubt: _Doubt) -> None:
    """Hold everything, unless somebody has done so, or has confirmed, since *row* was read."""
    with transaction.atomic():
        # SQLite keeps three digits of the second and compares six: hence the second.
        unchanged = Installation.objects.filter(
            pk=1,
            held_since__isnull=True,
            fingerprint=row.fingerprint,
            seen_at__lte=row.seen_at + dt.timedelta(seconds=1),
        )
        if not unchanged.update(held_since=Now(), word=doubt.word, fingerprint=doubt.fingerprint):
            return
        log.error("Nothing is sent: %s", doubt.word)
        _tell(doubt.word)


def _tell(word: str) -> None:
    """Have those told whose editions wait; where none do, all who own a publication."""
    concerned = Publication.objects.filter(editions__status__in=AT_WORK).distinct()
    for publication in concerned or Publication.objects.all():
        notices.tell_editors(publication, SUBJECT, f"{word}\n\n{settings.SITE_URL}/admin/")


# --- the witness ----------------------------------------------------------


def witness_key(fingerprint: str) -> str:
    """Return under which key of the cache it is known when a database was last seen."""
    return f"installation:{hashlib.sha256(fingerprint.encode()).hexdigest()[:32]}"


def _remember(fingerprint: str, moment: dt.datetime) -> None:
    with suppress(RedisError):
        cache.set(witness_key(fingerprint), moment.isoformat(), None)


def _witness(fingerprint: str) -> dt.datetime | None:
    """Return when this database was last seen, as Redis knows; None where it knows nothing."""
    try:
        seen = cache.get(witness_key(fingerprint))
        return dt.datetime.fromisoformat(seen) if seen else None
    except (RedisError, ValueError):
        return None
