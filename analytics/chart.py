"""A line chart as SVG: drawn on the server, so it needs no script and follows the theme."""

import datetime as dt
from typing import Any

from django.utils.formats import date_format

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 720, 220, 44, 12, 26


def draw(line: list[tuple[dt.date, int]]) -> dict[str, Any]:
    """Return the paths, points and labels of *line* for templates/admin/desk/chart.html."""
    low, high = _bounds([count for _day, count in line])
    step = (WIDTH - LEFT - 8) / max(len(line) - 1, 1)
    height = HEIGHT - TOP - BOTTOM

    def y(count: float) -> float:
        return round(TOP + height * (1 - (count - low) / (high - low)), 1)

    points = [
        {
            "x": round(LEFT + index * step, 1),
            "y": y(count),
            "left": round(LEFT + index * step - step / 2, 1),
            "day": date_format(day, "j M"),
            "count": count,
        }
        for index, (day, count) in enumerate(line)
    ]
    path = "M" + " L".join(f"{point['x']},{point['y']}" for point in points)
    floor = HEIGHT - BOTTOM
    every = max(len(points) // 5, 1)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "right": WIDTH - 8,
        "floor": floor,
        "plot": height,
        "top": TOP,
        "step": round(step, 1),
        "points": points,
        "last": points[-1],
        "path": path,
        "area": f"{path} L{points[-1]['x']},{floor} L{LEFT},{floor} Z",
        "ticks": [{"y": y(v), "text": f"{v:,}"} for v in _ticks(low, high)],
        "labels": points[::-1][::every],
    }


def _bounds(counts: list[int]) -> tuple[int, int]:
    """Return where the scale starts and ends: some air around the line, never below zero."""
    low, high = min(counts), max(counts)
    air = max(round((high - low) * 0.25), 1)
    return max(low - air, 0), high + air


def _ticks(low: int, high: int) -> list[int]:
    """Return three or four values to write beside the scale, without repeats."""
    parts = min(high - low, 3)
    return sorted({low + round((high - low) * part / parts) for part in range(parts + 1)})
