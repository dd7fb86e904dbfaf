"""Charts as SVG: drawn on the server, so they need no script, follow the theme and print.

Each is a plain description for templates/admin/desk/chart.html, which adds a
title, a description, a legend, and the same numbers as a table.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 220, 48, 10, 12, 26
FLOOR = HEIGHT - BOTTOM
# So many labels have room below, on a phone too.
MOST_LABELS = 6
# What part of a column's place it fills.
FILLED = 0.72

Number = float | None


@dataclass(frozen=True)
class Series:
    """One line, or one layer of columns; *tone* is a colour of reports.css."""

    name: str
    values: Sequence[Number]
    tone: str = "one"


@dataclass(frozen=True)
class Chart:
    """What the template draws."""

    name: str  # unique on its page
    title: str
    labels: Sequence[str]
    series: Sequence[Series]
    unit: str = ""
    ticks: list[dict[str, Any]] = field(default_factory=list)
    marks: list[dict[str, Any]] = field(default_factory=list)  # labels below
    paths: list[dict[str, str]] = field(default_factory=list)
    areas: list[dict[str, str]] = field(default_factory=list)
    dots: list[dict[str, str]] = field(default_factory=list)
    bars: list[dict[str, str]] = field(default_factory=list)
    hovers: list[dict[str, str]] = field(default_factory=list)
    box: dict[str, Any] = field(
        default_factory=lambda: {
            "width": WIDTH,
            "height": HEIGHT,
            "left": LEFT,
            "right": WIDTH - RIGHT,
            "top": TOP,
            "floor": FLOOR,
            "plot": FLOOR - TOP,
            "foot": HEIGHT - 6,
        }
    )

    @property
    def rows(self) -> list[dict[str, Any]]:
        """Return the numbers as rows of a table."""
        return [
            {
                "label": label,
                "values": [spoken(one.values[index], self.unit) for one in self.series],
            }
            for index, label in enumerate(self.labels)
        ]

    @property
    def is_empty(self) -> bool:
        """Tell whether there is nothing to be drawn."""
        return not any(value for one in self.series for value in one.values)

    @property
    def has_legend(self) -> bool:
        """Tell whether one colour has to be told from another."""
        return len(self.series) > 1


def lines(
    name: str,
    title: str,
    labels: Sequence[str],
    series: Sequence[Series],
    *,
    unit: str = "",
    from_zero: bool = True,
) -> Chart:
    """Draw each of *series* as a line; a single one has its area shaded.

    A value of None is a gap: nothing was measured there.
    """
    known = [value for one in series for value in one.values if value is not None]
    scale = _Scale(known, from_zero=from_zero)
    step = (WIDTH - LEFT - RIGHT) / max(len(labels) - 1, 1)
    xs = [LEFT + index * step for index in range(len(labels))]
    paths, areas, dots = [], [], []
    for one in series:
        for run in _runs(one.values):
            points = [(xs[index], scale.y(one.values[index] or 0)) for index in run]
            path = "M" + " L".join(f"{_n(x)},{_n(y)}" for x, y in points)
            paths.append({"d": path, "tone": one.tone})
            if len(series) == 1:
                d = f"{path} L{_n(points[-1][0])},{FLOOR} L{_n(points[0][0])},{FLOOR} Z"
                areas.append({"d": d, "tone": one.tone})
            dots.append({"x": _n(points[-1][0]), "y": _n(points[-1][1]), "tone": one.tone})
    return Chart(
        name,
        title,
        labels,
        series,
        unit,
        scale.ticks(unit),
        _marks(labels, xs, at_end=True),
        paths,
        areas,
        dots,
        hovers=_hovers(labels, series, xs, step, unit),
    )


def columns(
    name: str, title: str, labels: Sequence[str], series: Sequence[Series], *, unit: str = ""
) -> Chart:
    """Draw *series* as columns, one upon the other; what is negative hangs below the line."""
    above = [sum(max(one.values[i] or 0, 0) for one in series) for i in range(len(labels))]
    below = [sum(min(one.values[i] or 0, 0) for one in series) for i in range(len(labels))]
    scale = _Scale([*above, *below], from_zero=True)
    step = (WIDTH - LEFT - RIGHT) / max(len(labels), 1)
    xs = [LEFT + (index + 0.5) * step for index in range(len(labels))]
    bars = []
    for index, x in enumerate(xs):
        top = bottom = 0.0
        for one in series:
            value = one.values[index] or 0
            begin = top if value >= 0 else bottom
            if value:
                high, low = scale.y(max(begin, begin + value)), scale.y(min(begin, begin + value))
                bars.append(
                    {
                        "x": _n(x - step * FILLED / 2),
                        "y": _n(high),
                        "width": _n(max(step * FILLED, 1)),
                        "height": _n(max(low - high, 0.8)),
                        "tone": one.tone,
                    }
                )
            top, bottom = (begin + value, bottom) if value >= 0 else (top, begin + value)
    return Chart(
        name,
        title,
        labels,
        series,
        unit,
        scale.ticks(unit),
        _marks(labels, xs, at_end=False),
        bars=bars,
        hovers=_hovers(labels, series, xs, step, unit),
    )


def ranking(rows: Sequence[dict[str, Any]], *keys: str) -> list[dict[str, Any]]:
    """Return *rows* with "parts": the share of the longest bar that each of *keys* takes."""
    longest = max((sum(row[key] or 0 for key in keys) for row in rows), default=0)
    return [
        {
            **row,
            "parts": [
                {"tone": key, "percent": _n(100 * (row[key] or 0) / longest) if longest else "0"}
                for key in keys
            ],
        }
        for row in rows
    ]


def spark(values: Sequence[Number], *, width: int = 96, height: int = 24) -> str:
    """Return the points of a line in a box of *width* and *height*, for a cell of a table."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return ""
    high = max(known) or 1
    step = width / max(len(values) - 1, 1)
    return " ".join(
        f"{_n(index * step)},{_n(height - 2 - (height - 4) * value / high)}"
        for index, value in enumerate(values)
        if value is not None
    )


def spoken(value: Number, unit: str = "") -> str:
    """Write *value* as a chart and its table do; what was not measured as a dash."""
    if value is None:
        return "–"
    text = f"{value:,.0f}" if value == round(value) or not unit else f"{value:,.2f}"
    return f"{text} {unit}".strip()


class _Scale:
    """From values to heights: round steps, some air above, and a low end where it is of use."""

    def __init__(self, values: Sequence[float], *, from_zero: bool) -> None:
        high, low = max(values, default=0), min(values, default=0)
        if from_zero:
            high, low = max(high, 0), min(low, 0)
        else:
            air = max((high - low) * 0.25, 1)
            high, low = high + air, max(low - air, 0)
        self.step = _round_step((high - low) / 3)
        self.low = math.floor(low / self.step) * self.step
        self.high = max(math.ceil(high / self.step) * self.step, self.low + self.step)

    def y(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return TOP + (FLOOR - TOP) * (1 - share)

    def ticks(self, unit: str) -> list[dict[str, Any]]:
        number = round((self.high - self.low) / self.step)
        values = [self.low + index * self.step for index in range(number + 1)]
        return [{"y": _n(self.y(value)), "text": _short(value, unit)} for value in values]


def _round_step(about: float) -> float:
    """Return the 1, 2 or 5 of some power of ten that is no less than *about*."""
    if about <= 0:
        return 1
    power = float(10 ** math.floor(math.log10(about)))
    return next(part * power for part in (1, 2, 5, 10) if part * power >= about * 0.999)


def _short(value: float, unit: str) -> str:
    """Write a value beside the scale: 12,000 as 12k."""
    if unit == "%":
        return f"{value:g} %"
    if abs(value) >= 1_000_000:
        return f"{value / 1_000_000:g}m"
    if abs(value) >= 10_000:
        return f"{value / 1_000:g}k"
    return f"{value:,.0f}" if value == round(value) else f"{value:g}"


def _runs(values: Sequence[Number]) -> list[list[int]]:
    """Return the indices of *values* that follow each other without a gap."""
    runs: list[list[int]] = []
    for index, value in enumerate(values):
        if value is None:
            continue
        if runs and runs[-1][-1] == index - 1:
            runs[-1].append(index)
        else:
            runs.append([index])
    return runs


def _marks(labels: Sequence[str], xs: Sequence[float], *, at_end: bool) -> list[dict[str, Any]]:
    """Return the labels below: not more than have room, the last one always."""
    every = max(math.ceil(len(labels) / MOST_LABELS), 1)
    chosen = list(range(len(labels)))[::-1][::every]
    return [
        {
            "x": _n(xs[index]),
            "text": labels[index],
            "anchor": "end" if at_end and index == len(labels) - 1 else "middle",
        }
        for index in chosen
    ]


def _hovers(
    labels: Sequence[str], series: Sequence[Series], xs: Sequence[float], step: float, unit: str
) -> list[dict[str, str]]:
    """Return an upright strip for each label, with its numbers to be shown under the mouse."""
    return [
        {
            "x": _n(xs[index] - step / 2),
            "width": _n(step),
            "text": "\n".join(
                [label, *(f"{one.name}: {spoken(one.values[index], unit)}" for one in series)]
            ),
        }
        for index, label in enumerate(labels)
    ]


def _n(value: float) -> str:
    """Write a coordinate: as SVG reads it, whatever the language of the page."""
    return f"{value:.1f}".removesuffix(".0")
