"""Colours that can be read: contrast as WCAG 2.2 counts it."""

from __future__ import annotations

import re

_HEX = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
_BLACK = (0, 0, 0)
_WHITE = (255, 255, 255)

RGB = tuple[int, int, int]


def parse(colour: str, otherwise: str) -> RGB:
    """Read "#rgb" or "#rrggbb"; anything else is read as *otherwise*."""
    colour = colour.strip()
    if not _HEX.fullmatch(colour):
        colour = otherwise
    digits = colour[1:]
    if len(digits) == 3:
        digits = "".join(2 * digit for digit in digits)
    return int(digits[:2], 16), int(digits[2:4], 16), int(digits[4:], 16)


def contrast(one: RGB, other: RGB) -> float:
    """Return the contrast ratio, 1.0 to 21.0."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: RGB, on: tuple[RGB, ...], *, minimum: float = 4.5) -> RGB:
    """Return *colour*, moved toward black or white until text in it reads on every *on*.

    The hue is kept as long as the contrast allows it.
    """
    dark_ground = max(_luminance(ground) for ground in on) < 0.18
    target = _WHITE if dark_ground else _BLACK
    for step in range(0, 101, 4):
        mixed = _mix(colour, target, step / 100)
        if all(contrast(mixed, ground) >= minimum for ground in on):
            return mixed
    return target


def hexadecimal(colour: RGB) -> str:
    """Write a colour as "#rrggbb"."""
    return "#{:02x}{:02x}{:02x}".format(*colour)


def _luminance(colour: RGB) -> float:
    red, green, blue = (
        channel / 255 / 12.92 if channel <= 10 else ((channel / 255 + 0.055) / 1.055) ** 2.4
        for channel in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _mix(colour: RGB, target: RGB, share: float) -> RGB:
    red, green, blue = (round(c + (t - c) * share) for c, t in zip(colour, target, strict=True))
    return red, green, blue
