"""The report of a publication, as its page shows it: growth, sources, domains, last editions."""

from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics import chart, figures, queries, rates, weeks, words
from analytics.rates import OF_READERS, PER_HUNDRED
from briefs.models import Publication
from deliveries.models import Edition

LAST_EDITIONS = 20
# “Lately”, in weeks.
LATELY = 4
# Tones of the layers of a chart of sources, in the order of rollups.KINDS.
TONES = {
    "form": "one",
    "embed": "two",
    "import": "three",
    "by hand": "four",
    "api": "five",
    "other": "machine",
}


def context(publication: Publication) -> dict[str, Any]:
    """Return everything that templates/admin/analytics/publication.html shows."""
    growth = weeks.growth(publication)
    if growth:
        # As the dashboard has it; the days are some minutes old.
        growth[-1]["active"] = queries.readers(frozenset({publication.pk})).active
    lately = growth[-LATELY:]
    sources = weeks.sources(growth)
    return {
        "tiles": _tiles(growth, lately),
        "charts": _growth_charts(growth) if growth else [],
        "weeks": growth[::-1],
        "source_chart": _source_chart(growth, sources),
        "sources": [
            {
                **row,
                "words": words.SOURCES.get(row["source"], row["source"]),
                "confirmed_share": _share(row["confirmed"], row["asked"]),
            }
            for row in chart.ranking(sources, "asked")
        ],
        "domains": _domains(publication),
        **latest(frozenset({publication.pk})),
    }


def _tiles(growth: list[dict[str, Any]], lately: list[dict[str, Any]]) -> list[dict[str, Any]]:
    if not growth:
        return []
    asked, joined, left, bounced = (
        sum(week[name] for week in lately) for name in ("asked", "joined", "left", "bounced")
    )
    recent = [row for row in weeks.sources(lately) if row["source"] in ("form", "embed")]
    signed_up = sum(row["asked"] for row in recent)
    confirmed = sum(row["confirmed"] for row in recent)
    change = joined - left
    when = _("last 4 weeks")
    return [
        {
            "name": _("Active readers"),
            "number": f"{growth[-1]['active']:,}",
            "note": _("%(change)s in 4 weeks") % {"change": f"{change:+,}"},
            "tone": "up" if change > 0 else "down" if change < 0 else "",
        },
        {"name": _("Joined"), "number": f"{joined:,}", "note": when, "tone": ""},
        {"name": _("Left"), "number": f"{left:,}", "note": when, "tone": ""},
        {"name": _("Bounced for good"), "number": f"{bounced:,}", "note": when, "tone": ""},
        {"name": _("Asked to join"), "number": f"{asked:,}", "note": when, "tone": ""},
        {
            "name": _("Confirmed"),
            "number": _share(confirmed, signed_up) or f"{confirmed:,}",
            "note": _("%(done)s of %(all)s who used a form")
            % {"done": f"{confirmed:,}", "all": f"{signed_up:,}"},
            "tone": "",
        },
    ]


def _share(part: int, whole: int) -> str:
    """Write a share; of few no percent."""
    return words.percent(part / whole) if whole >= rates.LEAST_FOR_PERCENT else ""


def _growth_charts(growth: list[dict[str, Any]]) -> list[chart.Chart]:
    labels = [date_format(week["week"], "j M") for week in growth]
    return [
        chart.lines(
            "active",
            _("Active readers at the end of each week"),
            labels,
            [chart.Series(_("active"), [week["active"] for week in growth])],
            from_zero=False,
        ),
        chart.columns(
            "moved",
            _("Who came and who went, by week"),
            labels,
            [
                chart.Series(_("joined"), [week["joined"] for week in growth], "one"),
                chart.Series(_("left"), [-week["left"] for week in growth], "bad"),
                chart.Series(_("bounced for good"), [-week["bounced"] for week in growth], "two"),
            ],
        ),
    ]


def _source_chart(
    growth: list[dict[str, Any]], sources: list[dict[str, Any]]
) -> chart.Chart | None:
    if not sources:
        return None
    return chart.columns(
        "sources",
        _("Where sign-ups came from, by week"),
        [date_format(week["week"], "j M") for week in growth],
        [
            chart.Series(
                str(words.SOURCES.get(row["source"], row["source"])),
                [week["sources"].get(row["source"], [0, 0])[0] for week in growth],
                TONES.get(row["source"], "machine"),
            )
            for row in sources
        ],
    )


def _domains(publication: Publication) -> list[dict[str, Any]]:
    rows = []
    for one in weeks.domains(publication, timezone.localdate()):
        bounced = [
            100 * week["bounced"] / week["sent"] if week and week["sent"] else None
            for week in one["weeks"]
        ]
        rows.append(
            {
                **one,
                "delivered_share": _share(one["delivered"], one["reported"]),
                "bounced_share": _share(one["bounced"], one["sent"]),
                "complained_share": _share(one["complained"], one["sent"]),
                "line": chart.spark(bounced),
                "spoken": _spoken(bounced),
            }
        )
    return rows


def _spoken(shares: list[float | None]) -> str:
    known = [share for share in shares if share is not None]
    if not known:
        return ""
    return _("bounced: from %(first)s to %(last)s in %(weeks)s weeks") % {
        "first": words.percent(known[0] / 100),
        "last": words.percent(known[-1] / 100),
        "weeks": len(shares),
    }


# --- the last editions --------------------------------------------------------

_COLUMNS = (*OF_READERS, *PER_HUNDRED)


def latest(publications: frozenset[int], most: int = LAST_EDITIONS) -> dict[str, Any]:
    """Return {"editions", "rates"}: the latest that went to somebody, and their columns.

    A rate that was measured of none of them has no column.
    """
    rows = Edition.objects.filter(publication__in=publications, frozen_at__isnull=False)
    found = list(
        rows.select_related("brief", "revision", "tally", "publication").order_by(
            "-send_at", "-pk"
        )[:most]
    )
    all_figures = figures.of_many(found)
    all_rates = [rates.of(theirs) for theirs in all_figures]
    names = [name for name in _COLUMNS if any(one[name]["is_measured"] for one in all_rates)]
    return {
        "editions": [
            {"edition": edition, "figures": theirs, "cells": [_cell(name, one) for name in names]}
            for edition, theirs, one in zip(found, all_figures, all_rates, strict=True)
        ],
        "rates": [words.RATES[name] for name in names],
    }


def _cell(name: str, shares: dict[str, rates.Rate]) -> dict[str, str]:
    """Return what a column shows: the number, and the share where it says something."""
    rate = shares[name]
    share = ""
    if rate["share"] is not None and rate["of"] >= rates.LEAST_FOR_PERCENT:
        share = words.written(name, rate["share"])
        if name in PER_HUNDRED:
            share = _("%(number)s per 100") % {"number": share}
    return {
        "name": name,
        "number": f"{rate['count']:,}" if rate["is_measured"] else "–",
        "share": share,
    }
