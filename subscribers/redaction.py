"""Words that somebody else wrote about a reader: where they stand, and how the reader leaves them.

What is written *for* readers is not among them: a brief, its revisions and its
corrections are the publisher's own text, and are what was mailed.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db import models
from django.db.models import Q

from briefs.models import Approval, AuditEntry, Comment, Draft
from briefs.models.append_only import AppendOnly, opened
from subscribers.models import ImportRun, Notice, Suppression, SuppressionRelease

ERASED = "[erased]"
# What editors typed, and what the program told them; a server's answer may name a reader.
WORDS: dict[type[models.Model], tuple[str, ...]] = {
    Approval: ("reason",),
    AuditEntry: ("words",),
    Comment: ("text", "quote"),
    ImportRun: ("file_name", "basis", "error"),
    Notice: ("subject", "text"),
    Suppression: ("note",),
    SuppressionRelease: ("why",),
}
# These name colleagues, who may be readers as well: the desk still has to tell who may do what.
OF_COLLEAGUES = Q(verb__in=["member-set", "member-gone"])


@dataclass(frozen=True)
class Traces:
    """What a reader is known by: addresses, a name.

    Anybody may give a form any name, confirm, and press the button that
    erases: whoever calls themselves “not” must not take that word out of the
    audit trail. So a name is looked for where the address stands beside it,
    and elsewhere only if it looks like one of a person, or an editor or the
    command line *is_vouched* for it.
    """

    addresses: frozenset[str]
    name: str = ""
    is_vouched: bool = False

    def found_in(self, fields: Iterable[str]) -> Q:
        """Return which rows may hold a trace in one of *fields*."""
        words = _spelt([*self.addresses, *([self.name] if self._stands_alone else [])])
        which = Q(pk__in=())
        for field in fields:
            for word in words:
                # SQLite's LIKE knows the capitals of ASCII alone.
                how, text = ("icontains", word) if word.isascii() else ("iregex", re.escape(word))
                which |= Q(**{f"{field}__{how}": text})
        return which

    def begun_in(self, field: str) -> Q:
        """Return which rows may hold an address in *field*, the text of some JSON.

        By what stands before the @, where JSON need not escape it: the rest is spelt in many ways.
        """
        which = Q(pk__in=())
        for address in self.addresses:
            begin = address.rpartition("@")[0] + "@"
            is_plain = json.dumps(begin)[1:-1] == begin
            which |= Q(**{f"{field}__icontains": begin if is_plain else "@"})
        return which

    def redact(self, text: str) -> str:
        """Return *text* without the reader, in whatever capitals; whole words only."""
        left = self._addresses.sub(ERASED, text)
        if not self.name or not (self._stands_alone or left != text):
            return left
        return self._name.sub(self._without_name if left == text else ERASED, left)

    def redact_within(self, value: Any) -> Any:
        """Return *value*, which came from JSON, without the addresses in any of its texts."""
        if isinstance(value, str):
            return self._addresses.sub(ERASED, value)
        if isinstance(value, list):
            return [self.redact_within(one) for one in value]
        if isinstance(value, dict):
            return {name: self.redact_within(one) for name, one in value.items()}
        return value

    def _without_name(self, found: re.Match[str]) -> str:
        """Return what stays of what looks like the name: “does not” is no Does Not."""
        is_name = self.is_vouched or _is_capitalised(found[0])
        return ERASED if is_name else found[0]

    @cached_property
    def _stands_alone(self) -> bool:
        """True if the name may be looked for without an address beside it."""
        is_full = len(self.name.split()) > 1
        return bool(self.name) and (self.is_vouched or is_full)

    @cached_property
    def _addresses(self) -> re.Pattern[str]:
        return _whole(self.addresses)

    @cached_property
    def _name(self) -> re.Pattern[str]:
        return _whole([self.name])


def _is_capitalised(text: str) -> bool:
    return not any(word[0].islower() for word in text.split())


def _spelt(words: Iterable[str]) -> set[str]:
    """Return *words* also as the admin's log escapes them."""
    return {spelt for word in words for spelt in (word, json.dumps(word)[1:-1])}


def _whole(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(_spelt(words), key=len, reverse=True)
    which = "|".join(map(re.escape, longest_first))
    return re.compile(rf"(?<!\w)(?:{which})(?!\w)", re.IGNORECASE)


def scrub(traces: Traces) -> None:
    """Take the reader of *traces* out of all words of and to editors, in the caller's transaction.

    A draft loses the address alone: it is the text of a brief, where a name
    may be what the brief is about. A page that is open meanwhile may keep its
    draft anew.
    """
    for model, fields in WORDS.items():
        scrub_rows(model, fields, traces)
    scrub_json(Draft.objects.all(), "fields", traces)


def scrub_json(rows: models.QuerySet[Any], field: str, traces: Traces) -> None:
    """Take the addresses of *traces* out of the JSON in *field* of *rows*."""
    for pk, seen in rows.values_list("pk", field).iterator():
        if traces.redact_within(seen) != seen:
            # Looked at again under a lock: an editor may be typing.
            row = rows.select_for_update().filter(pk=pk)
            for held in row.values_list(field, flat=True):
                rows.filter(pk=pk).update(**{field: traces.redact_within(held)})


def scrub_rows(model: type[models.Model], fields: tuple[str, ...], traces: Traces) -> None:
    """Take the reader of *traces* out of *fields*, which hold text, of all rows of *model*."""
    rows = opened(model) if issubclass(model, AppendOnly) else model._default_manager.all()
    which = rows.filter(traces.found_in(fields)).select_for_update()
    if model is AuditEntry:
        which = which.exclude(OF_COLLEAGUES)
    longest = [getattr(model._meta.get_field(field), "max_length", None) for field in fields]
    for pk, *texts in list(which.values_list("pk", *fields)):
        # What stands there instead may be longer than a short name.
        left = [traces.redact(text)[:most] for text, most in zip(texts, longest, strict=True)]
        if left != texts:
            rows.filter(pk=pk).update(**dict(zip(fields, left, strict=True)))
