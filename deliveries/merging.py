"""What a reader's merge fields say: the value of each, made harmless, or its default."""

import html
import math
import re
from typing import NamedTuple

from briefs.rendering import Field
from deliveries import wire

MOST = 200  # characters of a value: a field stands in a sentence
MOST_IN_SUBJECT = 200  # characters of the whole line

_NOT_IN_A_LINE = re.compile(r"[\s\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")
# They turn the direction of all that follows: of our words too.
_TURNS = dict.fromkeys(map(ord, "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e"
                                "\u2066\u2067\u2068\u2069"))  # fmt: skip
# A stranger types the name when subscribing somebody: mail programs would make a link of it.
_ADDRESS = re.compile(r"://|\bwww\.", re.IGNORECASE)
# ESPs read the letters that they are given: {{x}}, {%x%}, [[x]], *|x|*, %x%.
_TEMPLATE = re.compile(r"\{[{%]|\[\[|\*\||%\w[\w.]*%")


class Slot(NamedTuple):
    """A merge field of a compiled edition, and the text that stands in its places."""

    name: str
    field: Field


class Slots:
    """The merge fields of an edition, ready to be filled in for each reader."""

    def __init__(self, slots: tuple[Slot, ...], subject: str) -> None:
        self.names = [slot.name for slot in slots]
        self._fields = [slot.field for slot in slots]
        # In the wire the same field has a place in each part, since it is escaped there.
        self._in_parts = [(wire.in_text(name), wire.in_html(name)) for name in self.names]
        # The subject cut at its slots: words, number of a field, words, …
        pattern = "|".join(map(re.escape, self.names)) or r"(?!)"
        cut = re.split(f"({pattern})", subject)
        self._subject: list[str | int] = [
            self.names.index(piece) if index % 2 else piece for index, piece in enumerate(cut)
        ]
        self.are_in_subject = len(cut) > 1

    @property
    def need_attributes(self) -> bool:
        """True if some field is more than the reader's name."""
        return any(field.name != "name" for field in self._fields)

    @property
    def defaults(self) -> list[str]:
        """What each field says to a reader of whom nothing is known."""
        return [field.default for field in self._fields]

    def values(self, name: str, attributes: object) -> list[str]:
        """Return what each field says to the reader *name* with *attributes*, as plain text."""
        return [value_of(field, name, attributes) for field in self._fields]

    def subject(self, values: list[str]) -> str:
        """Return the subject line with *values* in it, in at most 200 characters."""
        line = "".join(
            [piece if isinstance(piece, str) else values[piece] for piece in self._subject]
        )
        return line if len(line) <= MOST_IN_SUBJECT else line[: MOST_IN_SUBJECT - 1].rstrip() + "…"

    def fill(self, pieces: dict[str, bytes], values: list[str]) -> None:
        """Put *values* among the *pieces* of a letter in wire form."""
        for (in_text, in_html), value in zip(self._in_parts, values, strict=True):
            pieces[in_text] = wire.soft_line(value)
            pieces[in_html] = wire.soft_line(html.escape(value))
        if self.are_in_subject:
            pieces[wire.SUBJECT] = wire.unstructured("Subject", self.subject(values)).encode()


def value_of(field: Field, name: str, attributes: object) -> str:
    """Return what *field* says to a reader: one line of plain text, or its default."""
    if field.name == "name":
        return _name(name) or field.default
    # Imports and the API may have stored anything that is JSON.
    found = attributes.get(field.name) if isinstance(attributes, dict) else None
    if field.name == "first_name":
        return _name(found) or _name(name).partition(" ")[0].rstrip(",;") or field.default
    return clean(found) or field.default


def clean(value: object) -> str:
    """Return *value* in one line without anything invisible, or nothing if it has no words.

    Text and numbers are values; lists, objects, true and false are none, and
    neither is what an ESP might take for a variable of a template.
    """
    if not isinstance(value, str):
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            return ""
        value = str(value)
    if value.isalpha() and len(value) <= MOST:
        return value
    if value.isascii() and value.isprintable() and len(value) <= MOST and "  " not in value:
        line = value.strip()
    else:
        line = _NOT_IN_A_LINE.sub(" ", value[: 50 * MOST].translate(_TURNS)).strip()
        if not any(character.isprintable() and character != " " for character in line):
            return ""
    if _TEMPLATE.search(line):
        return ""
    return line if len(line) <= MOST else line[: MOST - 1].rstrip() + "…"


def _name(value: object) -> str:
    line = clean(value)
    return "" if _ADDRESS.search(line) else line
