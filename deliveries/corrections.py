"""The correction mail: which editions were wrong, and the one that puts them right."""

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from briefs import corrections
from briefs.models import Brief, Correction, User
from deliveries import audience, control, planning, tallies
from deliveries.models import Delivery, Edition
from subscribers.models import Subscriber


class NobodyToTell(Exception):
    """No edition of the brief has carried a text that was wrong; the message says so."""


@dataclass(frozen=True)
class Reach:
    """Whom a correction mail would reach, by the tallies of the editions that were wrong."""

    editions: tuple[Edition, ...]
    readers: int  # at most: who got two of them is counted twice, who has left since too
    in_doubt: int  # are not mailed
    is_moving: bool  # one of them is on its way still


def wrong_editions(brief: Brief, right: int | None) -> list[Edition]:
    """Return the editions of *brief* that carried another text than the revision *right*.

    None stands for a text that is not frozen yet, which none of them carried.
    Left out are those so old that nobody knows any more who got them.
    """
    begun = brief.editions.filter(
        kind__in=[Edition.Kind.BRIEF, Edition.Kind.CORRECTION],
        started_at__isnull=False,
        pruning_at__isnull=True,
    )
    return list(begun.exclude(revision=right).order_by("pk"))


def reach(brief: Brief, right: int | None = None) -> Reach:
    """Return whom a mail that corrects *brief* would reach, from one row for each edition."""
    editions = wrong_editions(brief, right)
    counts = [tallies.of(edition)["statuses"] for edition in editions]
    return Reach(
        editions=tuple(editions),
        readers=sum(count[status] for count in counts for status in audience.GOT),
        in_doubt=sum(count[Delivery.Status.IN_DOUBT] for count in counts),
        is_moving=any(edition.is_open for edition in editions),
    )


def issue(
    brief: Brief, notice: str, by: User | None, *, by_mail: bool, seen: int | None = None
) -> Correction:
    """Correct *brief* on the web, and *by_mail* those who got it: both, or neither.

    Raise as briefs.corrections.issue(), planning.schedule() and mail() do.
    """
    with transaction.atomic():
        # Another object than the caller's, which must not say what is undone where the mail fails.
        correction = corrections.issue(Brief.objects.get(pk=brief.pk), notice, by, seen)
        if by_mail:
            mail(correction, by)
    brief.refresh_from_db(fields=["published_revision", "status"])
    return correction


def mail(correction: Correction, by: User | None) -> Edition:
    """Schedule the mail that tells readers of *correction*, after the hold of the publication.

    Raise NobodyToTell, AlreadyScheduled while another edition of the brief is
    open or where this mail went out already, and as planning.schedule() does.
    """
    brief = correction.brief
    mailed = mail_of(correction)
    if mailed is not None:
        raise planning.AlreadyScheduled(mailed)
    wrong = wrong_editions(brief, correction.right_id)
    if not wrong and brief.editions.filter(pruning_at__isnull=False).exists():
        raise NobodyToTell(
            f"“{brief}” was sent so long ago that nobody knows any more who got it. Correct it on "
            "the web alone."
        )
    if not wrong:
        raise NobodyToTell(f"“{brief}” was mailed to nobody in another text than this one.")
    last = brief.editions.order_by("pk").last()
    return planning.schedule(
        correction.right,
        kind=Edition.Kind.CORRECTION,
        hold=dt.timedelta(seconds=brief.publication.hold_seconds),
        corrects=[edition.pk for edition in wrong],
        by=by,
        after=last.pk if last else 0,
    )


def mail_of(correction: Correction) -> Edition | None:
    """Return the edition that tells readers of *correction*; None if none went or is to go."""
    return (
        correction.brief.editions.filter(kind=Edition.Kind.CORRECTION, revision=correction.right_id)
        .exclude(status__in=[Edition.Status.WITHDRAWN, Edition.Status.MISSED])
        .order_by("pk")
        .last()
    )


# In one transaction, which others wait for.
MOST_AT_ONCE = 5_000


def tell_late(edition: Edition, by: User | None = None) -> int:
    """Send the correction *edition* to those found to have the wrong text since; return how many.

    A doubt about the wrong edition was settled, or a pause has ended. Each gets
    one row in the ledger of *edition*, which a constraint keeps at one: a second
    click adds nobody. At most MOST_AT_ONCE at a time. Raise control.StillOpen while
    another edition of the brief is under way, and as control.resume() does.
    """
    over = Edition.objects.filter(
        pk=edition.pk,
        kind=Edition.Kind.CORRECTION,
        status=Edition.Status.FINISHED,
        pruning_at__isnull=True,
    )
    try:
        with transaction.atomic():
            control.require_fit(edition)
            count = _add_late(edition) if over.exists() else 0
            # After the rows, as in control.again().
            if not count or not over.select_for_update().exists():
                transaction.set_rollback(True)
                return 0
            over.update(
                status=Edition.Status.FINISHING, finished_at=None, audience=F("audience") + count
            )
            control.note("told-late", edition, by, f"{count:,} readers")
            tallies.stale([edition.pk])
    except IntegrityError as error:
        raise control.StillOpen(
            f"“{edition.brief}” has another edition under way; wait until it has finished."
        ) from error
    edition.refresh_from_db()
    return count


def _add_late(edition: Edition) -> int:
    """Write those whom *edition* has not told into its ledger, due now; return how many."""
    if Edition.objects.filter(pk__in=edition.corrects, pruning_at__isnull=False).exists():
        return 0  # who got what is not known any more
    late = audience.late(edition).order_by("pk")
    found = list(late.values_list("subscriber", flat=True)[:MOST_AT_ONCE])
    # Held, so that none of them is erased beneath their row; and whoever has waited here for
    # another's click looks again.
    held = Subscriber.objects.select_for_update(no_key=True).filter(pk__in=found).order_by("pk")
    readers = [reader.pk for reader in held]
    rows = [
        Delivery(edition=edition, subscriber_id=reader, due_at=Now())
        for reader in late.filter(subscriber__in=readers).values_list("subscriber", flat=True)
    ]
    return len(Delivery.objects.bulk_create(rows))


def since(edition: Edition) -> SafeString:
    """Return the corrections of a mailed *edition* that came after it, as HTML; "" for none."""
    language = edition.revision.snapshot["publication"]["language"]
    block = corrections.mail_block(edition.brief, language, since=edition.created_at)
    if not block:
        return block
    with translation.override(language):
        return format_html(
            '<p><strong>{}</strong> <a href="{}{}">{}</a></p>{}',
            _("You read an earlier mail. It has been corrected since."),
            settings.SITE_URL,
            edition.brief.web_path(),
            _("Read it on the web"),
            block,
        )
