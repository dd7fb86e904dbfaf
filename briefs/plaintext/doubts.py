"""What looks unfinished in a brief that was read; restrained, so that it is read too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_ADDRESS = re.compile(
    r"\S@\S|https?://|\bwww\.|\b[\w-]+\.(?:com|org|net|int|eu|example)\b", re.IGNORECASE
)
_TELEPHONE = re.compile(r"\+?(?:[\d()/.-][ ]?){6,}")
_LEFT_OVER = re.compile(
    r"\bT(?:K|KTK|BC|BD)\b|\bTODO\b|\bFIXME\b|\bX{3,}\b|\?\?\?+|(?i:\blorem ipsum\b)"
    r"|(?<!\[)\[(?i:insert|name|date|link|placeholder)\b[^\]]*\]"
)
_MOJIBAKE = re.compile("â€[™œ“”˜¦\x9d]|Ã[©¨¼¶¤±§]|\ufffd")
_END = re.compile(r"[.!?…:;][\"'”’»)\]]*$")


def has_address(contact: str) -> bool:
    """Tell whether a reader could write, browse or call by these lines."""
    return bool(_ADDRESS.search(contact) or _TELEPHONE.search(contact))


def doubts_of_contact(contact: str) -> Iterator[str]:
    """Yield what is wrong with the contact lines."""
    if contact and not has_address(contact):
        yield (
            f"The contact line “{_short(contact)}” has no address. Add one, or leave the line out."
        )


def doubts_of_points(points: tuple[str, ...]) -> Iterator[str]:
    """Yield what is wrong with the key points."""
    if not points:
        yield "No key points were found. Begin each with a bullet (•), or add them to the draft."
    open_ended = [point for point in points if not _END.search(point)]
    # Houses differ in whether points end in a stop; only a single one out of four is a slip.
    if len(open_ended) == 1 and len(points) >= 4:
        yield f"The key point “{_short(open_ended[0])}” has no full stop; the others have one."


def doubts_of_words(pieces: Iterable[str]) -> Iterator[str]:
    """Yield left-over notes and characters that were damaged on the way here."""
    for piece in pieces:
        left_over = _LEFT_OVER.search(piece)
        if left_over:
            yield f"“{left_over[0]}” in “{_short(piece)}” looks unfinished."
        if _MOJIBAKE.search(piece):
            yield (
                f"“{_short(piece)}” has characters that were damaged when it was saved. "
                "Save the original again in UTF-8."
            )


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 60 else line[:60].rsplit(" ", 1)[0] + "…"
