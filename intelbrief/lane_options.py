"""The options of a lane in PROVIDERS: what each must be, so that none fails in mid-send."""

import math
from collections.abc import Callable, Iterator
from typing import Any

from django.core.checks import CheckMessage, Error, Warning  # noqa: A004  (Django's name)

RAMP = '[50, 100, 200], numbers that do not fall, or {"start": 50, "factor": 2, "until": 100000}'


def check(lane: str, options: dict[str, Any]) -> Iterator[CheckMessage]:
    """Find options of *lane* that are malformed, and those that nobody knows."""
    for name, value in options.items():
        if name not in OPTIONS:
            yield Warning(
                f'PROVIDERS["{lane}"] has an option “{name}”, which nobody here knows.',
                hint=f"Known are: {', '.join(OPTIONS)}.",
                id="intelbrief.W006",
            )
            continue
        fits, wanted = OPTIONS[name]
        if not fits(value):
            yield Error(
                f'“{name}” of PROVIDERS["{lane}"] is {value!r}.',
                hint=f"Write {wanted}, or leave it out.",
                id="intelbrief.E014",
            )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_truth(value: Any) -> bool:
    return isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not _is_truth(value) and math.isfinite(value)


def _is_rate(value: Any) -> bool:
    return _is_number(value) and value > 0


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not _is_truth(value) and value >= 1


def _is_ramp(value: Any) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_count, value)) and value == sorted(value)
    if not isinstance(value, dict) or not value.keys() <= {"start", "factor", "until"}:
        return False
    factor = value.get("factor", 2)
    counts = (value.get("start"), value.get("until"))
    return all(map(_is_count, counts)) and _is_number(factor) and factor > 1


COUNT = (_is_count, "a whole number from 1 on")
OPTIONS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "provider": (_is_text, "a name"),
    "url": (_is_text, "an address in quotes"),
    "bounce_domain": (_is_text, "a domain in quotes"),
    "concurrency": COUNT,
    "connections": COUNT,
    "threads": COUNT,
    "batch": (_is_truth, "true or false"),
    "letters_per_call": COUNT,
    "rate": (_is_rate, "a number above 0"),
    "per_hour": COUNT,
    "per_day": COUNT,
    "ramp": (_is_ramp, RAMP),
}
