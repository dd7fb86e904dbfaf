"""Word diffs in templates."""

from collections.abc import Iterable
from itertools import groupby
from typing import NamedTuple

from django import template
from django.utils.safestring import SafeString

from briefs.differences import Change, Piece, Row, to_html

register = template.Library()


@register.filter
def difference(pieces: Iterable[Piece], hidden: str) -> SafeString:
    """Show *pieces* with <del> and <ins>; *hidden* is the page's class of what only is spoken."""
    return to_html(pieces, hidden)


class Run(NamedTuple):
    """Rows that follow each other and stayed, or did not."""

    is_kept: bool
    rows: list[Row]


@register.filter
def runs(change: Change) -> list[Run]:
    """Group the rows of *change*, so that a page can fold away what stayed."""
    grouped = groupby(change.rows, key=lambda row: row.kind == "kept")
    return [Run(is_kept, list(rows)) for is_kept, rows in grouped]
