"""Search the archive: one way in, two databases behind it.

`find` answers a visitor, `keep` follows each publishing and correction, `rebuild`
reads everything anew. What is found, counted, quoted or suggested comes from
rows of access.readable(), so nobody learns a word of what they may not read.
"""

from .finding import ON_A_PAGE, Filters, Found, Results, find
from .index import configuration, keep, put, rebuild
from .querying import LONGEST, Query, parse

__all__ = [
    "LONGEST",
    "ON_A_PAGE",
    "Filters",
    "Found",
    "Query",
    "Results",
    "configuration",
    "find",
    "keep",
    "parse",
    "put",
    "rebuild",
]
