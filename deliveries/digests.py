"""The weekly digest: the week's briefs in one mail, for readers who chose that rhythm."""

import datetime as dt
import logging
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import Error, IntegrityError, transaction
from django.db.models.functions import Now
from django.utils import translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from briefs import access, corrections, revisions
from briefs.models import Brief, Publication
from briefs.plaintext.escaping import escape_inline
from briefs.rendering import fill_line
from deliveries import audience, clocks, planning, zones
from deliveries.models import Edition
from subscribers.models import Subscription
from subscribers.notices import tell_editors

log = logging.getLogger(__name__)

WEEK = dt.timedelta(days=7)
# A digest that fell out, for an outage or for want of briefs, is made up for by the next one.
LOOKS_BACK = 2 * WEEK


def make_due() -> int:
    """Schedule the digests whose hour has come; return how many. Each is made once.

    One whose hour went by by more than the grace is not made: the next takes
    its briefs in.
    """
    made = 0
    # The database's clock: a host that is two hours fast must make none before its time.
    for publication in Publication.objects.annotate(at=Now()):
        end = week_end(publication, publication.at)
        if publication.at - end > clocks.GRACE:
            continue
        try:
            made += make(publication, end)
        except Error:
            raise  # the database is away: the next tick tries again
        except Exception:  # one that cannot be made holds up no other
            log.exception("The digest of %s cannot be made.", publication)
    return made


def week_end(publication: Publication, now: dt.datetime, weeks_ago: int = 0) -> dt.datetime:
    """Return when the week of *publication* last ended before *now*, by its own calendar."""
    zone = zones.known(publication.time_zone, "UTC")
    today = now.astimezone(ZoneInfo(zone)).date()
    day = today - dt.timedelta(days=(today.weekday() - publication.digest_weekday) % 7)

    def end(weeks: int) -> dt.datetime:
        wall = f"{day - weeks * WEEK:%Y-%m-%d}T{publication.digest_hour:02d}:00"
        return zones.moment(wall, zone)

    return end(weeks_ago if end(0) <= now else weeks_ago + 1)


def make(publication: Publication, end: dt.datetime) -> bool:
    """Schedule the digest of the week up to *end*; return False if there is one, or no need.

    One row of this publication and week says that it was made, whatever
    became of it: of two ticks, the database lets one through.
    """
    earlier = Brief.with_digests.filter(publication=publication, digest_of__isnull=False)
    if earlier.filter(digest_of=end).exists():
        return False
    briefs = _of_the_week(publication, end)
    weekly = audience.readers(publication, rhythm=Subscription.Rhythm.WEEKLY)
    if not briefs or not weekly.exists():
        return False
    try:
        with transaction.atomic():
            digest = _write(publication, end, briefs)
            _schedule(digest, end)
    except IntegrityError:
        return False
    return True


def _of_the_week(publication: Publication, end: dt.datetime) -> list[Brief]:
    """Return what was published since the last digest, or in the week up to *end*."""
    last = (
        Brief.with_digests.filter(
            publication=publication, digest_of__lt=end, digest_of__gte=end - LOOKS_BACK
        )
        .order_by("digest_of")
        .values_list("digest_of", flat=True)
        .last()
    )
    since = last or week_end(publication, end, weeks_ago=1)
    # A brief whose embargo ends later comes with the digest of that week, not of its own.
    # What is for client groups goes to nobody else, so a digest for all cannot bring it.
    readers = access.Reader(frozenset({publication.pk}))
    found = (
        access.readable(readers, end)
        .alias(readable_from=access.READABLE_FROM)
        .filter(publication=publication, readable_from__gt=since, readable_from__lte=end)
    )
    return list(found.select_related("publication", "published_revision").order_by("published_at"))


def _write(publication: Publication, end: dt.datetime, briefs: list[Brief]) -> Brief:
    day = end.astimezone(ZoneInfo(zones.known(publication.time_zone, "UTC"))).date()
    is_open = all(access.is_for(brief, access.ANONYMOUS) for brief in briefs)
    ends = [brief.readable_until for brief in briefs if brief.readable_until]
    with translation.override(publication.language):
        return Brief.with_digests.create(
            # Its copy in a browser tells of its briefs: to whom and as long as they may be read.
            access=Brief.Access.PUBLIC if is_open else Brief.Access.SUBSCRIBERS,
            readable_until=min(ends, default=None),
            publication=publication,
            headline=_("The week at a glance"),
            date=day,
            preheader=_preheader(briefs),
            body="\n\n".join(_entry(brief, end) for brief in briefs),
            digest_of=end,
        )


def _preheader(briefs: list[Brief]) -> str:
    """Return the headlines, as far as an inbox shows them: no merge field is cut in two."""
    return " · ".join(fill_line(_published(brief)["headline"]) for brief in briefs)[:200]


def _published(brief: Brief) -> dict[str, str]:
    """Return the text that went out, whatever was edited since."""
    assert brief.published_revision is not None  # a constraint keeps it
    snapshot: dict[str, str] = brief.published_revision.snapshot
    return snapshot


def _entry(brief: Brief, now: dt.datetime) -> str:
    """Return a brief as its headline, date, key points and link, in Markdown."""
    content = _published(brief)
    date = date_format(dt.date.fromisoformat(content["date"]), "DATE_FORMAT")
    lines = [f"## {escape_inline(content['headline'])}", f"*{date}*"]
    lines += [
        f"**{_('Correction, %(day)s') % {'day': notice.day}}:** {notice.markdown}"
        for notice in corrections.notices(brief)
    ]
    # Key points are Markdown of one line; without any, the headline has to do.
    lines += ["\n".join(f"- {point}" for point in content["key_points"])]
    if access.may_read(brief, access.ANONYMOUS, now):
        lines.append(f"[{_('Read it on the web')}]({settings.SITE_URL}{brief.web_path()})")
    return "\n\n".join(line for line in lines if line)


def _schedule(digest: Brief, end: dt.datetime) -> None:
    try:
        planning.schedule(revisions.take(digest), kind=Edition.Kind.DIGEST, send_at=end)
    except planning.PreflightFailed as failed:
        # The row stays: what is wrong is told once, not at each tick.
        tell_editors(
            digest.publication,
            "The weekly digest was not sent",
            f"Something stands against mailing the digest of {digest.publication}: {failed} "
            "Put it right before the next one is due, which brings these briefs no more.",
        )
