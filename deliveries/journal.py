"""The journal: what a worker did since its last slice was settled, on its own disk.

An intent is written before a body goes out and an outcome when its reply was
read, each a record of fixed size with a checksum. A killed process loses
nothing that it wrote, so its successor knows of each letter whether it was
never begun, was judged, or hangs in between; only the last is in doubt.

There is no fsync: after a loss of power the records may be missing, and then
nothing may be concluded from their absence (deliveries.owners).
"""

import os
import struct
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from deliveries.ledger import Fate, Outcome

# checksum | kind | fate | epoch | batch or delivery | letters or attempt | the server's words
_RECORD = struct.Struct("<IBBIQH44s")
_CHECKSUM, _REST = struct.Struct("<I"), struct.Struct("<BBIQH44s")
SIZE = _RECORD.size  # 64
_BEGIN, _INTENT, _OUTCOME, _GIVEN_BACK = 1, 2, 3, 4
_FATES = tuple(Fate)


class Attempt(Protocol):
    """What a journal needs to know of a letter."""

    @property
    def delivery(self) -> int: ...
    @property
    def attempt(self) -> int: ...


class JournalFailed(OSError):
    """The journal cannot be written: no body may go out."""


@dataclass
class Journal:
    """An open journal, written from *offset* on."""

    descriptor: int
    offset: int
    begun: set[tuple[int, int]] = field(default_factory=set, init=False)  # of this slice
    _reserved: int = field(default=0, init=False)

    def begin(self, batch: int, epoch: int, letters: int) -> None:
        """Begin a slice of *letters*; what came before has been settled.

        The space is allocated first, so that a full disk stops the worker
        here and not between a body and its record. Raise JournalFailed.
        """
        end = self.offset + (2 + 2 * letters) * SIZE
        if end > self._reserved:
            try:
                os.posix_fallocate(self.descriptor, self.offset, end - self.offset)
            except OSError as error:
                raise JournalFailed(
                    error.errno, f"No space for the journal: {error.strerror}. Free some disk."
                ) from error
            self._reserved = end
        self._append(_pack(_BEGIN, 0, epoch, batch, letters, b""))
        self.begun = set()

    def record(self, outcomes: Iterable[Outcome], intents: Iterable[Attempt]) -> None:
        """Append *outcomes* and *intents* in one write; raise JournalFailed."""
        records = [
            _pack(
                _OUTCOME,
                _FATES.index(outcome.fate),
                0,
                outcome.delivery,
                outcome.attempt,
                b"" if outcome.fate is Fate.SENT else outcome.reply.encode("utf-8", "replace")[:44],
            )
            for outcome in outcomes
        ]
        begun = [(intent.delivery, intent.attempt) for intent in intents]
        records += [_pack(_INTENT, 0, 0, number, attempt, b"") for number, attempt in begun]
        if records:
            self._append(b"".join(records))
            self.begun.update(begun)

    def give_back(self) -> None:
        """Note that what is not used of this slice goes back to the quotas: nobody else does it."""
        self._append(_pack(_GIVEN_BACK, 0, 0, 0, 0, b""))

    def _append(self, data: bytes) -> None:
        try:
            written = os.pwrite(self.descriptor, data, self.offset)
        except OSError as error:
            raise JournalFailed(error.errno, f"The journal: {error.strerror}") from error
        if written != len(data):
            # A full disk wrote 9 of 18 bytes without an error.
            raise JournalFailed(f"The journal took {written} of {len(data)} bytes.")
        self.offset += written


def _pack(kind: int, fate: int, epoch: int, number: int, attempt: int, words: bytes) -> bytes:
    rest = _REST.pack(kind, fate, epoch, number, attempt, words)
    return _CHECKSUM.pack(zlib.crc32(rest)) + rest


@dataclass(frozen=True)
class Slice:
    """What a journal says of the last slice: which letters were begun, which were judged."""

    batch: int
    epoch: int
    begun: frozenset[tuple[int, int]]  # (delivery, attempt)
    outcomes: Sequence[Outcome]
    letters: int = 0  # for which there was leave; 0 once the rest of it went back

    @property
    def unused(self) -> int:
        """How many letters there was leave for that were neither judged nor may have gone out."""
        free = {(o.delivery, o.attempt) for o in self.outcomes if o.fate is Fate.NOT_ACCEPTED}
        judged = {(o.delivery, o.attempt) for o in self.outcomes}
        return max(0, self.letters - len((judged | self.begun) - free))

    def speaks_of(self, batch: int, epoch: int) -> bool:
        """Tell whether this slice was taken under that lease, or none ever was."""
        return (self.batch, self.epoch) in ((batch, epoch), (0, 0))


def read_last_slice(data: bytes) -> Slice | None:
    """Return the last slice of a journal's records, or None if there is none.

    Reading ends at the first record whose checksum is wrong: a torn tail was
    never acted upon, since the write comes before the act.
    """
    slice_: Slice | None = None
    begun: set[tuple[int, int]] = set()
    outcomes: dict[tuple[int, int], Outcome] = {}
    for start in range(0, len(data) - SIZE + 1, SIZE):
        checksum, kind, fate, epoch, number, attempt, words = _RECORD.unpack_from(data, start)
        if kind == 0 or checksum != zlib.crc32(data[start + 4 : start + SIZE]):
            break
        if kind == _BEGIN:
            begun, outcomes = set(), {}
            slice_ = Slice(number, epoch, frozenset(), (), attempt)
        elif kind == _GIVEN_BACK and slice_:
            slice_ = replace(slice_, letters=0)
        elif kind == _INTENT:
            begun.add((number, attempt))
            # Begun anew: what was judged before it says nothing any more.
            outcomes.pop((number, attempt), None)
        else:
            reply = words.replace(b"\0", b"").decode(errors="ignore")
            outcomes[number, attempt] = Outcome(
                number, attempt, _FATES[fate], _reason(_FATES[fate]), reply
            )
    if slice_ is None:
        return None
    return replace(slice_, begun=frozenset(begun), outcomes=tuple(outcomes.values()))


def _reason(fate: Fate) -> str:
    return {Fate.FAILED: "refused", Fate.IN_DOUBT: "no-reply", Fate.DEFERRED: "deferred"}.get(
        fate, ""
    )
