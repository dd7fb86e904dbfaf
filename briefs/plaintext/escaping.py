"""Plain text as Markdown that shows the same characters.

Only what would be read as Markdown is escaped, because a person goes on
writing in the result.
"""

from __future__ import annotations

import re

_URL = re.compile(r"(?:https?://|www\.)[^\s<>]+|[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_BACKSLASH = re.compile(r"\\(?=[\\`*_{}\[\]()>#+\-.!\"'|=~ <&])")
_ALWAYS = re.compile(r"[*_`]")
_PAIRED = re.compile(r"~~+|==+")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_TAG = re.compile(r"<(?=[A-Za-z/!?])")
_LINK = re.compile(r"\]\s?[(\[:]|\[\^")
_START = re.compile(r"(?:#|>|[+-](?= |$)|:(?= )|-{3}|={3}|\|)")
_NUMBERED = re.compile(r"(\d+)\.(?= |$)")


def escape_inline(text: str) -> str:
    """Return one line as Markdown without blocks, such as a key point."""
    bracketed = bool(_LINK.search(text))
    parts, end = [], 0
    for url in _URL.finditer(text):
        # Addresses become links by themselves; a backslash inside would break them.
        parts += [_escaped(text[end : url.start()], bracketed), url[0]]
        end = url.end()
    return "".join([*parts, _escaped(text[end:], bracketed)])


def escape_paragraph(text: str) -> str:
    """Return one paragraph, in one line, as a Markdown block that is a paragraph."""
    escaped = escape_inline(text)
    if _START.match(escaped):
        mark = "&#58;" if escaped[0] == ":" else "\\" + escaped[0]
        return mark + escaped[1:]
    return _NUMBERED.sub(r"\1\\.", escaped, count=1) if _NUMBERED.match(escaped) else escaped


def _escaped(text: str, bracketed: bool) -> str:
    text = _ENTITY.sub("&amp;", _BACKSLASH.sub(r"\\\\", text))
    text = _ALWAYS.sub(r"\\\g<0>", text)
    text = _PAIRED.sub(lambda run: "".join("\\" + character for character in run[0]), text)
    if bracketed:
        text = text.replace("[", "\\[").replace("]", "\\]")
    return _TAG.sub("&lt;", text)
