"""What the sinks have in common: they obey stdin, keep a record and count.

Each is a process of its own: `python -m intelbrief.ops.sinks.smtp RECORD`. It
prints its port, reads orders from stdin, one JSON object a line, and answers
each on stdout; it ends when stdin does. A message stands in the file RECORD
before the sender hears that it was taken, one line each:

    connection, begun, accepted (Unix times), recipient, Message-ID, tokens

*begun* is when the first octet of its text was seen.
"""

import json
import os
import sys
import time
import zlib
from typing import Any


class Orders:
    """Counts, and how to behave."""

    def __init__(self, record: str) -> None:
        self.record = os.open(record, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.lines: list[bytes] = []
        self.open = self.most_open = self.accepted = self.doubts = 0
        self.waiting: tuple[int, float] | None = None
        self.behave({})

    def behave(self, how: dict[str, Any]) -> None:
        """Be good, but for *how*.

        "rate" is in messages a second, "tokens" keeps all of a letter's. A rule
        of "rules" is {"at", "do", "every": n, "nth": k, "times": t, "seconds"}:
        it is for addresses whose checksum leaves k divided by n, t times each.
        """
        self.how = how
        self.rules: list[dict[str, Any]] = how.get("rules", [])
        self.tokens = bool(how.get("tokens", False))
        self.rate = float(how.get("rate", 0))
        self.next_free = 0.0
        self.applied: dict[tuple[int, bytes], int] = {}

    def rule(self, at: str, address: bytes) -> dict[str, Any] | None:
        """Return the rule that applies to *address* at this point, and count it."""
        for index, rule in enumerate(self.rules):
            if rule["at"] != at or zlib.crc32(address) % rule["every"] != rule["nth"]:
                continue
            times = self.applied.get((index, address), 0)
            if times < rule.get("times", 1_000_000):
                self.applied[index, address] = times + 1
                return rule
        return None

    def slot(self, messages: int = 1) -> float:
        """Return when, by the rate, so many messages may be taken."""
        self.next_free = max(time.time(), self.next_free) + messages / self.rate
        return self.next_free

    def opened(self) -> None:
        """Count one more connection."""
        self.open += 1
        self.most_open = max(self.most_open, self.open)

    def note(
        self, connection: int, begun: float, recipient: bytes, message_id: bytes, tokens: Any
    ) -> None:
        """Take one message; it is on disk after write_down()."""
        self.accepted += 1
        self.lines.append(
            b"%d\t%.6f\t%.6f\t%s\t%s\t%s\n"
            % (
                connection,
                begun,
                time.time(),
                recipient,
                message_id,
                b" ".join(b"%s:%s" % pair for pair in tokens),
            )
        )

    def write_down(self) -> None:
        """Put on record what was taken, before anybody hears of it."""
        if self.lines:
            os.write(self.record, b"".join(self.lines))
            self.lines.clear()

    # --- talk -------------------------------------------------------------

    def begin(self, port: int) -> None:
        """Tell where the sink listens."""
        sys.stdout.write(f"{port}\n")
        sys.stdout.flush()

    def obey(self, line: bytes) -> None:
        """Carry out one order."""
        order = json.loads(line)
        if "behave" in order:
            self.behave(order["behave"])
        if "reset" in order:
            self.accepted = self.doubts = 0
            self.most_open = self.open
        if "wait" in order:
            self.waiting = (int(order["wait"]), time.monotonic() + float(order["seconds"]))
        else:
            self.answer()

    def look(self) -> None:
        """Answer who waits for a number of messages, once it is reached."""
        if self.waiting:
            wanted, until = self.waiting
            if self.accepted >= wanted or time.monotonic() >= until:
                self.waiting = None
                self.answer()

    def answer(self) -> None:
        """Tell how things stand."""
        names = ("accepted", "open", "most_open", "doubts")
        sys.stdout.write(json.dumps({name: getattr(self, name) for name in names}) + "\n")
        sys.stdout.flush()
