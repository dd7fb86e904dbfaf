"""Word diffs in templates."""

from collections.abc import Iterable

from django import template
from django.utils.safestring import SafeString

from briefs.differences import Piece, to_html

register = template.Library()


@register.filter
def difference(pieces: Iterable[Piece], hidden: str) -> SafeString:
    """Show *pieces* with <del> and <ins>; *hidden* is the page's class of what only is spoken."""
    return to_html(pieces, hidden)
