"""Compare two snapshots of a brief, field by field, with names for people."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs.differences.wording import Row, rows, words

# The order in which a reader meets them. Topics and authors are rows: one of them comes or goes.
_FIELDS: dict[str, str | Promise] = {
    "headline": gettext_lazy("Headline"),
    "series": gettext_lazy("Series"),
    "date": gettext_lazy("Date line"),
    "preheader": gettext_lazy("Preheader"),
    "key_points": gettext_lazy("Key points"),
    "body": gettext_lazy("Body"),
    "topics": gettext_lazy("Topics"),
    "authors": gettext_lazy("Authors"),
    "contact_block": gettext_lazy("Contact block"),
    "slug": gettext_lazy("Web address"),
}
_LOOK: dict[str, str | Promise] = {
    "name": gettext_lazy("Name of the publication"),
    "slug": gettext_lazy("Web address of the publication"),
    "is_public": gettext_lazy("Whether the publication is public"),
    "sender_name": gettext_lazy("Sender name"),
    "sender_address": gettext_lazy("Sender address"),
    "reply_to": gettext_lazy("Reply-to"),
    "postal_address": gettext_lazy("Postal address"),
    "unsubscribe_wording": gettext_lazy("Unsubscribe wording"),
    "colour": gettext_lazy("Colour"),
    "logo": gettext_lazy("Logo"),
    "language": gettext_lazy("Language"),
    "tracking": gettext_lazy("Click tracking"),
    "privacy_url": gettext_lazy("Privacy notice"),
    "imprint_url": gettext_lazy("Imprint"),
    "frame": gettext_lazy("Frame"),
    "header": gettext_lazy("Line above the brief"),
    "footer": gettext_lazy("Foot of every mail"),
}
# What a snapshot meant that was taken before there was such a key.
_MEANT = {"frame": "sheet"}
_BETWEEN_PARAGRAPHS = re.compile(r"\n[^\S\n]*\n\s*")


@dataclass(frozen=True)
class Change:
    """One field that differs, with its name for people, in rows: kept ones too, for the place."""

    field: str  # "headline", "key_points", "publication.colour"
    label: str
    rows: tuple[Row, ...]


def compare(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Return the fields in which the snapshot *after* differs from *before*; none: nothing did.

    A snapshot of old lacks a key that was thought of later: that is no change
    as long as the other says what was meant then.
    """
    old, new = _flat(before), _flat(after)
    changes = []
    for field in _in_order({**old, **new}):
        before_, after_ = _said(old, field), _said(new, field)
        if before_ != after_:
            changes.append(Change(field, _label(field), _rows(before_, after_)))
    return changes


def in_words(changes: Iterable[Change]) -> str:
    """Return which fields changed, in one line: “Headline, Key points and Body”; "" for none."""
    labels = [change.label for change in changes]
    return str(get_text_list(labels, _("and"))) if labels else ""


def _flat(snapshot: dict[str, Any]) -> dict[str, Any]:
    look = snapshot.get("publication", {})
    own = {key: value for key, value in snapshot.items() if key != "publication"}
    return {**own, **{f"publication.{key}": value for key, value in look.items()}}


def _in_order(fields: Iterable[str]) -> list[str]:
    """Return *fields* as a reader meets them; what nobody has named yet comes last."""
    known = [*_FIELDS, *(f"publication.{key}" for key in _LOOK)]
    present = set(fields)
    return [
        *(field for field in known if field in present),
        *sorted(field for field in present if field not in known),
    ]


def _label(field: str) -> str:
    own, _dot, of_look = field.partition(".")
    return str(_LOOK.get(of_look, field) if of_look else _FIELDS.get(own, field))


def _said(flat: dict[str, Any], field: str) -> str | list[str]:
    """Return what *flat* says in *field*: text, or a list of texts."""
    value = flat.get(field, _MEANT.get(field.rpartition(".")[2], ""))
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    # A browser writes CRLF where a command wrote LF: no reader sees a difference.
    return str(value).replace("\r\n", "\n")


def _rows(before: str | list[str], after: str | list[str]) -> tuple[Row, ...]:
    found = rows(_lines(before), _lines(after))
    if any(row.kind != "kept" for row in found):
        return found
    # Only what stands between the paragraphs changed.
    return (Row("changed", tuple(words(_whole(before), _whole(after)))),)


def _whole(value: str | list[str]) -> str:
    return value if isinstance(value, str) else "\n\n".join(value)


def _lines(value: str | list[str]) -> list[str]:
    """Return what stands in a row of its own: items of a list, paragraphs of a text."""
    if isinstance(value, list):
        return value
    return [part for part in _BETWEEN_PARAGRAPHS.split(value.strip("\n")) if part]
