"""Judge a bounce by its status code (RFC 3463) and the words of the server that refused.

The vocabulary of reasons, closed:

    no-mailbox    the part before the @ is unknown there
    no-domain     the domain does not exist or takes no mail (no host, null MX)
    disabled      the mailbox exists and is closed: suspended, inactive, locked
    moved         the person has gone elsewhere
    full          over quota, or no room on the server
    busy          asked to slow down, greylisted, under maintenance: later
    unreachable   no connection, DNS out of order
    expired       tried for days, and nothing better is known
    too-large     this message is too big
    relay         the server does not serve this domain, or not for us
    auth          SPF, DKIM, DMARC, a missing PTR: our own set-up
    spam          the content was taken for spam or a virus
    blocked       our address or domain is on a list, or has a bad name
    policy        refused by a rule that names no mailbox
    loop          the mail went round in circles
    unknown       none of these can be told

Permanent is class 5 of RFC 3463 and transient class 4, but for the codes of which that
RFC says that they are of use as persistent transient failures only (a full mailbox, a
full system, no answer, congestion, too old) and for words that say the same.
"""

import re
from typing import NamedTuple

from deliveries.returned.phrases import PHRASES

REASONS = (
    "no-mailbox", "no-domain", "disabled", "moved", "full", "busy", "unreachable", "expired",
    "too-large", "relay", "auth", "spam", "blocked", "policy", "loop", "unknown",
)  # fmt: skip

# What the next letter to the same reader would not change, and the next letter to others might:
# nobody is suppressed for it.
SENDERS_FAULT = frozenset({"auth", "spam", "blocked", "policy", "too-large", "relay", "loop"})
_PASSES = frozenset({"full", "busy", "unreachable", "expired"})
_LASTS = frozenset({"no-mailbox", "no-domain", "disabled", "moved"})

MOST_WORDS = 3000  # characters that are looked at

# The subject ends at 7; what is higher is a version of some software.
_STATUS = re.compile(r"(?<![\d.])([245])\.([0-7])\.(\d{1,3})(?![\d.]*\d)")
_REPLY = re.compile(r"(?<![\d.:/=-])([45])[0-5]\d(?=[\s\-#:,<]|$)(?! ?(?:bytes|kb|mb|octets))")

# RFC 3463 and its registry (RFC 5248), and codes that big receivers made up. “5.” goes
# before what is looked up by the last two numbers only.
_BY_CODE = {
    "1.0": "no-mailbox", "1.1": "no-mailbox", "1.2": "no-domain", "1.3": "no-mailbox",
    "1.4": "no-mailbox", "1.6": "moved", "1.7": "auth", "1.8": "auth", "1.9": "auth",
    "1.10": "no-domain", "2.1": "disabled", "2.2": "full", "2.3": "too-large", "2.4": "no-mailbox",
    "3.1": "full", "3.2": "busy", "3.4": "too-large", "4.1": "unreachable", "4.2": "unreachable",
    "4.3": "unreachable", "4.4": "no-domain", "4.5": "busy", "4.6": "loop", "4.7": "expired",
    "4.14": "loop", "4.300": "expired", "4.310": "no-domain", "4.312": "unreachable",
    "4.316": "unreachable", "5.3": "busy", "6.0": "policy",
    "7.1": "policy", "7.7": "policy", "7.8": "auth", "7.9": "auth", "7.13": "disabled",
    "7.17": "no-mailbox", "7.18": "no-domain", "7.20": "auth", "7.21": "auth", "7.22": "auth",
    "7.23": "auth", "7.24": "auth", "7.25": "auth", "7.26": "auth", "7.27": "auth", "7.28": "busy",
    "7.29": "auth", "7.30": "auth", "7.40": "auth", "7.350": "spam", "7.501": "spam",
    "7.502": "spam", "7.503": "spam", "7.508": "busy", "7.509": "auth", "7.510": "auth",
    "7.511": "blocked", "7.512": "policy", "7.515": "auth", "7.520": "policy",
    "7.606": "blocked", "7.708": "blocked", "7.750": "blocked",
}  # fmt: skip
_OURS = frozenset(code for code, reason in _BY_CODE.items() if reason == "auth")
# By their codes these say that no such mailbox is there, whatever page the words point to.
_NAMES_MAILBOX = frozenset({"1.1", "1.2", "1.3", "1.6", "1.10"})
_OF_POLICY = frozenset({"spam", "blocked", "policy"})
# Codes of class 5 that say why: words like “try again later” beside them are a courtesy.
_LASTING = re.compile(r"5\.(?:1\.\d+|2\.[13]|3\.4|6\.\d+|7\.\d+)")
_OF_THE_MOMENT = frozenset({"later", "unreachable", "expired"})
_FALLBACK = {"1": "no-mailbox", "7": "policy"}


class Judgement(NamedTuple):
    """What a refusal means for the reader."""

    is_permanent: bool
    reason: str  # one of REASONS
    is_senders_fault: bool  # never a ground to suppress the reader


def judge(code: str, words: str) -> Judgement:
    """Return what *code* (“5.1.1”, “550” or nothing) and a server's *words* mean.

    Suppress where it is permanent and not the sender's fault. Where neither code
    nor words tell, it is transient: a reader is rather mailed once more than lost.
    """
    words = tidy(words)
    status = code.strip() if _STATUS.fullmatch(code.strip()) else status_in(code) or ""
    if not status or status.endswith(".0.0"):
        # “5.0.0” with “452 4.2.2 over quota” behind it: the server's own code knows more.
        status = status_in(words) or status
    reason = reason_of(status, words)
    return Judgement(_is_permanent(status, words, reason), reason, reason in SENDERS_FAULT)


def tidy(words: str) -> str:
    """Return *words* in lower case, in one line, at most MOST_WORDS characters of them."""
    return " ".join(words[: 2 * MOST_WORDS].casefold().replace("\u2019", "'").split())[:MOST_WORDS]


def reason_of(status: str, words: str) -> str:
    """Return the reason that *words* (tidy) give, else the one that *status* gives."""
    detail = status[2:]
    if detail in _OURS and status[0] == "5":
        return "auth"
    if detail == "2.2":  # Exchange says beside it that the message may be too large
        return "full"
    skipped = _OF_POLICY if detail in _NAMES_MAILBOX else frozenset[str]()
    if _LASTING.fullmatch(status):
        skipped |= _OF_THE_MOMENT
    elif status[:1] == "5":
        skipped |= {"later"}
    for reason, phrases in PHRASES:
        if reason not in skipped and phrases.search(words):
            return "busy" if reason == "later" else reason
    return _BY_CODE.get(detail) or _FALLBACK.get(detail.partition(".")[0]) or "unknown"


def status_in(words: str) -> str | None:
    """Return the enhanced status code in *words*, a made one for a bare reply code, or None.

    “550 5.1.1 …” is 5.1.1; “552” alone says no more than its class: 5.0.0.
    """
    found = [match for match in _STATUS.finditer(words) if match[1] != "2"]
    for match in found:  # 5.0.0 stands in reports whose server said more
        if match[2] != "0" or match[3] != "0":
            return match[0]
    if found:
        return found[0][0]
    reply = _REPLY.search(words)
    return f"{reply[1]}.0.0" if reply else None


def _is_permanent(status: str, words: str, reason: str) -> bool:
    """Tell whether trying again later is of no use."""
    if reason in _PASSES:
        return False
    if status:
        return status[0] == "5"
    return reason in _LASTS or reason in SENDERS_FAULT
