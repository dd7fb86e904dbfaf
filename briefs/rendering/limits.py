"""How much of a text can be rendered, and the errors that say what is too much.

A brief has some 5,000 characters and lists of two levels. What is far beyond
any brief is refused with a reason, because a few kilobytes, written for it,
keep a Markdown parser busy for minutes, and the parser that inlines the CSS
of a mail ends the whole process at some thousand levels of HTML.
"""

from __future__ import annotations

import re

LONGEST = 100_000  # characters of a body; with more, the mail would be clipped anyway
LONGEST_LINE = 2_000  # characters of a key point
DEEPEST = 100  # levels of HTML; a level of a list makes two
DEEPEST_UNREAD = 500  # levels of HTML as written, which counts what nobody closes
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
# They end by themselves, or have nothing inside.
_UNCLOSED = {"br", "dd", "dt", "hr", "img", "input", "li", "p", "td", "th", "tr", "wbr"}


class Unrenderable(ValueError):
    """The text cannot be made into a mail; the message says what to do about it."""

    rule = "unrenderable"


class TooLong(Unrenderable):
    """The text has more characters than any brief."""

    rule = "too-long"


class TooDeep(Unrenderable):
    """Lists, quotations or HTML are nested deeper than anybody could read."""

    rule = "nested-too-deep"

    def __init__(self) -> None:
        super().__init__(
            "Lists, quotations or HTML are nested too deep to be shown. Look for a line that "
            "begins with many marks or spaces, and take some levels away."
        )


class TooInvolved(Unrenderable):
    """To read the Markdown would take too long."""

    rule = "too-involved"

    def __init__(self) -> None:
        super().__init__(
            "The Markdown is too involved to be read. Look for a long run of “[” or “<” that "
            "nothing closes, or for a block of some thousand short lines, and take it out."
        )


def require_length(source: str, most: int, name: str) -> None:
    """Raise TooLong if *source*, which readers know as *name*, has more than *most* characters."""
    if len(source) > most:
        raise TooLong(
            f"The {name} has {len(source):,} characters; {most:,} are the most. Shorten it."
        )


def require_depth(fragment: str, *, sanitised: bool) -> None:
    """Raise TooDeep if the elements of *fragment* are nested beyond what is safe to parse."""
    depth = 0
    for closing, name in _TAG.findall(fragment):
        if not sanitised and name.lower() in _UNCLOSED:
            continue
        if closing:
            depth = max(depth - 1, 0)
        elif name not in {"br", "hr", "img"}:
            depth += 1
            if depth > (DEEPEST if sanitised else DEEPEST_UNREAD):
                raise TooDeep
