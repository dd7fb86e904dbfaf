"""Read a brief from plain text as organisations have it: pasted, exported, half finished."""

from .decoding import UnreadableBrief
from .escaping import escape_inline, escape_paragraph
from .reading import ReadBrief, read_brief

__all__ = ["ReadBrief", "UnreadableBrief", "escape_inline", "escape_paragraph", "read_brief"]
