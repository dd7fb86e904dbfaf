"""The text part: what a reader gets who has HTML switched off, or listens to it."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext as _

from .frame import Content, postal_lines
from .links import Links
from .parts import Look, Places
from .serialiser import to_text
from .wrapping import WIDTH, cut, display_width, wrap

_RULE = "-" * WIDTH
_LONGEST_URL = 900  # octets; the line ends at 998


def write_plain(
    content: Content,
    fragments: tuple[tuple[str, ...], str, str, str],
    look: Look,
    places: Places,
    links: Links,
    notice: str = "",
) -> str:
    """Return the text part; *fragments* are key points, body, contact block and footer as HTML."""
    points, body, contact, footer = fragments
    sections = (
        _head(content, look),
        to_text(notice, links),
        _points(points, links),
        to_text(body, links),
        wrap(content.topics),
        to_text(contact, links),
        to_text(footer, links),
        # Written last, when every link above has its number.
        _links(links, places),
        [_RULE],
        wrap(places.reason),
        *_places(look, places),
        [piece for line in postal_lines(look) for piece in cut(line)],
    )
    return "\n\n".join("\n".join(section) for section in sections if section) + "\n"


def _head(content: Content, look: Look) -> list[str]:
    title = wrap(": ".join(part for part in (content.series, content.headline) if part))
    rule = ["=" * min(WIDTH, max(map(display_width, title), default=0))]
    return [
        *wrap(look.name),
        *wrap(content.header),
        *wrap(content.date),
        "",
        *title,
        *rule,
        *wrap(content.byline),
    ]


def _points(points: tuple[str, ...], links: Links) -> list[str]:
    if not points:
        return []
    lines = [_("Key points").upper()]
    for point in points:
        first, *rest = to_text(point, links, width=WIDTH - 2) or [""]
        lines += ["", "• " + first, *("  " + line for line in rest)]
    return lines


def _links(links: Links, places: Places) -> list[str]:
    if not links.originals:
        return []
    lines = [_("Links")]
    for number, original in enumerate(links.originals, start=1):
        mailed = links.mailed(original)
        if len(mailed.encode()) > _LONGEST_URL:
            # Neither cut, which breaks it, nor whole, which breaks the mail.
            mailed = _("(too long for a mail: see the brief on the web)") + " " + places.view
        lines.append(f"[{number}] {mailed}")
    return lines


def _places(look: Look, places: Places) -> Iterable[list[str]]:
    named = (
        (look.unsubscribe_wording or _("Unsubscribe"), places.unsubscribe),
        (_("Preferences"), places.preferences),
        (_("View in browser"), places.view),
        (_("Was this brief forwarded to you? Subscribe"), places.subscribe),
        (_("Privacy notice"), places.privacy),
        (_("Imprint"), places.imprint),
    )
    # Each on a line of its own, so that no client takes a neighbour into the link.
    return ([f"{name}:", place] for name, place in named if place)
