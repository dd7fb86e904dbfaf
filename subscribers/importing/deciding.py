"""What a row changes here: the rules of consent for imports, in one place, without a query.

1. Nobody comes back: who left, complained, bounced or was erased stays away,
   whatever a file says and in whatever order files come; nor does the address
   that a reader has moved away from.
2. A file that says that somebody left is believed at once.
3. Who is new comes in as the file says, on the basis that the editor states.
4. Who asked here and has not confirmed becomes active only where the file
   says that they are active and when they confirmed.
5. What readers said of themselves (name, language, time zone, topics) is only
   filled in where nothing stands; attributes are the editors' own.
"""

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from subscribers.importing.rows import Row
from subscribers.importing.wishes import Wish
from subscribers.models import ConsentRecord, Subscription

ACTIVE = Subscription.Status.ACTIVE.value
PAUSED = Subscription.Status.PAUSED.value
UNCONFIRMED = Subscription.Status.UNCONFIRMED.value
UNSUBSCRIBED = Subscription.Status.UNSUBSCRIBED.value
IMPORTED = ConsentRecord.Kind.IMPORTED.value
CHANGED = ConsentRecord.Kind.CHANGED.value
LEFT = ConsentRecord.Kind.UNSUBSCRIBED.value
COMPLAINED = ConsentRecord.Kind.COMPLAINED.value

OUTCOMES = ("created", "updated", "unchanged", "unsubscribed", "suppressed", "refused")
_DETAILS = ("name", "language", "time_zone")
# Suppressions that nobody releases; any other may end, and who left must have left then.
_READERS_OWN_WORD = ("complaint", "erasure")


class Verdict(NamedTuple):
    """What became of a row: one of OUTCOMES, and a code of reasons.REASONS if it was refused."""

    outcome: str
    reason: str = ""


class Known:
    """What is known here of one address, and what the rows of this chunk change in it.

    There is one for each row of a million: what stands in the class costs nothing to make.
    No value here is changed in place.
    """

    id: int = 0  # 0 while there is no reader
    name: str = ""
    language: str = ""
    time_zone: str = ""
    attributes: Mapping[str, Any] = MappingProxyType({})
    subscription_id: int = 0
    status: str = ""  # empty while there is no subscription
    stored_status: str = ""  # as it stands in the database
    suppressed: str = ""  # why, if mail must not go there
    has_moved: bool = False  # its reader here has another address now

    details_changed: bool = False
    suppress_for: str = ""  # a suppression that is to be added, for this reason
    rhythm: str = "each"
    topics: Sequence[str] = ()
    requested_at: dt.datetime | None = None
    confirmed_at: dt.datetime | None = None
    unsubscribed_at: dt.datetime | None = None
    paused_until: dt.date | None = None

    def __init__(self, address: str, key: str, hashed: str) -> None:
        self.address = address
        self.key = key
        self.hash = hashed


class Evidence(NamedTuple):
    """A ConsentRecord that is to be written."""

    known: Known
    kind: str
    ip: str | None
    details: str  # JSON


class Decider:
    """Decides row by row; collects the evidence of one chunk."""

    def __init__(self, import_id: int, now: dt.datetime, *, own: bool) -> None:
        self._import = import_id
        self.now = now
        self._own = own
        self.evidence: list[Evidence] = []

    def decide(self, row: Row, known: Known) -> Verdict:
        """Change *known* as *row* asks, if it may."""
        if row.suppressed:
            return self._suppress(row, known)
        wish = row.wish
        if wish == Wish.LEFT:
            return self._leave(row, known)
        if wish == Wish.NOT_MAILED:
            return Verdict("refused", "not-mailed")
        if wish == Wish.UNCONFIRMED and not self._own:
            return Verdict("refused", "unconfirmed")
        if known.suppressed:
            return Verdict("refused", known.suppressed)
        if not known.status:
            if known.has_moved:
                return Verdict("refused", "moved")
            self._create(row, known, _status_of(wish))
            self._note(row, known, IMPORTED)
            return Verdict("created")
        if known.status == UNSUBSCRIBED:
            return Verdict("refused", "left")
        if known.status == UNCONFIRMED:
            return self._confirm(row, known)
        return self._fill_in(row, known)

    def _suppress(self, row: Row, known: Known) -> Verdict:
        complained = row.suppressed == "complaint"
        if known.suppressed:
            # Remembered beside what an editor may release one day.
            says_more = complained or row.wish == Wish.LEFT
            if not says_more or known.suppressed in _READERS_OWN_WORD:
                return Verdict("unchanged")
            return self._leave(row, known, COMPLAINED if complained else LEFT)
        if self._own and not known.status:
            self._create(row, known, _status_of(row.wish))
        elif (complained or row.wish == Wish.LEFT) and known.status not in ("", UNSUBSCRIBED):
            self._end(row, known)
        known.suppressed = known.suppress_for = row.suppressed
        self._note(row, known, COMPLAINED if complained else IMPORTED, row.suppressed)
        return Verdict("suppressed")

    def _leave(self, row: Row, known: Known, kind: str = LEFT) -> Verdict:
        if known.status == UNSUBSCRIBED:
            return Verdict("unchanged")
        if known.status:
            self._end(row, known)
            self._note(row, known, kind)
            return Verdict("unsubscribed")
        if known.suppressed in _READERS_OWN_WORD:
            # Nothing can reach it, and of who was erased nothing is to be stored.
            return Verdict("unchanged")
        self._create(row, known, UNSUBSCRIBED)
        self._note(row, known, IMPORTED if kind == LEFT else kind, UNSUBSCRIBED)
        return Verdict("unsubscribed")

    def _end(self, row: Row, known: Known) -> None:
        known.status = UNSUBSCRIBED
        known.unsubscribed_at = self._past(row.left_at) or self.now
        known.paused_until = None
        if known.requested_at and known.requested_at > known.unsubscribed_at:
            # From an earlier row; one who asked after leaving would wait for a confirmation.
            known.requested_at = known.unsubscribed_at

    def _confirm(self, row: Row, known: Known) -> Verdict:
        confirmed_at = self._past(row.confirmed_at)
        if row.wish not in (Wish.ACTIVE, Wish.PAUSED) or confirmed_at is None:
            return Verdict("refused", "waiting")
        known.status = ACTIVE
        known.confirmed_at = confirmed_at
        known.unsubscribed_at = None
        self._fill(row, known)
        self._note(row, known, IMPORTED)
        return Verdict("updated")

    def _fill_in(self, row: Row, known: Known) -> Verdict:
        changed = self._fill(row, known)
        if not changed:
            return Verdict("unchanged")
        self._note(row, known, CHANGED, changed=changed)
        return Verdict("updated")

    def _fill(self, row: Row, known: Known) -> list[str]:
        """Fill in what is missing; return the names of what changed."""
        changed = []
        for name in _DETAILS:
            if not getattr(known, name) and getattr(row, name):
                setattr(known, name, getattr(row, name))
                changed.append(name)
        if row.attributes:
            # What another publication keeps of a reader is not overwritten by joining this one.
            merged = (
                {**known.attributes, **row.attributes}
                if known.status
                else ({**row.attributes, **known.attributes})
            )
            if merged != known.attributes:
                known.attributes = merged
                changed.append("attributes")
        known.details_changed = known.details_changed or bool(changed)
        return changed

    def _create(self, row: Row, known: Known, status: str) -> None:
        if known.id:
            self._fill(row, known)
        else:
            known.name, known.language, known.time_zone = row.name, row.language, row.time_zone
            known.attributes = row.attributes
        known.status = status
        known.rhythm = row.rhythm
        known.topics = row.topics
        now = self.now
        asked_at, confirmed_at = self._past(row.asked_at), self._past(row.confirmed_at)
        known.requested_at = asked_at or confirmed_at or self._past(row.left_at) or now
        if status == UNSUBSCRIBED:
            known.unsubscribed_at = self._past(row.left_at) or now
            if not self._own:
                # One who asked after leaving would be one who waits for a confirmation.
                known.requested_at = min(known.requested_at, known.unsubscribed_at)
            known.confirmed_at = confirmed_at
        elif status == UNCONFIRMED:
            known.confirmed_at = confirmed_at
        else:
            known.confirmed_at = confirmed_at or asked_at or now
        if self._own:
            known.paused_until = row.paused_until
            known.unsubscribed_at = known.unsubscribed_at or self._past(row.left_at)

    def _past(self, moment: dt.datetime | None) -> dt.datetime | None:
        """Return *moment* unless it is to come: nobody has agreed to anything then."""
        return moment if moment is not None and moment <= self.now else None

    def _note(
        self, row: Row, known: Known, kind: str, status: str = "", changed: list[str] | None = None
    ) -> None:
        details = f'{{"import": {self._import}, "row": {row.number}'
        if status:
            details += f', "status": "{status}"'
        if row.asked_at:
            details += f', "asked_at": "{row.asked_at.isoformat()}"'
        if row.confirmed_at:
            details += f', "confirmed_at": "{row.confirmed_at.isoformat()}"'
        if row.left_at:
            details += f', "left_at": "{row.left_at.isoformat()}"'
        if row.why:
            details += f', "why": {json.dumps(row.why)}'
        if changed:
            details += f', "changed": {json.dumps(changed)}'
        ip = row.confirmed_ip or row.asked_ip
        self.evidence.append(Evidence(known, kind, ip, details + "}"))
        if row.asked_ip and row.asked_ip != ip:
            # Columns, not details: consent.truncate_origins() knows where IPs stand.
            more = f'{{"import": {self._import}, "row": {row.number}, "of": "asked"}}'
            self.evidence.append(Evidence(known, kind, row.asked_ip, more))


def _status_of(wish: Wish) -> str:
    """Return the status in which a new subscription begins."""
    if wish == Wish.LEFT:
        return UNSUBSCRIBED
    if wish == Wish.PAUSED:
        return PAUSED
    return UNCONFIRMED if wish == Wish.UNCONFIRMED else ACTIVE
