"""What each ESP can do in one call, as data.

A batch call is made only where every part of a letter that is a reader's own
(To, Message-ID, one-click header, links in both bodies, metadata) can travel
in it. There are two ways:

WHOLE   The call is a list of complete letters. Anymail writes a letter of the
        edition once, each reader's values are filled in, and the list is
        posted. (Anymail's own batch sending shares one body among all readers.)
SHARED  One body for all, and variables for each reader, by Anymail's merge_data,
        merge_headers and merge_metadata.

Everybody else gets one call per letter: Amazon SES (only a stored template
takes several), SparkPost (drops headers of a single reader without a word, and
evaluates braces that an editor wrote), MailerSend and Mandrill (no header per
reader), Postal and Scaleway (no batch), and all ESPs that are not in the table.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from deliveries.providers.esp import answers
from deliveries.providers.esp.answers import Verdict

MEGABYTE = 1_000_000


class Carries(StrEnum):
    """How a batch call carries what is a reader's own."""

    WHOLE = "whole"
    SHARED = "shared"


@dataclass(frozen=True)
class Key:
    """An idempotency key: where it goes, and how long the ESP remembers it."""

    header: str = ""  # of HTTP
    member: str = ""  # of the object "headers" in the JSON body
    life: int = 0  # seconds


@dataclass(frozen=True)
class Esp:
    """One row of the table."""

    name: str
    carries: Carries | None = None
    most: int = 1  # letters in a call
    octets: int = 10 * MEGABYTE  # of a call; some publish no limit
    # WHOLE: the batch endpoint, and what a call consists of.
    endpoint: Callable[[str], str] = str
    letter: Callable[[dict[str, Any]], dict[str, Any]] = dict  # from the data of one letter
    call: str = "[{letters}]"
    common: tuple[str, ...] = ()  # members of a letter that a call has for itself: {common}
    read: Callable[[Any, int], list[Verdict]] | None = None  # the answer to so many letters
    # SHARED: how a variable is written, and what an editor's text must not hold for that.
    variable: str = ""
    syntax: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)  # for Anymail's esp_extra
    per_reader: int = 0  # octets that the variables of one reader may have, where limited
    key: Key | None = None
    # In the words of a refusal: the reader's address is at fault, not the letter or the sender.
    blames_reader: str = ""


def _brevo(data: dict[str, Any]) -> dict[str, Any]:
    own = ("to", "subject", "headers", "htmlContent", "textContent")
    return {name: data[name] for name in own}


def _mailjet(data: dict[str, Any]) -> dict[str, Any]:
    # Anymail keeps what one letter's readers share in Globals; a list has a place for it in each.
    return {**data["Globals"], **data["Messages"][0]}


_ROWS = (
    # 500 letters and 50 MB, of which 10 are used: a call stands in memory three times.
    # Each has a verdict of its own, inside a 200.
    # Anymail refuses merge_data without a stored template.
    Esp(
        "postmark",
        Carries.WHOLE,
        most=500,
        endpoint=lambda url: url + "/batch",
        read=answers.postmark,
    ),
    # One letter that is malformed refuses the whole call, so it is halved until that one is alone.
    # The key is remembered for 24 hours; a repetition gets the first answer again.
    Esp(
        "resend",
        Carries.WHOLE,
        most=100,
        endpoint=lambda url: url + "/batch",
        read=answers.resend,
        key=Key(header="Idempotency-Key", life=24 * 3600),
        blames_reader=r"`to`",
    ),
    # Each of messageVersions may have headers and bodies of its own, though Anymail's batch
    # sending gives them none. The same endpoint; what the call has for itself is the default,
    # and its bodies hold nobody's links. The changelog gives the key 15 minutes, the guide 30.
    # A repetition is answered with duplicate_parameter, which does not tell whether the first
    # call was carried out: it stays in doubt.
    Esp(
        "brevo",
        Carries.WHOLE,
        most=1000,
        letter=_brevo,
        call='{{{common}, "messageVersions": [{letters}]}}',
        common=("sender", "subject", "replyTo", "htmlContent", "textContent", "tags"),
        read=answers.brevo,
        key=Key(member="idempotencyKey", life=15 * 60),
        blames_reader=r"\bin to\b",
    ),
    # Each of Messages is complete; verdicts are in it, also under a 400.
    Esp(
        "mailjet",
        Carries.WHOLE,
        most=50,
        letter=_mailjet,
        call='{{"Messages": [{letters}]}}',
        read=answers.mailjet,
    ),
    # Recipient variables are filled in anywhere, also in headers. Any address that is
    # malformed refuses the whole call.
    Esp(
        "mailgun",
        Carries.SHARED,
        most=1000,
        variable="%recipient.{}%",
        syntax=("%recipient", "%unsubscribe_url%", "%mailing_list_", "%tag_unsubscribe_url%"),
        blames_reader=r"\bto parameter|'to' parameter",
    ),
    # Substitutions replace their key wherever it stands, so a slot is its own variable;
    # those of one reader may have 10,000 octets.
    Esp(
        "sendgrid",
        Carries.SHARED,
        most=1000,
        variable="{}",
        extra={"merge_field_format": "{}"},
        per_reader=9_000,
        blames_reader=r"personalizations\.\d+\.to\b",
    ),
)

ROWS = {row.name: row for row in _ROWS}


def row(name: str) -> Esp:
    """Return what *name* can do; one letter a call where nothing is known."""
    return ROWS.get(name) or Esp(name)
