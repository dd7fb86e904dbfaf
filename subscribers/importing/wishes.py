"""What a file says of a reader's mail, in the words of all houses at once."""

from enum import IntEnum


class Wish(IntEnum):
    """What a row says should happen; where several cells speak, the highest wins."""

    UNSAID = 0  # the file has no status: it never starts mail that had stopped
    ACTIVE = 1
    PAUSED = 2  # only our own exports say so
    UNCONFIRMED = 3
    NOT_MAILED = 4  # on the list there, and gets nothing
    UNKNOWN = 5
    LEFT = 6
    BOUNCED = 7
    BLOCKED = 8
    COMPLAINED = 9


_WORDS = {
    Wish.ACTIVE: """active enabled subscribed confirmed regular premium gifted trialed free paid
        comped past_due churning member yes true 1 on opted-in optedin opt-in""",
    Wish.UNCONFIRMED: """unconfirmed pending unactivated validating upcoming nonsubscribed
        non-subscribed transactional""",
    Wish.LEFT: """unsubscribed inactive disabled cancelled canceled removed churned deleted
        archived left opted-out optedout opt-out no false 0 off""",
    Wish.BOUNCED: "cleaned bounced bounce unreachable undeliverable invalid hard-bounced",
    Wish.BLOCKED: "blocklisted blacklisted blocked suppressed banned",
    Wish.COMPLAINED: "complained complaint spammy spam abuse spam-complaint",
}
# Of a status column. A word that nobody knows refuses the row: to guess could mail somebody
# against their will.
STATUSES = {word: wish for wish, words in _WORDS.items() for word in words.split()}
_YES = frozenset(["true", "yes", "1", "on", "y", "t"])
_NO = frozenset(["false", "no", "0", "off", "n", "f"])


def of_status(cell: str) -> Wish:
    """Return what a cell of a status column says."""
    wish = STATUSES.get(cell)
    if wish is None:
        wish = STATUSES.get(cell.strip().lower().replace(" ", "-"), Wish.UNKNOWN)
    return wish


def of_subscribed(cell: str) -> Wish:
    """Return what a cell of a column like “subscribed to e-mails” says."""
    word = cell.strip().lower()
    if word in _YES:
        return Wish.ACTIVE
    return Wish.LEFT if word in _NO else Wish.UNKNOWN


def of_disabled(cell: str) -> Wish:
    """Return what a cell of a column like “e-mail disabled” says."""
    word = cell.strip().lower()
    if word in _NO:
        return Wish.ACTIVE
    return Wish.LEFT if word in _YES else Wish.UNKNOWN
