"""One connection's talk with an SMTP server, without the socket: bytes in, bytes out.

Replies are attributed by a queue of the commands that wait for one (RFC 2920,
3.1). At most one letter, `doubt`, has its body out and no answer; at most one
more, `current`, has its envelope out.
"""

import re
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from deliveries.providers.replies import Garbled, Replies, Reply
from deliveries.providers.verdicts import Judge, Sendable

DOT = b".\r\n"
RSET = b"RSET\r\n"
# What a server that is well says in one packet: final dot, MAIL, RCPT, DATA.
_ALL_IS_WELL = re.compile(
    rb"2\d\d [^\n]*\n2\d\d [^\n]*\n2\d\d [^\n]*\n354 [^\n]*\n",
)


class Phase(StrEnum):
    """What a reply answers."""

    RSET = "RSET"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    DOT = "the final dot"


_GROUP = (Phase.MAIL, Phase.RCPT, Phase.DATA)


@dataclass(frozen=True)
class Features:
    """What the server offered in its answer to EHLO."""

    pipelining: bool = False
    smtputf8: bool = False
    size: int | None = None  # 0: offered without a limit (RFC 1870)


class Job:
    """A letter in the form that goes over the wire."""

    __slots__ = ("body", "envelope", "letter")

    def __init__(self, letter: Sendable, envelope: bytes, body: bytes) -> None:
        self.letter = letter
        self.envelope = envelope  # MAIL, RCPT, DATA
        self.body = body


class Conversation:
    """The state of one connection; the judge gets each letter's outcome."""

    def __init__(self, features: Features, judge: Judge) -> None:
        self.features = features
        self.doubt: Job | None = None
        self.current: Job | None = None
        self.is_ready = False  # the body of `current` may go
        self.dot_is_out = False  # the final dot of `doubt` may have reached the server
        self.accepted = 0
        self.ended = ""  # why the connection is of no more use
        self.left_before_next = False  # the server went away between two letters
        self.to_send = b""  # lock-step: the command that is due
        self._judge = judge
        self._replies = Replies()
        self._expected: deque[Phase] = deque()
        self._commands: deque[tuple[Phase, bytes]] = deque()
        self._has_judged = False
        self._needs_reset = False

    @property
    def is_idle(self) -> bool:
        """True if a letter may begin."""
        return not (self.current or self._expected or self.ended)

    @property
    def waits_for(self) -> Phase | None:
        """What the next reply will answer."""
        return self._expected[0] if self._expected else None

    # --- what we say ------------------------------------------------------

    def begin(self, job: Job) -> bytes:
        """Return the envelope of *job*, or its first command where each waits for its reply."""
        self.current = job
        commands = [*zip(_GROUP, job.envelope.splitlines(keepends=True), strict=True)]
        if self._needs_reset:
            commands.insert(0, (Phase.RSET, RSET))
            self._needs_reset = False
        if not self.features.pipelining:
            self._commands.extend(commands)
            return self._next_command()
        self._expected.extend(phase for phase, _line in commands)
        return b"".join(line for _phase, line in commands)

    def turn(self, following: Job | None) -> bytes:
        """Return what goes out behind the body of `current`: the dot and *following*'s envelope."""
        self.doubt, self.current = self.current, following
        self.is_ready = False
        self.dot_is_out = True
        self._expected.append(Phase.DOT)
        if following is None:
            return DOT
        self._expected.extend(_GROUP)
        return DOT + following.envelope

    def take_command(self) -> bytes:
        """Return the command that a reply has made due, or nothing."""
        command, self.to_send = self.to_send, b""
        return command

    def give_back(self) -> None:
        """Withdraw `current` in lock-step, before DATA: RSET will go first."""
        assert self.current is not None
        self._judge.not_accepted(self.current.letter, "")
        self.to_send = b""
        self._expected.clear()
        self._end_group()

    @property
    def is_before_data(self) -> bool:
        """True if DATA is the command that is due, and has not been sent."""
        return self.to_send[:4] == b"DATA"

    def _next_command(self) -> bytes:
        phase, line = self._commands.popleft()
        self._expected.append(phase)
        return line

    # --- what we hear -----------------------------------------------------

    def feed(self, data: bytes) -> bool:
        """Act upon *data* from the server; return True if a reply was complete."""
        if (
            len(self._expected) == 4
            and self.doubt is not None
            and self.dot_is_out
            and self._replies.is_between
            and _ALL_IS_WELL.fullmatch(data)
        ):
            self._expected.clear()
            self._accept()
            self.is_ready = True
            return True
        heard = False
        try:
            for reply in self._replies.take(data):
                heard = True
                self._on_reply(reply)
                if self.ended:
                    break
        except Garbled as garbled:
            self.end(str(garbled), by_server=True)
        return heard

    def end(self, words: str, *, by_server: bool = False) -> None:
        """Give up the connection; judge what is on it."""
        if self.ended:
            return
        self.ended = words or "closed"
        if by_server and self.current and not self.doubt:
            self.left_before_next = self.waits_for is Phase.MAIL
        had_letters = bool(self.current or self.doubt)
        losses = self.doubt is not None and self.dot_is_out
        if self.doubt and self.dot_is_out:
            self._judge.lost(self.doubt.letter, words)
        elif self.doubt:
            # Without its dot no server may take it (RFC 5321, 4.1.1.4).
            self._judge.not_accepted(self.doubt.letter, words)
        if self.current:
            self._judge.not_accepted(self.current.letter, words)
        self._leave(words, fruitless=by_server and had_letters and not losses)

    def _leave(self, words: str, *, fruitless: bool) -> None:
        self.doubt = self.current = None
        self.is_ready = False
        self.to_send = b""
        self._expected.clear()
        self._commands.clear()
        if fruitless and not self._has_judged:
            self._judge.connection_ended(words)

    def _on_reply(self, reply: Reply) -> None:
        if not self._expected:
            # Unasked, mostly 421: it tells that it goes away.
            self.end(str(reply), by_server=True)
        elif reply.code == 421:
            self._on_goodbye(reply)
        else:
            phase = self._expected.popleft()
            if phase is Phase.DOT:
                self._on_dot(reply)
            elif phase is Phase.DATA:
                self._on_data(reply)
            elif phase is Phase.RSET:
                self._on_reset(reply)
            else:
                self._on_envelope(phase, reply)

    def _on_goodbye(self, reply: Reply) -> None:
        """The server goes away and has taken nothing (RFC 5321, 3.8)."""
        if self._expected[0] is Phase.DOT and self.doubt:
            doubt, self.doubt = self.doubt, None
            self._judge.not_accepted(doubt.letter, str(reply))
            if self.current is None and not self._has_judged:
                self._judge.connection_ended(str(reply))
        self.end(str(reply), by_server=True)

    def _on_dot(self, reply: Reply) -> None:
        if reply.kind not in (2, 4, 5) or (reply.kind == 2 and not self.dot_is_out):
            self.end(f"out of step: {reply}", by_server=True)
            return
        if reply.kind == 2:
            self._accept()
        else:
            assert self.doubt is not None
            self._has_judged = True
            doubt, self.doubt = self.doubt, None
            self._judge.refused(doubt.letter, reply)
            if not self.dot_is_out:
                self.end(f"refused before its end: {reply}")

    def _accept(self) -> None:
        assert self.doubt is not None
        self._judge.accepted(self.doubt.letter)
        self._has_judged = True
        self.doubt = None
        self.accepted += 1

    def _on_reset(self, reply: Reply) -> None:
        if reply.kind != 2:
            self.end(f"refused RSET: {reply}", by_server=True)
        elif self._commands:
            self.to_send = self._next_command()

    def _on_envelope(self, phase: Phase, reply: Reply) -> None:
        """Act upon the answer to MAIL or RCPT; after a refusal the rest of the group is ignored."""
        if reply.kind not in (2, 4, 5):
            self.end(f"out of step: {reply}", by_server=True)
        elif self.current and reply.kind != 2:
            letter = self.current.letter
            if phase is Phase.MAIL:
                self._judge.sender_refused(letter, reply)
            else:
                self._has_judged = True
                self._judge.recipient_refused(letter, reply)
            self.current = None
            if not self._expected:
                self._end_group()
        elif self._commands:
            self.to_send = self._next_command()

    def _on_data(self, reply: Reply) -> None:
        if self.current is None:
            if reply.code == 354:
                # It would take what comes next for a message; there is no way back but this.
                self.end("asked for the text after it had refused the reader")
            else:
                self._end_group()
        elif reply.code == 354:
            self.is_ready = True
        elif reply.kind in (4, 5):
            self._has_judged = True
            self._judge.refused(self.current.letter, reply)
            self._end_group()
        else:
            self.end(f"out of step: {reply}", by_server=True)

    def _end_group(self) -> None:
        """Leave a transaction that was refused: the next one begins with RSET."""
        self.current = None
        self._commands.clear()
        self._needs_reset = True
