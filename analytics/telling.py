"""What `manage.py edition report` tells beside the ledger: the figures, as JSON and as lines."""

from typing import Any

from analytics import figures, rates, words
from deliveries.models import Edition
from deliveries.tracking import counting


def more(edition: Edition) -> dict[str, Any]:
    """Return what the report of *edition* has besides; of one whose rows are gone, all of it."""
    found = figures.of_now(edition)
    ledger = {key: found[key] for key in ("audience", "statuses", "reasons")}
    return {
        **ledger,
        "figures": found,
        "rates": rates.of(found),
        "compared": rates.compare(edition, found),
        # Of any edition: who reads the numbers in that moment misses the last seconds.
        "hits_to_come": bool(found["hits"]) and counting.waits(),
    }


def lines(report: dict[str, Any]) -> list[str]:
    """Return the figures of *report* as lines to be read."""
    if "figures" not in report:
        return []
    found = report["figures"]
    return ["", *_rates(report), *_hits(report), *_reasons(found), *_links(found)]


def _rates(report: dict[str, Any]) -> list[str]:
    median = report["compared"]["median"]
    found = []
    for name, rate in report["rates"].items():
        number = f"{rate['count']:,}" if rate["is_measured"] else "not measured"
        line = f"  {words.RATES[name]!s:<20}{number:>13}  {words.note(name, rate)}"
        if median[name] is not None and rate["is_measured"]:
            line += f"; usually {words.written(name, median[name])}"
        found.append(line)
    return found


def _reasons(found: dict[str, Any]) -> list[str]:
    bounced = [
        f"  {number:>8,} bounced ({kind}): {reason}"
        for kind, reasons in found["bounces"].items()
        for reason, number in reasons.items()
    ]
    left = [
        f"  {number:>8,} unsubscribed: {words.WHYS.get(why, why)}"
        for why, number in found["unsubscribed"]["reasons"].items()
    ]
    return [*bounced, *left]


def _hits(report: dict[str, Any]) -> list[str]:
    hits = report["figures"]["hits"]
    if not hits:
        return []
    rows = [
        f"  {name:<20}{row['human']:>13,}  by people, {row['machine']:,} by machines"
        for name, row in hits.items()
    ]
    if report["hits_to_come"]:
        rows.append("  Some opens or clicks are not counted yet: that takes 10 to 25 seconds.")
    return rows


def _links(found: dict[str, Any]) -> list[str]:
    if not found["hits"]:
        return []
    return [
        f"  {link['human']:>8,} people, {link['machine']:,} machines: {link['url']}"
        for link in found["links"]
    ]
