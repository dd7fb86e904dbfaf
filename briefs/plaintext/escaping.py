"""Plain text as Markdown that shows the same characters.

Only what would be read as Markdown is escaped, because a person goes on
writing in the result.
"""

from __future__ import annotations

import re

# Addresses become links by themselves; a backslash inside would break them. One
# begins where a word does: tried at each letter of a long word, it takes minutes.
_TOKEN = re.compile(
    r"""
    (?P<url>(?:https?://|www\.)(?:[^\s<>*`\\\[\](){}~=&]|[~=](?![~=])|&(?!\#?\w+;))+
        |(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+)
    |(?P<marks>[*_`]|~~+|==+|\\(?=[\\`*_{}\[\]()>\#+\-.!"'|=~\ <&]))
    |(?P<bracket>[\[\]])
    |(?P<entity>&(?=\#?\w+;))
    |(?P<tag><(?=[A-Za-z/!?]))
    """,
    re.VERBOSE,
)
_LINK = re.compile(r"\]\s?[(\[:]|\[\^")
_START = re.compile(r"(?:#|>|[+-](?= |$)|:(?= )|-(?=[- ]*$)|={3}|\|)")
_NUMBERED = re.compile(r"(\d+)\.(?= |$)")


def escape_inline(text: str) -> str:
    """Return one line as Markdown without blocks, such as a key point."""
    bracketed = bool(_LINK.search(text))

    def escaped(match: re.Match[str]) -> str:
        kind, found = match.lastgroup, match[0]
        if kind == "marks" or (kind == "bracket" and bracketed):
            return "".join("\\" + character for character in found)
        return {"entity": "&amp;", "tag": "&lt;"}.get(kind or "", found)

    return _TOKEN.sub(escaped, text)


def escape_paragraph(text: str) -> str:
    """Return one paragraph, in one line, as a Markdown block that is a paragraph."""
    escaped = escape_inline(text)
    if _START.match(escaped):
        mark = "&#58;" if escaped[0] == ":" else "\\" + escaped[0]
        return mark + escaped[1:]
    return _NUMBERED.sub(r"\1\\.", escaped, count=1) if _NUMBERED.match(escaped) else escaped
