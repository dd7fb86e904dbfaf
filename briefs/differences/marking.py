"""Show differences: <del> and <ins> for the eye, words for who listens to the page."""

from collections.abc import Iterable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from briefs.differences.wording import Piece

# Both the desk and the public site hide this from the eye, and from no screen reader.
HIDDEN = "ib-hidden"


def to_html(pieces: Iterable[Piece], hidden: str = HIDDEN) -> SafeString:
    """Return *pieces* as safe HTML: removed words in <del>, added ones in <ins>, all escaped.

    Not every screen reader says these elements, so hidden words do; *hidden*
    is the class that hides them. Line breaks are kept by white-space: pre-wrap.
    """
    return format_html_join("", "{}", ((_marked(piece, hidden),) for piece in pieces))


def _marked(piece: Piece, hidden: str) -> SafeString:
    if piece.kind == "kept":
        return format_html("{}", piece.text)
    name = "del" if piece.kind == "removed" else "ins"
    said = _("removed:") if piece.kind == "removed" else _("added:")
    return format_html(
        '<{0}><span class="{1}">{2} </span>{3}</{0}>', name, hidden, said, _visible(piece.text)
    )


def _visible(text: str) -> str:
    """Give a line break that came or went a sign of its own: nothing would be seen of it."""
    return text.replace("\n", "↵\n")
