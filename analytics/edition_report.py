"""The report of an edition, as its page shows it: figures, charts, rankings, and the last ten."""

import datetime as dt
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from analytics import chart, counts, figures, rates, words
from analytics.rates import OF_READERS, PER_HUNDRED
from deliveries.models import Edition

MOST_LINKS = 25


def context(edition: Edition) -> dict[str, Any]:
    """Return everything that templates/admin/analytics/edition.html shows of *edition*."""
    found = figures.of(edition)
    shares = rates.of(found)
    compared = rates.compare(edition, found)
    return {
        "figures": found,
        "as_of": dt.datetime.fromisoformat(found["at"]) if found["at"] else None,
        "is_off": found["policy"] == "off",
        "is_per_reader": found["policy"] == "per-reader",
        "tiles": _tiles(found, shares, compared),
        "compared": _comparison(compared),
        "curves": _curves(edition, found),
        "links": chart.ranking(found["links"][:MOST_LINKS], "human", "machine"),
        "more_links": max(len(found["links"]) - MOST_LINKS, 0),
        "bounces": bounces(found),
        "domains": domains(found),
        "others": counts.OTHERS,
        "least_readers": counts.LEAST_READERS,
        "departures": _reasons(found["unsubscribed"]["reasons"], words.WHYS),
        "nothing": _nothing(found),
    }


def _tiles(
    found: dict[str, Any], shares: dict[str, rates.Rate], compared: dict[str, Any]
) -> list[dict[str, Any]]:
    """Return one tile for each rate; of opens and clicks those that the policy allows to know."""
    skipped = (*PER_HUNDRED,) if found["readers"] else ("opened", "clicked")
    if not found["hits"]:
        skipped = ("opened", "clicked")
    tiles = [
        {
            "key": "audience",
            "name": _("Audience"),
            "number": f"{found['audience']:,}",
            "note": _still_waiting(found),
            "is_measured": True,
            "usual": "",
        }
    ]
    for name, rate in shares.items():
        if name in skipped:
            continue
        tiles.append(
            {
                "key": name,
                "name": words.RATES[name],
                "number": f"{rate['count']:,}" if rate["is_measured"] else _("not measured"),
                "note": words.note(name, rate),
                "is_measured": rate["is_measured"],
                "usual": _usual(name, compared),
            }
        )
    return tiles


def _still_waiting(found: dict[str, Any]) -> str:
    if not found["waiting"]:
        return _("when it was frozen")
    return _("%(number)s still wait") % {"number": f"{found['waiting']:,}"}


def _usual(name: str, compared: dict[str, Any]) -> str:
    """Say what is usual for the rate *name*, where editions before this one can tell."""
    median = compared["median"][name]
    if median is None or compared["own"][name] is None:
        return ""
    return _("usually %(share)s") % {"share": words.written(name, median)}


# --- opens and clicks ---------------------------------------------------------


def _curves(edition: Edition, found: dict[str, Any]) -> list[chart.Chart]:
    """Return the first hours as two charts, as far as they have gone by."""
    curve = found["curve"]
    if not curve:
        return []
    begin = dt.datetime.fromisoformat(curve["from"])
    hours = curve["hours"]
    labels = [
        date_format(timezone.localtime(begin + index * counts.HOUR), "D H:i")
        for index in range(len(hours))
    ]
    drawn = []
    for name, title, column in (
        ("opens", _("Opens in the first 48 hours"), 0),
        ("clicks", _("Clicks in the first 48 hours"), 2),
    ):
        series = [
            chart.Series(_("people"), [hour[column] for hour in hours], "human"),
            chart.Series(_("machines"), [hour[column + 1] for hour in hours], "machine"),
        ]
        drawn.append(chart.columns(f"{name}-{edition.pk}", title, labels, series))
    return drawn


# --- what came back -----------------------------------------------------------


def bounces(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return [{"reason", "words", "permanent", "transient", "parts"}], the most frequent first."""
    by_reason: dict[str, dict[str, Any]] = {}
    for kind in ("permanent", "transient"):
        for reason, number in found["bounces"][kind].items():
            row = by_reason.setdefault(
                reason,
                {
                    "reason": reason,
                    "words": words.BOUNCES.get(reason, reason),
                    "permanent": 0,
                    "transient": 0,
                },
            )
            row[kind] += number
    rest = found["bounced"] - sum(row["permanent"] + row["transient"] for row in by_reason.values())
    if rest > 0:
        row = {"reason": "", "words": _("not told why"), "permanent": rest, "transient": 0}
        by_reason[""] = row
    rows = sorted(by_reason.values(), key=lambda row: -row["permanent"] - row["transient"])
    return chart.ranking(rows, "permanent", "transient")


def domains(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the receiving domains with the share that bounced, failed and complained."""
    rows = []
    heard = found["heard"]
    for row in found["domains"]:
        accepted = row["accepted"]
        says_much = accepted >= rates.LEAST_FOR_PERCENT
        rows.append(
            {
                **row,
                "delivered": row["delivered"] if heard["delivery"] == "all" else None,
                "bounced": row["bounced"] if heard["bounces"] else None,
                "complained": row["complained"] if heard["complaints"] else None,
                "bounced_share": words.percent(row["bounced"] / accepted) if says_much else "",
            }
        )
    return rows


def _reasons(counted: dict[str, int], names: dict[str, words.Words]) -> list[dict[str, Any]]:
    rows = [
        {"words": names.get(reason, reason) or _("no reason given"), "readers": number}
        for reason, number in counted.items()
    ]
    return chart.ranking(rows, "readers")


def _nothing(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return who got nothing, or perhaps nothing, and why."""
    names = {"skipped": _("Skipped"), "failed": _("Failed"), "in-doubt": _("In doubt")}
    rows = [
        {"status": status, "name": names[status], "words": reason, "readers": number}
        for status, reasons in found["why"].items()
        for reason, number in reasons.items()
    ]
    if found["deferred"]:
        later = _("asked to come again later")
        rows.append(
            {
                "status": "pending",
                "name": _("Deferred"),
                "words": later,
                "readers": found["deferred"],
            }
        )
    return rows


# --- the last ten -------------------------------------------------------------


def _comparison(compared: dict[str, Any]) -> dict[str, Any]:
    """Return the table of the last ten: a column for each rate that any of them knows."""
    everybody = [compared["own"], *(row["shares"] for row in compared["editions"])]
    names = [
        name
        for name in (*OF_READERS, *PER_HUNDRED)
        if any(shares[name] is not None for shares in everybody)
    ]
    return {
        "names": [
            {"key": name, "name": words.RATES[name], "is_per_hundred": name in PER_HUNDRED}
            for name in names
        ],
        "own": [words.written(name, compared["own"][name]) for name in names],
        "median": [words.written(name, compared["median"][name]) for name in names],
        "editions": [
            {
                **row,
                "at": dt.datetime.fromisoformat(row["at"]),
                "cells": [words.written(name, row["shares"][name]) for name in names],
            }
            for row in compared["editions"]
        ],
        "hours": compared["hours"],
        "is_young": 0 < compared["hours"] < counts.HOURS,
    }
