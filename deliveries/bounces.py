"""What an ESP's own words mean for a reader: permanent, transient, or no bounce at all.

Anymail calls a full mailbox and a mailbox that is no more "bounced" alike, so
the provider's own event is read: one table per ESP (deliveries.vendors), made
from the page that stands above it. Where its word does not decide, the words of
the reader's mail server do (deliveries.returned.rules).

An ESP that refuses by a list of its own (“suppressed”, “dropped”) has tried
nothing: that is REFUSED. Whether the reader is suppressed here too follows from
why they are on that list: an earlier permanent bounce, yes; the reader's own
wish, they are unsubscribed; anything else, no.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from deliveries import told, vendors
from deliveries.returned import rules
from deliveries.vendors.meanings import Meaning, Said

REASONS = rules.REASONS
# About the address itself, whatever else the server says of us.
_NAMES_READER = frozenset({"no-mailbox", "no-domain", "disabled", "moved", "full"})


class Verdict(NamedTuple):
    """What an ESP's event means, with the word that decided it."""

    type: str
    is_permanent: bool | None
    is_senders_fault: bool
    reason: str
    code: str
    words: str
    diagnosis: str
    is_readers_wish: bool = False


def judge(esp: str, event: Mapping[str, Any], otherwise: str = "", words: str = "") -> Verdict:
    """Return what *event*, as the ESP sent it, means.

    *otherwise* is what it is taken for (a value of told.TYPES, or nothing)
    where nobody wrote the ESP's word into a table; *words* are the server's
    where the event has them elsewhere.
    """
    said, meaning = _read(esp, event)
    if meaning is None:
        meaning = Meaning(otherwise)
    words = said.words or words
    if meaning.type not in (told.BOUNCED, told.REFUSED):
        return Verdict(
            meaning.type, None, False, "", rules.status_in(said.code) or "", words, said.word
        )
    heard = rules.judge(said.code, words)
    code = _code(said.code, words)
    if meaning.type == told.REFUSED:
        permanent = meaning.is_permanent
        reason = meaning.reason or ("" if permanent is None else heard.reason)
        return Verdict(
            told.REFUSED, permanent, False, reason, code, words, said.word, meaning.is_readers_wish
        )
    return _bounce(said, meaning, heard, code, words)


def _bounce(said: Said, meaning: Meaning, heard: rules.Judgement, code: str, words: str) -> Verdict:
    reason = meaning.reason or heard.reason
    # An ESP's "hard" tells that the server said no, not why: what is the sender's is no reader's.
    is_ours = reason in rules.SENDERS_FAULT or (
        heard.is_senders_fault and meaning.reason not in _NAMES_READER
    )
    if is_ours:
        reason = heard.reason if heard.is_senders_fault else reason
        return Verdict(told.BOUNCED, False, True, reason, code, words, said.word)
    permanent = heard.is_permanent if meaning.is_permanent is None else meaning.is_permanent
    return Verdict(told.BOUNCED, permanent, False, reason, code, words, said.word)


def is_permanent(event: Any, esp: str) -> bool | None:
    """Tell whether Anymail's *event* says that nothing will ever arrive there.

    None where it is no bounce. *esp* is the provider as EMAIL_PROVIDER names it.
    """
    raw = getattr(event, "esp_event", None)
    words = getattr(event, "mta_response", None) or getattr(event, "description", None) or ""
    otherwise = told.BOUNCED if getattr(event, "event_type", "") == "bounced" else ""
    verdict = judge(esp, raw if isinstance(raw, Mapping) else {}, otherwise, str(words))
    return verdict.is_permanent if verdict.type in (told.BOUNCED, told.REFUSED) else None


def _read(esp: str, event: Mapping[str, Any]) -> tuple[Said, Meaning | None]:
    if esp not in vendors.ALL:
        return Said(""), None
    table, read = vendors.ALL[esp]
    said = read(event)
    return said, table.get(said.word)


def _code(code: str, words: str) -> str:
    """Return the status (RFC 3463) that the ESP names, else the one in the server's words."""
    found = rules.status_in(code)
    if found and not found.endswith(".0.0"):
        return found
    return rules.status_in(words) or found or ""
