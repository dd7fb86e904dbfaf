"""The watch over deliverability: what keeps mail from arriving is told once, and once more if the
sender's domain is mended.

A trouble is a row from when it is first seen to when it is gone. Its editors
are told in the transaction that marks it as told, so a crash neither loses nor
repeats a word, and several troubles of a publication go in one mail.
"""

import datetime as dt
import logging
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone, translation
from redis.exceptions import RedisError

from analytics import houses, sender_records
from analytics.houses import Alarm
from analytics.models import DomainCheck, DomainDay, Trouble
from analytics.sender_records import Finding
from briefs.models import Membership, Publication
from deliveries.preflight import records
from subscribers import notices

log = logging.getLogger(__name__)

# A domain is asked about once a day, and more often while something is wrong with it.
DAILY = dt.timedelta(hours=23)
AGAIN = dt.timedelta(minutes=30)
# What the DNS says once may be a slip of one server; what it says twice is told.
LOOKS = 2
MOST_AT_ONCE = 5
RATES_EVERY = 1800  # seconds

OF_SENDER = ("spf", "dkim", "dmarc", "mx", "alignment")
OF_HOUSES = ("bounces", "complaints", "complaints-near", "refuses")


def look() -> None:
    """Ask the DNS about the domains whose time it is, and look at the rates now and then."""
    if settings.CHECK_OUTSIDE:
        for domain, publications in _due().items():
            try:
                check(domain, publications)
            except Exception:  # one that cannot be judged must not keep all others unseen
                log.exception("What the DNS says of %s cannot be kept.", domain)
        _forget_former_domains()
    try:
        if not cache.add("watch-rates", 1, RATES_EVERY):
            return
    except RedisError:
        return  # it is looked at once it is back
    look_at_rates()


# --- the sender's domain ------------------------------------------------------


def senders() -> dict[str, list[Publication]]:
    """Return the sender's domains that can be asked about, with the publications of each."""
    found: dict[str, list[Publication]] = {}
    for publication in Publication.objects.exclude(sender_address="").order_by("pk"):
        domain = publication.sender_address.rpartition("@")[2].lower()
        if records.is_asked(domain):
            found.setdefault(domain, []).append(publication)
    return found


def _due() -> dict[str, list[Publication]]:
    """Return those of senders() whose last look is too old, who waited longest first."""
    known = {row.domain: row for row in DomainCheck.objects.all()}
    now = timezone.now()

    def is_due(domain: str) -> bool:
        row = known.get(domain)
        if row is None:
            return True
        wrong = any(one.is_wrong for one in sender_records.findings(domain, row.found))
        return not (dt.timedelta() <= now - row.checked_at < (AGAIN if wrong else DAILY))

    due = [domain for domain in senders() if is_due(domain)]
    never = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
    due.sort(key=lambda domain: known[domain].checked_at if domain in known else never)
    all_of = senders()
    return {domain: all_of[domain] for domain in due[:MOST_AT_ONCE]}


def check(domain: str, publications: Iterable[Publication]) -> DomainCheck:
    """Ask the DNS about *domain*, keep what it says, and tell whose mail it keeps from arriving."""
    asked = sender_records.ask(domain)  # before the transaction: it takes seconds
    with transaction.atomic(), translation.override("en"):
        row, _made = DomainCheck.objects.select_for_update().get_or_create(
            domain=domain, defaults={"checked_at": timezone.now()}
        )
        found = sender_records.newer(row.found, asked)
        judged = sender_records.findings(domain, found)
        if found != row.found:
            row.before, row.changed_at = row.found, timezone.now() if row.found else None
        row.found, row.checked_at = found, timezone.now()
        row.has_had = sorted({*row.has_had, *sender_records.right_ones(judged)})
        row.save()
        for publication in publications:
            _note_findings(publication, domain, judged, row.has_had)
    return row


def _forget_former_domains() -> None:
    """End the troubles of domains in whose name nothing is sent any more."""
    whose = {(one.pk, domain) for domain, theirs in senders().items() for one in theirs}
    rows = Trouble.objects.filter(kind__in=OF_SENDER, mended_at__isnull=True)
    _end([row for row in rows if (row.publication_id, row.about) not in whose])


def _note_findings(
    publication: Publication, domain: str, judged: list[Finding], has_had: list[str]
) -> None:
    # What was never there is on the health page; only what disappears is news.
    wrong = [
        Alarm(one.kind, domain, f"{one.name} of {domain}: {one.state}. {_advice(one)}")
        for one in judged
        if one.is_wrong and one.kind in OF_SENDER and one.kind in has_had
    ]
    right = {one.kind for one in judged if one.tone == "success"}
    open_ = _open(publication, OF_SENDER).filter(about=domain)
    mended = [row for row in open_ if row.kind in right]
    _see(publication, wrong)
    told = [row for row in mended if row.told_at is not None]
    _end(mended)
    _tell_what_is_wrong(publication, OF_SENDER, LOOKS)
    if told:
        names = ", ".join(sorted(row.kind.upper() for row in told))
        _tell(publication, f"Mended: {names} of {domain}", f"{names} of {domain} is right again.")


def _advice(one: Finding) -> str:
    record = f"\nAt {one.host}: {one.record}" if one.record else ""
    return f"{one.words}{record}"


# --- receiving houses ---------------------------------------------------------


def look_at_rates() -> int:
    """Compare the last days with what is bearable, and tell once; return how many were told."""
    told = 0
    since = timezone.localdate() - dt.timedelta(days=houses.DAYS)
    active = DomainDay.objects.filter(day__gte=since).values("publication").distinct()
    open_ = Trouble.objects.filter(mended_at__isnull=True, kind__in=OF_HOUSES).values("publication")
    rows = Publication.objects.filter(pk__in=active) | Publication.objects.filter(pk__in=open_)
    for publication in rows.distinct().order_by("pk"):
        with transaction.atomic():
            told += _judge(publication)
    return told


def _judge(publication: Publication) -> int:
    rows = list(_open(publication, OF_HOUSES))
    known = {(row.kind, row.about) for row in rows}
    found = list(houses.alarms(publication.pk, known))
    still = {(one.kind, one.about) for one in found}
    # One that got worse is told as what it is now, and needs no end of its own.
    worse = {("complaints-near", about) for kind, about in still if kind == "complaints"}
    _see(publication, found)
    _end([row for row in rows if (row.kind, row.about) not in still | worse])
    return _tell_what_is_wrong(publication, OF_HOUSES, 1)


# --- the rows -----------------------------------------------------------------


def open_troubles(publications: Iterable[int]) -> list[Trouble]:
    """Return what is wrong now with *publications*, the latest first."""
    rows = Trouble.objects.filter(publication__in=list(publications), mended_at__isnull=True)
    return list(rows.select_related("publication").order_by("-since", "-pk")[:100])


def _open(publication: Publication, kinds: Iterable[str]) -> Any:
    return Trouble.objects.filter(
        publication=publication, kind__in=list(kinds), mended_at__isnull=True
    ).order_by("pk")


def _see(publication: Publication, alarms: Iterable[Alarm]) -> None:
    """Note that *alarms* were seen: a row for a new one, one look more for a known one."""
    for alarm in alarms:
        rows = Trouble.objects.filter(
            publication=publication, kind=alarm.kind, about=alarm.about, mended_at__isnull=True
        )
        if not rows.update(seen=F("seen") + 1, seen_at=Now(), words=alarm.words):
            # Another has made it meanwhile: the constraint keeps it at one.
            Trouble.objects.bulk_create(
                [
                    Trouble(
                        publication=publication,
                        kind=alarm.kind,
                        about=alarm.about,
                        words=alarm.words,
                        since=timezone.now(),
                        seen_at=timezone.now(),
                    )
                ],
                ignore_conflicts=True,
            )


def _end(rows: Iterable[Trouble]) -> None:
    ids = [row.pk for row in rows]
    Trouble.objects.filter(pk__in=ids, mended_at__isnull=True).update(mended_at=Now())


def _tell_what_is_wrong(publication: Publication, kinds: Iterable[str], looks: int) -> int:
    """Tell in one mail what nobody has been told of yet; return of how many troubles."""
    untold = _open(publication, kinds).filter(told_at__isnull=True, seen__gte=looks)
    ids = list(untold.values_list("pk", flat=True))
    if not ids or not Trouble.objects.filter(pk__in=ids, told_at__isnull=True).update(
        told_at=Now()
    ):
        return 0
    rows = Trouble.objects.filter(pk__in=ids).order_by("pk")
    words = [row.words for row in rows]
    first = words[0].split(". ")[0].split(" (")[0]
    more = f" and {len(words) - 1} more" if len(words) > 1 else ""
    _tell(publication, f"Mail may not arrive: {first}{more}", "\n\n".join(words))
    return len(words)


def _tell(publication: Publication, subject: str, text: str) -> None:
    page = settings.SITE_URL + reverse("admin:analytics_health")
    notices.tell_editors(
        publication,
        subject[:180],
        f"{publication}\n\n{text}\n\nWhat to do about it: {page}",
        roles=(Membership.Role.OWNER, Membership.Role.PUBLISHER),
    )
