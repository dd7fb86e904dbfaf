"""What differs between two texts of a brief: words, rows and fields; strings in, strings out."""

from briefs.differences.excerpts import for_readers, plain
from briefs.differences.fields import Change, compare, in_words
from briefs.differences.marking import to_html
from briefs.differences.wording import Piece, Row, rows, words

__all__ = [
    "Change",
    "Piece",
    "Row",
    "compare",
    "for_readers",
    "in_words",
    "plain",
    "rows",
    "to_html",
    "words",
]
