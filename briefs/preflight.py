"""Rules on the text of a brief, to be met before it goes out: one small function each.

They look at a snapshot (briefs.revisions), so they judge what would be
mailed: the brief as it stands, or the revision that an edition points at.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from briefs.rendering import MergeTrouble, fill_line, merge_troubles
from briefs.revisions import text_from


class Finding(NamedTuple):
    """What a rule found: its name, the reason and what to do, and where."""

    rule: str
    message: str
    where: str = ""


class Findings(NamedTuple):
    """Errors stop the send, warnings are said."""

    errors: list[Finding]
    warnings: list[Finding]

    @property
    def ok(self) -> bool:
        """True if nothing stops the send."""
        return not self.errors


Rule = Callable[[dict[str, Any]], Iterator[Finding]]

_LEFT_OVERS = re.compile(r"\b(TK|TKTK|TODO|FIXME|XXX|[Ll]orem ipsum)\b")
_SUBJECT_MOST = 200


def _headline(text: dict[str, Any]) -> Iterator[Finding]:
    if not fill_line(text["headline"]).strip():
        yield Finding("headline-empty", "The brief has no headline. Write one.", "headline")


def _subject(text: dict[str, Any]) -> Iterator[Finding]:
    parts = (fill_line(text[name]) for name in ("series", "headline"))
    subject = ": ".join(part for part in parts if part)
    if len(subject) > _SUBJECT_MOST:
        yield Finding(
            "subject-too-long",
            f"Series and headline have {len(subject)} characters together; shorten them to "
            f"{_SUBJECT_MOST}. Inboxes show about 60.",
            "headline",
        )


def _text(text: dict[str, Any]) -> Iterator[Finding]:
    if not text["body"].strip() and not text["key_points"]:
        yield Finding(
            "text-empty", "The brief says nothing yet. Write key points or a body.", "body"
        )


def _contact(text: dict[str, Any]) -> Iterator[Finding]:
    contact = text["contact_block"].strip()
    if not contact:
        yield Finding(
            "contact-empty",
            "The contact block is empty. Fill it in here, or once for all briefs in the "
            "publication.",
            "contact_block",
        )
    elif contact.endswith(":"):
        yield Finding(
            "contact-unfinished",
            f"The contact block ends with “{contact[-30:]}”, and nobody is named after it. Add "
            "whom readers shall contact.",
            "contact_block",
        )


def _postal_address(text: dict[str, Any]) -> Iterator[Finding]:
    if not text["publication"]["postal_address"].strip():
        yield Finding(
            "postal-address-empty",
            f"{text['publication']['name']} has no postal address, and the law asks for one in "
            "every brief. Add it to the publication.",
            "publication",
        )


def _sender(text: dict[str, Any]) -> Iterator[Finding]:
    if not text["publication"]["sender_address"]:
        yield Finding(
            "sender-empty",
            f"{text['publication']['name']} has no sender address. Add it to the publication.",
            "publication",
        )


def _ascii_sender(text: dict[str, Any]) -> Iterator[Finding]:
    for field, name in (("sender_address", "sender"), ("reply_to", "reply-to")):
        if not text["publication"][field].isascii():
            yield Finding(
                f"{name}-beyond-ascii",
                f"The {name} address “{text['publication'][field]}” has letters beyond ASCII, "
                "which many servers refuse (RFC 6531). Use another in the publication.",
                "publication",
            )


def _left_overs(text: dict[str, Any]) -> Iterator[Finding]:
    places = {name: text[name] for name in ("headline", "preheader", "body")}
    for number, point in enumerate(text["key_points"], start=1):
        places[f"key point {number}"] = point
    for where, words in places.items():
        if found := _LEFT_OVERS.search(words):
            yield Finding(
                "left-over",
                f"“{found.group()}” was left in the {where}. Write what is missing.",
                where,
            )


def _fields_that_cannot_be(text: dict[str, Any]) -> Iterator[Finding]:
    for part in _merge_fields(text):
        for words in part.broken:
            yield Finding(
                "merge-broken",
                f"“{words}” in the {_named(part.where)} is no merge field, and readers would see "
                "it. Write it like [[name|there]], with letters, digits, “_”, “-”, “.” and "
                "spaces in its name, or put “[[” into backticks if you mean it.",
                part.where,
            )
        for words in part.in_links:
            yield Finding(
                "merge-in-link",
                f"{words} stands in an address in the {_named(part.where)}, where no merge field "
                "is filled in. Take it out of the address.",
                part.where,
            )


def _fields_without_default(text: dict[str, Any]) -> Iterator[Finding]:
    for part in _merge_fields(text):
        for field in part.fields:
            if not field.default:
                yield Finding(
                    "merge-without-default",
                    f"Whoever has no “{field.name}” sees nothing where [[{field.name}]] stands in "
                    f"the {_named(part.where)}. If that reads badly, add what they shall see: "
                    f"[[{field.name}|there]].",
                    part.where,
                )


def _merge_fields(text: dict[str, Any]) -> list[MergeTrouble]:
    return merge_troubles(text_from(text))


def _named(where: str) -> str:
    return where.replace("_", " ")


ERRORS: tuple[Rule, ...] = (
    _headline,
    _subject,
    _text,
    _contact,
    _postal_address,
    _sender,
    _ascii_sender,
    _fields_that_cannot_be,
)
WARNINGS: tuple[Rule, ...] = (_left_overs, _fields_without_default)


def check(snapshot: dict[str, Any]) -> Findings:
    """Return what the rules on the text find in *snapshot*."""
    return Findings(
        errors=[finding for rule in ERRORS for finding in rule(snapshot)],
        warnings=[finding for rule in WARNINGS for finding in rule(snapshot)],
    )
