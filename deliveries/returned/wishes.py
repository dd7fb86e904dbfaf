"""Recognise the wish to leave: mail to the address of List-Unsubscribe, or with that subject."""

import re
from email.message import Message
from itertools import pairwise

from deliveries.returned import leavewords, reading

# unsubscribe+<token>@…: the token is that of the link (subscribers.tokens), whose case counts.
_LOCAL = re.compile(r"\bunsubscribe\+([A-Za-z0-9_-]{15,80})@", re.IGNORECASE)
_PLAIN = re.compile(
    r"(?<![\w.+-])(unsubscribe|list-unsubscribe|leave|"
    r"optout|opt-out|remove|signoff)(?:[+_=-][^\s@<>]*)?@",
    re.IGNORECASE,
)
_ANSWERED = re.compile(
    r"^(\W*(re|aw|antw|sv|vs|odp|res|rif|ynt|fwd?|wg|tr|rv|r|回复|答复|回覆)\s*(\[\d+\])?\s*[:：])+",
    re.IGNORECASE,
)
# Combining marks are parts of words; quotation marks, dots and signs are not.
_SIGNS = re.compile(r"[^\w\s'@+.&-]+|(?<!\w)[.'&-]+|[.'&-]+(?!\w)")
_ADDRESS = re.compile(r"<?[^\s<>@]{1,64}@[^\s<>@]{1,190}")
MOST_WORDS = 80  # characters of a wish that is nothing else
MOST_PLEA = 300  # characters of a few sentences that hold one
MOST_OWN = 2000  # characters with a signature and what companies set below it
_HEADERS = (
    "Delivered-To",
    "X-Original-To",
    "Envelope-To",
    "X-Envelope-To",
    "X-Delivered-To",
    "To",
    "Cc",
)


def token_of(message: Message) -> str | None:
    """Return the token of the unsubscribe address that *message* was sent to, or None.

    It proves nothing by itself: whoever acts on it verifies its MAC.
    """
    for name in _HEADERS:
        for value in reading.headers(message, name):
            if found := _LOCAL.search(value):
                return found[1]
    return None


def wishes_to_leave(message: Message, text: str) -> bool:
    """Tell whether *message* asks to be taken off, by where it went or by what it says."""
    if token_of(message) is not None:
        return True
    subject = _ANSWERED.sub("", reading.header(message, "Subject")[:200])
    if is_wish(subject) or leavewords.SUBJECT.fullmatch(_bare(subject)):
        return True
    lines = own_lines(text[:5000])
    own = " ".join(" ".join(lines).split())
    to_us = any(_PLAIN.search(v) for name in _HEADERS for v in reading.headers(message, name))
    if to_us and len(own) < 400:
        return True
    if is_wish(own) or is_wish(_first(lines)):
        return True
    return is_private(message) and (_pleads(own) or (len(own) < MOST_WORDS and _pleads(subject)))


def is_wish(words: str) -> bool:
    """Tell whether *words* say that somebody wants to leave, and nothing else."""
    bare = _bare(words)
    return 0 < len(bare) <= MOST_WORDS and leavewords.WISH.fullmatch(bare) is not None


def is_private(message: Message) -> bool:
    """Tell whether a person wrote *message* to us alone, as far as its headers say."""
    if any(name in message for name in ("List-Id", "List-Unsubscribe", "Feedback-ID")):
        return False
    return not reading.header(message, "Auto-Submitted").lower().startswith("auto")


def _first(lines: list[str]) -> str:
    """Return the first of *lines* that says something: signatures and disclaimers follow."""
    return next((line for line in lines if _bare(line)), "")


def _pleads(own: str) -> bool:
    begin = own[:MOST_PLEA]
    return (
        len(own) < MOST_OWN
        and begin.count("@") < 2
        and leavewords.PLEA.search(begin) is not None
        and leavewords.STAYS.search(begin) is None
    )


def _bare(words: str) -> str:
    """Return *words* without signs, courtesies and what is said once more."""
    plain = _ADDRESS.sub(" ", words[:200].replace("\u2019", "'"))
    return " ".join(_SIGNS.sub(" ", leavewords.COURTESY.sub(" ", plain)).split())


def own_words(text: str) -> str:
    """Return what the writer of *text* wrote above what is quoted, in one line."""
    return " ".join(" ".join(own_lines(text)).split())


def own_lines(text: str) -> list[str]:
    """Return the lines that the writer of *text* wrote above what is quoted."""
    lines: list[str] = []
    stripped = [line.strip() for line in text.splitlines()]
    for bare, below in pairwise([*stripped, ""]):
        if bare.startswith(">") or bare in ("--", "—") or leavewords.SIGNED.match(bare):
            break
        # “On Monday, Ada <ada@example.org>” and, on the next line, “wrote:”.
        if leavewords.QUOTES.match(bare) or (
            len(bare) > 30 and below.endswith((":", "：")) and _opens(f"{bare} {below}")
        ):
            break
        lines.append(bare)
    return lines


def _opens(line: str) -> bool:
    return leavewords.QUOTES.match(line) is not None and any(sign.isdigit() for sign in line)
