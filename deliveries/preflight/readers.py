"""Rules on whom the brief goes to, and when."""

import datetime as dt
from collections.abc import Iterator

from django.utils import timezone
from django.utils.formats import date_format

from briefs import embargo, snippets
from briefs.models import Brief
from briefs.preflight import Trouble
from briefs.rendering import fill_line
from deliveries import audience, readership
from deliveries.models import Edition
from deliveries.preflight.matter import READERS, Matter

LOOKED_AT = 2_000  # readers
AGAIN_WITHIN = dt.timedelta(days=30)
# So few readers come and go without anything being wrong.
FEW_READERS = 10


@READERS.warning("audience-empty")
def audience_empty(matter: Matter) -> Iterator[Trouble]:
    """Find a brief that nobody would get: it would stand on the web only."""
    brief = matter.brief
    if matter.readers.readers != 0:
        return  # some, or so many that nobody has counted them yet
    if brief.access == Brief.Access.GROUPS:
        words = f"Nobody who reads {brief.publication} belongs to one of this brief’s client groups"
    elif readership.quick(brief.publication).readers:
        words = f"Nobody who reads {brief.publication} has chosen one of this brief’s topics"
    else:
        words = f"Nobody is subscribed to {brief.publication}"
    yield Trouble("publication", f"{words}: the brief will stand on the web only.")


@READERS.warning("audience-unusual")
def audience_unusual(matter: Matter) -> Iterator[Trouble]:
    """Find an audience that differs from that of the publication's last brief by more than the
    share which the publication says: a topic too many, an import, or readers lost at once. Ten
    readers more or fewer are never much.
    """
    brief = matter.brief
    if brief.access == Brief.Access.GROUPS:
        return  # its readers are named one by one, and differ from one brief to the next
    last = (
        Edition.objects.filter(
            publication=brief.publication, kind=Edition.Kind.BRIEF, audience__gt=0, segment=None
        )
        .exclude(brief=brief.pk)
        .exclude(brief__access=Brief.Access.GROUPS)
        .order_by("-send_at")
        .first()
    )
    if last is None or last.audience is None:
        return
    now = matter.readers.readers
    if not now:
        return  # nobody at all is another rule's; what is large is counted beside the page
    difference = abs(now - last.audience)
    share = brief.publication.audience_share
    if difference > FEW_READERS and difference * 100 > share * last.audience:
        more = "more" if now > last.audience else "fewer"
        yield Trouble(
            "topics",
            f"{now:,} readers would get it; the last brief went to {last.audience:,}. That is "
            f"{difference * 100 // last.audience} % {more}. Look at the topics, and at what was "
            "imported or suppressed since.",
        )


@READERS.warning("merge-unknown")
def merge_unknown(matter: Matter) -> Iterator[Trouble]:
    """Find merge fields that none of the latest readers has: misspelt, as a rule."""
    parts = matter.text.merge_troubles
    unknown = {field.name: part.where for part in parts for field in part.fields}
    for name in ("name", "first_name"):
        unknown.pop(name, None)
    if not unknown:
        return
    # Of all topics: to look for those who chose one could read a million rows.
    latest = audience.readers(matter.brief.publication).order_by("-pk")
    known: set[str] = set()
    for attributes in latest.values_list("subscriber__attributes", flat=True)[:LOOKED_AT]:
        known.update(attributes if isinstance(attributes, dict) else ())
    for name, where in unknown.items():
        if name not in known:
            yield Trouble(
                where,
                f"None of the latest readers has “{name}”, so all would get the default of "
                f"[[{name}]]. Is it misspelt? There are: "
                f"{', '.join(['name', 'first_name', *sorted(known)[:20]])}.",
            )


@READERS.warning("headline-again")
def headline_again(matter: Matter) -> Iterator[Trouble]:
    """Find a headline that a brief of the last 30 days had: inboxes put both into one thread, and
    readers think that they know it.
    """
    headline = _compared(matter.snapshot["headline"])
    if not headline:
        return
    earlier = Brief.objects.filter(
        publication=matter.brief.publication, published_at__gte=timezone.now() - AGAIN_WITHIN
    ).exclude(pk=matter.brief.pk)
    for words, at in earlier.values_list("headline", "published_at"):
        if at is not None and _compared(words) == headline:
            day = date_format(at.astimezone(matter.zone), "j F")
            message = f"A brief of {day} has the same headline. Say what is new in this one."
            yield Trouble("headline", message)
            return


def _compared(headline: str) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in fill_line(headline))
    return " ".join(words.casefold().split())


@READERS.warning("date-not-today")
def date_not_today(matter: Matter) -> Iterator[Trouble]:
    """Find a date line that is not the day on which the brief goes out, by the clock of the
    publication: it was taken over from another. What was published keeps its date.
    """
    if matter.brief.published_at is not None or matter.brief.digest_of is not None:
        return
    day = matter.goes_at.astimezone(matter.zone).date()
    written = dt.date.fromisoformat(matter.snapshot["date"])
    if written != day:
        when = "today" if day == timezone.now().astimezone(matter.zone).date() else "then"
        yield Trouble(
            "date",
            f"The date line says {date_format(written, 'l, j F Y')}; it is "
            f"{date_format(day, 'l, j F')} {when} in {matter.zone.key}. Change it, or let it go "
            "out on that day.",
        )


@READERS.warning("embargo-later")
def embargo_later(matter: Matter) -> Iterator[Trouble]:
    """Find an embargo that ends after the brief is to go out: it is not sent before."""
    until = matter.brief.embargo_until
    if until is not None and until > matter.goes_at:
        yield Trouble(
            "embargo_until",
            f"Nobody may read it before {embargo.in_zone(until, matter.brief)}. Schedule it for "
            "then or later.",
        )


@READERS.error("sponsor-unlabelled")
def sponsor_unlabelled(matter: Matter) -> Iterator[Trouble]:
    """Find a sponsor's line that does not say that it is one: the law of most countries asks for
    a label, and readers who find out feel cheated.
    """
    for where in ("body", "contact_block"):
        words = matter.snapshot[where]
        for snippet in snippets.unlabelled_in(words, matter.brief.publication):
            label = snippets.sponsor_label(matter.publication["language"])
            yield Trouble(
                where,
                f"“{snippet.name}” was paid for, and the {where.replace('_', ' ')} does not say "
                f"so. Write “{label}:” before it, or insert it anew.",
            )
