"""How mail fares at each receiving house: rates over a week, and which of them are trouble."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import NamedTuple

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from analytics.domains import COLUMNS, OTHERS, house_of
from analytics.models import DomainDay

DAYS = 7
# Percent. Gmail and Yahoo ask for less than 0.1 % of complaints and refuse above 0.3 %.
MOST_BOUNCES = 5.0
AIM_OF_COMPLAINTS = 0.1
MOST_COMPLAINTS = 0.3
# Fewer letters say nothing: one complaint among a hundred would be ten times the aim.
LEAST_FOR_BOUNCES = 200
LEAST_FOR_COMPLAINTS = 1_000
LEAST_COMPLAINTS = 2
# A house that took mail and takes none since yesterday, with so many letters.
LEAST_REFUSED = 20
REFUSED_SHARE = 0.95
# What has troubled stays a trouble until it is well below: no storm of words at the edge.
WELL_BELOW = 0.8


class Rate(NamedTuple):
    """What became of the letters to one house."""

    house: str
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    complained: int = 0
    failed: int = 0

    @property
    def letters(self) -> int:
        """How many were tried: taken by the provider, or refused at once."""
        return self.sent + self.failed

    @property
    def refused(self) -> int:
        """How many never arrived, as far as is known."""
        return self.bounced + self.failed

    @property
    def bounces(self) -> float:
        """Percent that never arrived."""
        return 100 * self.refused / self.letters if self.letters else 0.0

    @property
    def complaints(self) -> float:
        """Percent that was called spam, of what may have arrived."""
        arrived = self.sent - self.bounced
        return 100 * self.complained / arrived if arrived > 0 else 0.0


class Alarm(NamedTuple):
    """One trouble with a house: a kind, whose, and what is told."""

    kind: str
    about: str
    words: str


def by_house(
    publications: Collection[int], first: dt.date, last: dt.date | None = None
) -> dict[str, Rate]:
    """Return how each house fared from day *first* to *last*, the many small ones together."""
    rows = DomainDay.objects.filter(publication__in=publications, day__gte=first)
    if last is not None:
        rows = rows.filter(day__lte=last)
    sums = {column: Sum(column) for column in COLUMNS}
    found: dict[str, list[int]] = defaultdict(lambda: [0] * len(COLUMNS))
    for domain, *numbers in rows.values_list("domain").annotate(**sums).order_by():
        total = found[house_of(domain)]
        for place, number in enumerate(numbers):
            total[place] += number
    return {house: Rate(house, *total) for house, total in found.items()}


def week(publications: Collection[int]) -> list[Rate]:
    """Return the last seven days by house, most letters first."""
    first = timezone.localdate() - dt.timedelta(days=DAYS - 1)
    rates = by_house(publications, first).values()
    return sorted(rates, key=lambda rate: (rate.house == OTHERS, -rate.letters, rate.house))


def alarms(publication: int, known: Collection[tuple[str, str]] = ()) -> Iterator[Alarm]:
    """Yield what is trouble with *publication*; what is *known* as (kind, house) lasts longer."""
    today = timezone.localdate()
    rates = by_house([publication], today - dt.timedelta(days=DAYS - 1))
    for rate in rates.values():
        yield from _bounces(rate, ("bounces", rate.house) in known)
        yield from _complaints(rate, known)
    # By the days of publications, whose clocks may be ahead: today and yesterday alone.
    yesterday = today - dt.timedelta(days=1)
    lately = by_house([publication], yesterday)
    before = by_house(
        [publication], today - dt.timedelta(days=2 * DAYS), today - dt.timedelta(days=2)
    )
    for house, rate in lately.items():
        yield from _refuses(rate, before.get(house))


def _bounces(rate: Rate, is_known: bool) -> Iterator[Alarm]:
    most = MOST_BOUNCES * (WELL_BELOW if is_known else 1)
    if rate.house == OTHERS or rate.letters < LEAST_FOR_BOUNCES or rate.bounces <= most:
        return
    yield Alarm(
        "bounces",
        rate.house,
        f"{rate.bounces:.1f} % of the mail to {rate.house} came back within {DAYS} days "
        f"({rate.refused:,} of {rate.letters:,} letters; more than {MOST_BOUNCES:.0f} % is bad).",
    )


def _complaints(rate: Rate, known: Collection[tuple[str, str]]) -> Iterator[Alarm]:
    if rate.sent < LEAST_FOR_COMPLAINTS or rate.complained < LEAST_COMPLAINTS:
        return
    limits = (("complaints", MOST_COMPLAINTS), ("complaints-near", AIM_OF_COMPLAINTS))
    for kind, most in limits:
        lasts = WELL_BELOW if (kind, rate.house) in known else 1
        if rate.complaints < most * lasts:
            continue
        tells = "is refused" if kind == "complaints" else "is watched"
        yield Alarm(
            kind,
            rate.house,
            f"{rate.complaints:.2f} % of the readers at {rate.house} called the mail spam within "
            f"{DAYS} days ({rate.complained:,} of {rate.sent:,}). Above {most} % it {tells} there.",
        )
        return  # the worse of both says it


def _refuses(rate: Rate, before: Rate | None) -> Iterator[Alarm]:
    if rate.house == OTHERS or rate.letters < LEAST_REFUSED:
        return
    took = before is None or before.bounces < 50
    if took and rate.refused >= REFUSED_SHARE * rate.letters:
        yield Alarm(
            "refuses",
            rate.house,
            f"{rate.house} refuses everything since yesterday ({rate.refused:,} of "
            f"{rate.letters:,} letters).",
        )


def meaning(rate: Rate) -> str:
    """Say in plain words what the figures of a house are likely to mean, and what to do."""
    if rate.house == OTHERS:
        return ""
    if rate.letters >= LEAST_REFUSED and rate.refused >= REFUSED_SHARE * rate.letters:
        return _(
            "It takes nothing. Read its words on the edition’s page: 5.7.x is about you (SPF, "
            "DKIM, DMARC, a block list), 4.7.x asks for patience."
        )
    if rate.sent >= LEAST_FOR_COMPLAINTS and rate.complaints >= AIM_OF_COMPLAINTS:
        return _(
            "Too many call it spam. Write to fewer: who has not opened for months, or came by an "
            "import. Make leaving easy to find."
        )
    if rate.letters >= LEAST_FOR_BOUNCES and rate.bounces > MOST_BOUNCES:
        return _(
            "Many addresses there are gone, as after an old import; they are not mailed again. "
            "If the words say 5.7.x, it is the sender that is refused."
        )
    return ""
