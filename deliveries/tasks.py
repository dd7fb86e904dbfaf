"""Tasks: they carry a lane's name at most, hold no state and may run twice or never."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress

from celery import shared_task
from django.conf import settings
from django.core.cache import cache
from redis.exceptions import RedisError

from briefs import drafts
from deliveries import (
    alarms,
    collecting,
    digests,
    events,
    guard,
    import_undo,
    lanes,
    planning,
    privacy,
    readership,
    recovery,
    sending,
    takeover,
    tallies,
)
from deliveries.tracking import counting
from subscribers import notices
from subscribers.doorbell import ring_now
from subscribers.models import ImportRun
from subscribers.tasks import keep_promises, send_notices, tend_imports, tend_the_door

log = logging.getLogger(__name__)

UNDOING_SECONDS = 8
APPLYING_SECONDS = 8
COUNTING_SECONDS = 8
COLLECTING_SECONDS = 40
# How long it is remembered who rang last.
REMEMBERED = 86_400


@shared_task
def heartbeat(by: str = "worker") -> None:
    """Tick, unless somebody has just done so: the scheduler and every worker ring for this.

    Rings carry no time of expiry: that is a host's clock, and one that is
    fast would throw the rings of all others away. Who rang is noted for the
    desk, which tells that a scheduler is gone.
    """
    try:
        cache.set(f"rang:{by}", time.time(), REMEMBERED)
        if not cache.add("heartbeat", 1, settings.TICK_SECONDS * 0.8):
            return
    except RedisError:
        log.warning("Redis is away; the tick goes on without it.")
    tick()


@shared_task
def tick() -> None:
    """Look for what is due and ring for it; what fails in one step holds up no other.

    A held installation leaves its ledger alone: what a copy finds in the
    hands of workers is the original's.
    """
    if _try(guard.beat):
        _try(_ring_for_events)
        _try(_ring_for_mailbox)
        for step in (digests.make_due, planning.start_due, recovery.sweep, _ring_for_lanes):
            _try(step)
        # After the rings: what is counted holds up nobody who sends.
        _try(_ring_for_hits)
        _try(tallies.keep)
        _try(readership.keep)
        _try(alarms.sound)
    _try(_ring_for_notices)
    _try(tend_the_door)
    _try(keep_promises)
    _try(_forget_late_replies)
    _try(_forget_old_drafts)
    _try(tend_imports)
    _try(_ring_for_undoing)


def _try(step: Callable[[], object]) -> object:
    """Return what *step* returns, None if it failed."""
    try:
        return step()
    except Exception:  # the other steps are not to blame
        log.exception("A step of the tick failed; the next tick tries it again.")
        return None


def _forget_late_replies() -> None:
    """Forget what servers said of readers who were erased meanwhile, about once an hour."""
    with suppress(RedisError):
        if cache.add("late-replies", 1, 3600):
            privacy.scrub_late_replies()


def _forget_old_drafts() -> None:
    """Forget what was typed two months ago and never saved, about once an hour."""
    with suppress(RedisError):
        if cache.add("old-drafts", 1, 3600):
            drafts.forget_old()


def _ring_for_lanes() -> None:
    for lane in recovery.waiting_lanes():
        for _worker in range(lanes.concurrency(lane)):
            ring_now(drain, lane)


def _ring_for_notices() -> None:
    if notices.due().exists():
        ring_now(send_notices)


@shared_task
def look_after_own() -> None:
    """Do what the tick can do on this host alone: its disk has the journals of its dead."""
    if guard.may_send():
        takeover.look_after_own()


@shared_task
def drain(lane: str) -> None:
    """Send on *lane* for a while, then ring again if work is left."""
    if sending.drain(lane):
        ring_now(drain, lane)
    elif guard.may_send():
        # Nothing is free any more: the edition may be done.
        recovery.sweep()
        _try(tallies.keep)


@shared_task
def count_hits() -> None:
    """Count opens and clicks for a while, then ring again if some are left."""
    if guard.may_send() and counting.work(COUNTING_SECONDS):
        ring_now(count_hits)


def _ring_for_hits() -> None:
    if counting.waits():
        ring_now(count_hits)


@shared_task
def apply_events() -> None:
    """Apply what came back for a while, then ring again if something is left."""
    if events.apply_due(APPLYING_SECONDS) and events.due().exists():
        ring_now(apply_events)


def _ring_for_events() -> None:
    if events.due().exists():
        ring_now(apply_events)


@shared_task
def collect_returned() -> None:
    """Collect what came back by mail; one worker at a time, as its mailbox is one.

    A copy of the database leaves the mail to the original.
    """
    if not guard.may_send():
        return
    try:
        if not cache.add("bounce-mailbox", 1, 2 * COLLECTING_SECONDS):
            return
    except RedisError:
        log.warning("Redis is away; the bounce mailbox is read without a lock.")
    try:
        collecting.collect(COLLECTING_SECONDS)
        _note_mailbox("")
    except collecting.Trouble as trouble:
        log.warning("The bounce mailbox: %s. The next minute tries again.", trouble)
        _note_mailbox(str(trouble))
    finally:
        with suppress(RedisError):
            cache.delete("bounce-mailbox")


def _note_mailbox(trouble: str) -> None:
    """Note for the desk when the mailbox was looked into, and what kept it from being read."""
    with suppress(RedisError):
        cache.set("bounce-mailbox-read", (time.time(), trouble), REMEMBERED)


def _ring_for_mailbox() -> None:
    """Look into the bounce mailbox about once a minute, where there is one."""
    if settings.BOUNCE_MAILBOX:
        with suppress(RedisError):
            if cache.add("bounce-mailbox-rung", 1, 55):
                ring_now(collect_returned)


@shared_task
def undo_imports() -> None:
    """Take imports back for a while, then ring again if something is left."""
    if import_undo.work(UNDOING_SECONDS):
        ring_now(undo_imports)


def _ring_for_undoing() -> None:
    if ImportRun.objects.filter(status=ImportRun.Status.UNDOING).exists():
        ring_now(undo_imports)
