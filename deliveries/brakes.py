"""Brakes: what pauses an edition by itself, and tells the editors.

They judge by counters on the batches, which are kept as slices are settled.
Once a person has resumed an edition, a brake judges only what came after.
"""

import datetime as dt
import logging
from collections.abc import Mapping

from django.conf import settings
from django.core.cache import cache
from django.db import Error, transaction
from django.db.models import F, Sum
from redis.exceptions import RedisError

from briefs import audit
from briefs.models import AuditEntry
from deliveries import lanes, leases
from deliveries.leases import Lease
from deliveries.models import Batch, Edition
from subscribers import notices

log = logging.getLogger(__name__)

# With fewer, one annoyed reader among a thousand would stop everybody's mail.
LEAST_COMPLAINTS = 5
_TOLD_ONCE_IN = 86_400
# Editions of which this worker saw a bad slice, and too few letters yet to judge by.
_began_badly: set[int] = set()
MOST_REMEMBERED = 1000


def pause(edition_id: int, word: str, **changes: object) -> bool:
    """Pause an edition until a person has looked, and tell the editors; False if it was not moving.

    *changes* are further columns of the edition to write along.
    """
    with transaction.atomic():
        moving = Edition.objects.filter(pk=edition_id, status__in=Edition.MOVING)
        word = word[:1000]
        if not moving.update(status=Edition.Status.PAUSED, word=word, **changes):
            return False
        edition = Edition.objects.select_related("brief", "publication").get(pk=edition_id)
        audit.record(
            "paused",
            brief=edition.brief,
            publication=edition.publication,
            edition=edition.pk,
            words=word,
        )
        notices.tell_editors(
            edition.publication,
            f"Paused: {edition.brief}",
            f"“{edition.brief}” was paused while it went out.\n\n{word}\n\n"
            "Nobody gets it twice when you resume it.",
        )
    log.warning("Edition %s is paused: %s", edition_id, word)
    return True


def heed(edition_id: int, trouble: lanes.LaneTrouble) -> None:
    """Write down for the editors why an edition does not get on; pause it where trying does harm.

    Never raises: the trouble itself may be that the database is away.
    """
    try:
        if trouble.pauses:
            pause(edition_id, f"{trouble} Mend the cause, then resume.")
        elif isinstance(trouble, lanes.Unanswered) and lanes.went_unanswered(edition_id) > 1:
            # The first time, a rest may have helped.
            pause(edition_id, f"{trouble} It is paused, since each try leaves readers in doubt.")
        else:
            # Where a brake has paused it meanwhile, its word stays.
            Edition.objects.filter(pk=edition_id, status__in=Edition.MOVING).update(
                word=str(trouble)[:1000]
            )
    except Error:
        log.warning("The trouble of edition %s could not be noted: %s", edition_id, trouble)


def watch(lease: Lease) -> None:
    """Look at the edition's figures where the last slice was worse than what is allowed.

    They can go over the limit only by such a slice, so that a sound edition
    costs no query. One that came before there was enough to judge by is
    remembered until there is.
    """
    is_bad = lease.bad and _is_over(lease.bad, lease.judged, settings.BRAKE_BOUNCES)
    if is_bad or lease.edition_id in _began_badly:
        leases.write_counts(lease)
        check(lease.edition_id)


def report(batch_id: int, *, bounced: int = 0, complained: int = 0) -> None:
    """Count what a provider reports of a batch's letters after it took them, and check.

    Call it once for each delivery whose status has changed, not for repeats.
    """
    report_all({batch_id: {"bounced": bounced, "complained": complained}})


def report_all(counts: Mapping[int, Mapping[str, int]]) -> None:
    """Do report() for each batch of *counts*, and look at each of their editions once.

    All batches before any edition, and each in one order: of two workers that do
    so at once, none has what the other waits for.
    """
    for batch, words in sorted(counts.items()):
        Batch.objects.filter(pk=batch).update(
            **{word: F(word) + number for word, number in words.items()}
        )
    editions = Batch.objects.filter(pk__in=list(counts)).order_by("edition_id")
    for edition in editions.values_list("edition_id", flat=True).distinct():
        check(edition)


def blame_sender(edition_id: int, words: str, at: dt.datetime) -> bool:
    """Pause an edition that readers' servers refuse for the sender's domain; True if it now pauses.

    What was told *at* a time before a person resumed it is what they knew.
    """
    known = AuditEntry.objects.filter(
        brief__editions=edition_id, verb="resumed", edition=edition_id, at__gt=at
    )
    if known.exists():
        return False
    word = f"A reader's server refuses the sender's domain: {words[:500]}"
    if pause(edition_id, f"{word} Mend SPF, DKIM or DMARC, then resume and retry who failed."):
        return True
    edition = Edition.objects.select_related("brief", "publication").get(pk=edition_id)
    if edition.status == Edition.Status.FINISHED and _is_news(edition_id):
        notices.tell_editors(
            edition.publication,
            f"Look at your domain: {edition.brief}",
            f"“{edition.brief}” has gone out. {word} Mend SPF, DKIM or DMARC, then retry who "
            "failed.",
        )
    return False


def check(edition_id: int) -> bool:
    """Pause the edition if too many letters bounced or were complained of; True if it now pauses.

    One that has gone out altogether cannot be paused: its editors are told.
    """
    edition = Edition.objects.select_related("brief", "publication").get(pk=edition_id)
    counted = _counted(edition_id)
    if edition.status == Edition.Status.PAUSED and edition.counted_before:
        # What was in hand when it tripped belongs to what the editor is looking at.
        Edition.objects.filter(pk=edition_id, status=Edition.Status.PAUSED).update(
            counted_before=counted
        )
        return False
    before = edition.counted_before
    since = {key: counted[key] - before.get(key, 0) for key in counted}
    _remember(edition_id, since["judged"] < settings.BRAKE_AFTER)
    word = _word(since)
    if not word:
        return False
    if edition.status in Edition.MOVING:
        return pause(
            edition_id,
            f"{word} Look at the readers who failed, mend the list, then resume: "
            "what has been counted so far is not held against it again.",
            counted_before=counted,
        )
    if edition.status == Edition.Status.FINISHED and _is_news(edition_id):
        notices.tell_editors(
            edition.publication,
            f"Look at your list: {edition.brief}",
            f"“{edition.brief}” has gone out. {word} Mend the list before the next one.",
        )
    return False


def _remember(edition_id: int, is_early: bool) -> None:
    _began_badly.discard(edition_id)
    if is_early:
        if len(_began_badly) >= MOST_REMEMBERED:
            _began_badly.clear()
        _began_badly.add(edition_id)


def _counted(edition_id: int) -> dict[str, int]:
    sums = Batch.objects.filter(edition=edition_id).aggregate(
        sent=Sum("sent", default=0),
        refused=Sum("refused", default=0),
        bounced=Sum("bounced", default=0),
        complained=Sum("complained", default=0),
    )
    return {
        "judged": sums["sent"] + sums["refused"],
        "bad": sums["refused"] + sums["bounced"],
        "complained": sums["complained"],
    }


def _word(counted: dict[str, int]) -> str:
    """Return which limit *counted* is over, in words with the figures; empty for none."""
    judged, bad, complained = counted["judged"], counted["bad"], counted["complained"]
    if judged < settings.BRAKE_AFTER:
        return ""
    if _is_over(bad, judged, settings.BRAKE_BOUNCES):
        return (
            f"{bad:,} of {judged:,} letters ({bad / judged:.1%}) were refused or came back; "
            f"{settings.BRAKE_BOUNCES:g} % is the limit."
        )
    if complained >= LEAST_COMPLAINTS and _is_over(complained, judged, settings.BRAKE_COMPLAINTS):
        return (
            f"{complained:,} of {judged:,} readers ({complained / judged:.2%}) called it spam; "
            f"{settings.BRAKE_COMPLAINTS:g} % is the limit."
        )
    return ""


def _is_over(count: int, of: int, percent: float) -> bool:
    """Tell whether *count* is more than *percent* of *of*; a limit of 0 is none."""
    return bool(percent) and count * 100 > percent * of


def _is_news(edition_id: int) -> bool:
    try:
        return bool(cache.add(f"brake-told:{edition_id}", 1, _TOLD_ONCE_IN))
    except RedisError:
        return False
