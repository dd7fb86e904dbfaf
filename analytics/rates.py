"""Shares of an edition's figures, each with what it is a share of, and how other editions did.

A share that could not be measured is None, and so is one of nobody.
"""

import datetime as dt
import statistics
from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from analytics import counts, figures
from deliveries.models import Edition

COMPARED = 10
# Of fewer readers a share says less than the numbers themselves.
LEAST_FOR_PERCENT = 20

Figures = dict[str, Any]
Rate = dict[str, Any]

# The rates of readers, in the order of the report; all but the first are of those accepted.
OF_READERS = (
    "accepted",
    "delivered",
    "bounced",
    "complained",
    "unsubscribed",
    "opened",
    "clicked",
)
# Not of readers: one who opens a mail five times is five opens.
PER_HUNDRED = ("opens", "clicks")


def of(found: Figures) -> dict[str, Rate]:
    """Return {name: {"count", "of", "share", "is_measured"}}; *share* is 0.031 for 3.1 %.

    Of "opens" and "clicks" it is how many of people came on each reader.
    """
    return {name: _rate(found, name) for name in (*OF_READERS, *PER_HUNDRED)}


def _rate(found: Figures, name: str) -> Rate:
    number = _NUMBERS[name](found)
    base: int = found["audience"] if name == "accepted" else found["accepted"]
    is_measured = number is not None and _MEASURED.get(name, _always)(found)
    return {
        "count": number if is_measured else None,
        "of": base,
        "share": round(number / base, 5) if is_measured and number is not None and base else None,
        "is_measured": is_measured,
    }


def _always(_found: Figures) -> bool:
    return True


def _reader(kind: str) -> Callable[[Figures], int | None]:
    return lambda found: found["readers"][kind] if found["readers"] else None


def _hit(kind: str) -> Callable[[Figures], int | None]:
    return lambda found: found["hits"][kind]["human"] if found["hits"] else None


_NUMBERS: dict[str, Callable[[Figures], int | None]] = {
    "accepted": lambda found: found["accepted"],
    "delivered": lambda found: found["delivered"],
    "bounced": lambda found: found["bounced"],
    "complained": lambda found: found["complained"],
    "unsubscribed": lambda found: found["unsubscribed"]["readers"],
    "opened": _reader("opened"),
    "clicked": _reader("clicked"),
    "opens": _hit("opens"),
    "clicks": _hit("clicks"),
}
_MEASURED: dict[str, Callable[[Figures], bool]] = {
    # Where some lanes report and others do not, who has arrived is known of some readers only.
    "delivered": lambda found: bool(found["heard"]["delivery"] == "all"),
    "bounced": lambda found: bool(found["heard"]["bounces"]),
    "complained": lambda found: bool(found["heard"]["complaints"]),
}


def compare(edition: Edition, found: Figures) -> dict[str, Any]:
    """Return {"hours", "editions", "median"}: the last editions of its kind before *edition*.

    Opens and clicks of an edition that is younger than its curve are compared
    with those of the others at the same age: "hours" says of how many hours.
    """
    before = list(earlier(edition, COMPARED))
    hours = age(found)
    rows = []
    for other, theirs in zip(before, figures.of_many(before), strict=True):
        rows.append(
            {
                "edition": other.pk,
                "headline": other.brief.headline,
                "at": other.send_at.isoformat(),
                "audience": theirs["audience"],
                "shares": shares(theirs, hours),
            }
        )
    names = (*OF_READERS, *PER_HUNDRED)
    return {
        "hours": hours,
        "own": shares(found, hours),
        "editions": rows,
        "median": {name: _median([row["shares"][name] for row in rows]) for name in names},
    }


def earlier(edition: Edition, most: int) -> list[Edition]:
    """Return the editions of the same kind and publication that went out before *edition*."""
    before = Q(send_at__lt=edition.send_at) | Q(send_at=edition.send_at, pk__lt=edition.pk)
    rows = Edition.objects.filter(
        before,
        publication=edition.publication_id,
        kind=edition.kind,
        frozen_at__isnull=False,
        audience__gt=0,
    )
    return list(
        rows.select_related("brief", "revision", "tally").order_by("-send_at", "-pk")[:most]
    )


def shares(found: Figures, hours: int) -> dict[str, float | None]:
    """Return the share of each rate; opens and clicks as they stood after *hours*."""
    rates = of(found)
    result: dict[str, float | None] = {name: rate["share"] for name, rate in rates.items()}
    curve = found["curve"]
    if hours < counts.HOURS:
        # Which readers had come by then is not stored.
        result.update(opened=None, clicked=None)
    if curve and hours < counts.HOURS and found["accepted"]:
        for column, name in ((0, "opens"), (2, "clicks")):
            total = sum(hour[column] for hour in curve["hours"][:hours])
            result[name] = round(total / found["accepted"], 5)
    return result


def age(found: Figures) -> int:
    """Return how many hours of its curve an edition has behind it, the present one included."""
    if not found["started_at"]:
        return 0
    begin = dt.datetime.fromisoformat(found["started_at"]).replace(
        minute=0, second=0, microsecond=0
    )
    hours = int((timezone.now() - begin).total_seconds() // 3600) + 1
    return max(0, min(hours, counts.HOURS))


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(statistics.median(known), 5) if known else None
