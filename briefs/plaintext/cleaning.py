"""Takes out what pasting leaves behind and keeps what a writer set."""

from __future__ import annotations

import re

_BREAKS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028]")
_SPACES = re.compile(r"[\u00a0\u2000-\u200a\u202f\u205f\u3000\x1f]")
_INVISIBLE = re.compile(
    r"[\u00ad\u180e\u200b\u2060-\u2064\ufeff\ufffc\x7f-\x84\x86-\x9f\ud800-\udfff]"
)
# Joiners and direction marks mean something in these scripts and in emoji.
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufefc]")
_DIRECTION = re.compile(r"[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_JOINER = re.compile(r"(?<![\u0590-\u1fff\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])[\u200c\u200d]")

_OFFICE = re.compile(r"\bmso-|\bMso[A-Z]|<o:p\b|X-NONE|\[if gte mso|StartFragment")
_OFFICE_BLOCKS = (("<!--", "-->"), ("<style", "</style>"), ("<xml", "</xml>"))
_OFFICE_TAG = re.compile(
    r"</?(?:o:p|w:\w+|st1:\w+|p|span|div|font|b|i|u)(?:\s[^<>]*)?/?>", re.IGNORECASE
)
_OFFICE_LINE = re.compile(
    r"^[ \t]*(?:Normal\s+0\b.*|(?:false|true)(?:\s+(?:false|true))*"
    r"|(?:[A-Z]{2}-[A-Z]{2}\s+)?X-NONE.*|MicrosoftInternetExplorer\d*"
    r"|/\*\s*Style Definitions.*|table\.Mso.*|\{?\s*mso-.*[;}]"
    r"|(?:font|margin|padding|line-height)[\w-]*:[^;]*;.*|[{}])[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)


def clean(text: str) -> str:
    """Return *text* with plain spaces and line feeds, and without paste residue.

    Quotation marks, dashes and the spaces that indent a line stay as they are.
    """
    text = _BREAKS.sub("\n", text).replace("\u2029", "\n\n")
    text = _INVISIBLE.sub("", _SPACES.sub(" ", text))
    text = _JOINER.sub("", text)
    if not _RIGHT_TO_LEFT.search(text):
        text = _DIRECTION.sub("", text)
    if _OFFICE.search(text):
        text = _without_office(text)
    text = text.expandtabs(4)
    return "\n".join(_squeezed(line) for line in text.split("\n"))


def _without_office(text: str) -> str:
    for start, end in _OFFICE_BLOCKS:
        text = _cut_out(text, start, end)
    return _OFFICE_LINE.sub("", _OFFICE_TAG.sub("", text))


def _cut_out(text: str, start: str, end: str) -> str:
    """Cut from each *start* to the next *end*; one that is never closed stays."""
    kept, at = [], 0
    while (begin := text.find(start, at)) >= 0 and (close := text.find(end, begin)) >= 0:
        kept.append(text[at:begin])
        at = close + len(end)
    return "".join([*kept, text[at:]])


def _squeezed(line: str) -> str:
    words = line.strip(" ")
    indent = len(line) - len(line.lstrip(" ")) if words else 0
    return " " * indent + re.sub(r" {2,}", " ", words)
