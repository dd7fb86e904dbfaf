"""Rules on the text of a brief, to be met before it goes out: one small function each."""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from briefs.models import Brief


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


Rule = Callable[[Brief], Iterator[Finding]]

_LEFT_OVERS = re.compile(r"\b(TK|TKTK|TODO|FIXME|XXX|[Ll]orem ipsum)\b")
_SUBJECT_MOST = 200


def _headline(brief: Brief) -> Iterator[Finding]:
    if not brief.headline.strip():
        yield Finding("headline-empty", "The brief has no headline. Write one.", "headline")


def _subject(brief: Brief) -> Iterator[Finding]:
    subject = ": ".join(part for part in (brief.series, brief.headline) if part)
    if len(subject) > _SUBJECT_MOST:
        yield Finding(
            "subject-too-long",
            f"Series and headline have {len(subject)} characters together; shorten them to "
            f"{_SUBJECT_MOST}. Inboxes show about 60.",
            "headline",
        )


def _text(brief: Brief) -> Iterator[Finding]:
    if not brief.body.strip() and not brief.key_points.exists():
        yield Finding(
            "text-empty", "The brief says nothing yet. Write key points or a body.", "body"
        )


def _contact(brief: Brief) -> Iterator[Finding]:
    contact = (brief.contact_block or brief.publication.contact_block).strip()
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


def _postal_address(brief: Brief) -> Iterator[Finding]:
    if not brief.publication.postal_address.strip():
        yield Finding(
            "postal-address-empty",
            f"{brief.publication} has no postal address, and the law asks for one in every "
            "brief. Add it to the publication.",
            "publication",
        )


def _sender(brief: Brief) -> Iterator[Finding]:
    if not brief.publication.sender_address:
        yield Finding(
            "sender-empty",
            f"{brief.publication} has no sender address. Add it to the publication.",
            "publication",
        )


def _left_overs(brief: Brief) -> Iterator[Finding]:
    texts = {"headline": brief.headline, "body": brief.body, "preheader": brief.preheader}
    for number, point in enumerate(brief.key_points.all(), start=1):
        texts[f"key point {number}"] = point.text
    for where, text in texts.items():
        if found := _LEFT_OVERS.search(text):
            yield Finding(
                "left-over",
                f"“{found.group()}” was left in the {where}. Write what is missing.",
                where,
            )


ERRORS: tuple[Rule, ...] = (_headline, _subject, _text, _contact, _postal_address, _sender)
WARNINGS: tuple[Rule, ...] = (_left_overs,)


def check(brief: Brief) -> Findings:
    """Return what the rules on the text find in *brief*."""
    return Findings(
        errors=[finding for rule in ERRORS for finding in rule(brief)],
        warnings=[finding for rule in WARNINGS for finding in rule(brief)],
    )
