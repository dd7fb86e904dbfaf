"""Merge fields: `[[name|there]]` is a reader's name, or “there” for whom no name is known.

A field is taken out of the text before the Markdown is read, with a word of
letters and digits in its place that no parser can take for anything else. In
what the parser and the sanitiser leave, each such word becomes one character
of a private plane, so that nothing that shortens or wraps a line can cut it.
At the end the character is replaced by a value, which is escaped for where it
stands: it has passed every parser by then.
"""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple
from urllib.parse import quote

from .limits import Unrenderable
from .parts import Text

MOST_FIELDS = 90  # that differ; their slots have three digits, beside those of the links
MOST_PLACES = 200
# “[[1]]” is no field, and “[[Reuters]](https://…)” is a link whose words stand in brackets.
_FIELD = re.compile(
    r"(?<!\\)\[\[[ \t]*([^\W\d_][\w .\\-]{0,59}?)[ \t]*"
    r"(?:\|([^\[\]\r\n\u2028\u2029]{0,200})\]\]|\]\](?!\())"
)
# Pasted text has them: “first\_name”.
_BACKSLASH = re.compile(r"\\([!-/:-@\[-`{-~])")
_NOT_IN_A_LINE = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
_TAG = re.compile(r"(<[^>]*>)")
_OPENS = re.compile(r"<(/?)(code|pre)\b")
# In these a value is words, and escaping keeps it there; in all others it might lead somewhere.
_WORDS = re.compile(r'( (?:alt|title)="[^"]*")')


class Field(NamedTuple):
    """What is known of a reader under *name*, else *default*."""

    name: str
    default: str


Put = Callable[[Field], str]


class TooManyFields(Unrenderable):
    """The text has more merge fields than any brief."""

    rule = "merge-too-many"

    def __init__(self) -> None:
        super().__init__(
            f"The text has too many merge fields: {MOST_PLACES} places and {MOST_FIELDS} "
            "different fields are the most. Write some of them out."
        )


class Merging:
    """The merge fields of one text; `text` has marks in their places."""

    def __init__(self, text: Text) -> None:
        self._mark = f"mf{secrets.token_hex(5)}z"  # random, so no author can write one
        self._marks = re.compile(self._mark + r"(\d{3})")
        self._first = 0xF0000 + secrets.randbelow(0xF000)
        self._written: list[tuple[Field, str]] = []
        self._fields: dict[Field, str] = {}
        # What stood in addresses, for whoever checks the text.
        self.in_links: list[str] = []
        self.text = replace(
            text,
            headline=self._in_line(text.headline),
            series=self._in_line(text.series),
            preheader=self._in_line(text.preheader),
            key_points=tuple(self._in_markdown(point) for point in text.key_points),
            body=self._in_markdown(text.body),
            contact_block=self._in_markdown(text.contact_block),
        )
        self._places = re.compile(
            f"[{chr(self._first)}-{chr(self._first + max(0, len(self._fields) - 1))}]"
        )

    @property
    def fields(self) -> tuple[Field, ...]:
        """The fields, each once, in order of first appearance."""
        return tuple(self._fields)

    def settle(self, fragment: str) -> str:
        """Return sanitised HTML with its fields as single characters.

        In code and in addresses they stand as they were written: what a
        programmer quotes is no field, and where a link leads is for its author
        to say, not for whoever filled in a name.
        """
        if self._mark not in fragment:
            return fragment
        depth = 0
        pieces = _TAG.split(fragment)
        for index, piece in enumerate(pieces):
            if index % 2:
                if code := _OPENS.match(piece):
                    depth += -1 if code[1] else 1
                if self._mark in piece:
                    pieces[index] = self._settled_tag(piece)
            elif depth > 0:
                pieces[index] = self._marks.sub(lambda m: html.escape(self._source(m)), piece)
            else:
                pieces[index] = self._marks.sub(self._place, piece)
        return "".join(pieces)

    def fill_html(self, document: str, put: Put) -> str:
        """Return *document* with what *put* gives in each place, as text or in an attribute."""
        return self._filled(document, lambda field: html.escape(put(field)))

    def fill_text(self, text: str, put: Put) -> str:
        """Return plain *text* with what *put* gives in each place."""
        return self._filled(text, put)

    def _filled(self, text: str, put: Put) -> str:
        if not self._fields:
            return text
        fields = self.fields
        return self._places.sub(lambda m: put(fields[ord(m[0]) - self._first]), text)

    def _in_markdown(self, source: str) -> str:
        return _FIELD.sub(self._marked, source) if "[[" in source else source

    def _in_line(self, source: str) -> str:
        """Take the fields out of *source*, which no parser reads."""
        return self._marks.sub(self._place, self._in_markdown(source))

    def _marked(self, match: re.Match[str]) -> str:
        field = _field(match)
        number = len(self._written)
        self._written.append((field, match[0]))
        if field not in self._fields:
            self._fields[field] = chr(self._first + len(self._fields))
        if number >= MOST_PLACES or len(self._fields) > MOST_FIELDS:
            raise TooManyFields
        return f"{self._mark}{number:03d}"

    def _settled_tag(self, tag: str) -> str:
        parts = _WORDS.split(tag)
        for index, part in enumerate(parts):
            parts[index] = self._marks.sub(self._place if index % 2 else self._address, part)
        return "".join(parts)

    def _place(self, match: re.Match[str]) -> str:
        return self._fields[self._written[int(match[1])][0]]

    def _source(self, match: re.Match[str]) -> str:
        return self._written[int(match[1])][1]

    def _address(self, match: re.Match[str]) -> str:
        source = self._source(match)
        self.in_links.append(source)
        return quote(source, safe="")


def by_default(field: Field) -> str:
    """Return what stands where no reader is known: on the web, in previews."""
    return field.default


def fill_line(line: str) -> str:
    """Return plain text with the default in the place of each field."""
    return _FIELD.sub(lambda match: _field(match).default, line) if "[[" in line else line


def fill_lines(text: Text) -> Text:
    """Return *text* with defaults in what is no Markdown: headline, series and preheader."""
    return replace(
        text,
        headline=fill_line(text.headline),
        series=fill_line(text.series),
        preheader=fill_line(text.preheader),
    )


def _field(match: re.Match[str]) -> Field:
    name, default = (_BACKSLASH.sub(r"\1", words) for words in (match[1], match[2] or ""))
    return Field(name, _NOT_IN_A_LINE.sub(" ", default).strip())
