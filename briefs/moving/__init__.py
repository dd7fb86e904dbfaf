"""Moving in and out: archives of other houses become briefs, and ours become Markdown."""

from .exporting import export
from .houses import READERS
from .items import Unreadable
from .running import ALL_DRAFTS, ALL_PUBLISHED, AS_IT_IS, Report, Wish, import_archive

__all__ = [
    "ALL_DRAFTS",
    "ALL_PUBLISHED",
    "AS_IT_IS",
    "READERS",
    "Report",
    "Unreadable",
    "Wish",
    "export",
    "import_archive",
]
