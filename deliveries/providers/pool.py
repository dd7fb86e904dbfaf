"""The open connections of one provider: how many, and for how many letters each is good."""

import contextlib
import logging
import selectors
import ssl
import time

from deliveries.lanes import LaneTrouble
from deliveries.providers.conversation import Conversation
from deliveries.providers.lines import Line
from deliveries.providers.opening import Opened, Opener, Timeouts, open_connection
from deliveries.providers.verdicts import Judge
from deliveries.relay import Relay

log = logging.getLogger(__name__)

# A server that takes fewer connections than we want is asked again after this long.
REDUCED_SECONDS = 60.0
# So many connections end where an earlier one was ended; then the limit is tried anew.
TRUSTED_LIVES = 20


class Pool:
    """Opens, watches and closes connections; `idle` are those that a letter may go to."""

    def __init__(
        self,
        server: Relay,
        connections: int,
        judge: Judge,
        timeouts: Timeouts,
        context: ssl.SSLContext | None,
    ) -> None:
        self.lines: list[Line] = []
        self.idle: set[Line] = set()
        self._judge = judge
        self._selector = selectors.DefaultSelector()
        self._opener = Opener(lambda: open_connection(server, timeouts, context))
        self._selector.register(self._opener.wakes, selectors.EVENT_READ, None)
        self._connections = max(1, connections)
        self._reduced = (self._connections, 0.0)  # to how many, until when
        self._most: int | None = None  # letters that the server takes on one connection
        self._lives = 0

    @property
    def is_quiet(self) -> bool:
        """True if no connection has a letter."""
        return len(self.idle) == len(self.lines)

    def room(self) -> int:
        """Return how many more connections may be opened."""
        most, until = self._reduced
        if most < self._connections and time.monotonic() > until:
            self._reduced = (self._connections, 0.0)
        return min(most, self._connections) - len(self.lines) - self._opener.pending

    def open_for(self, letters: int) -> None:
        """Begin to open connections for so many waiting *letters*; the first one alone.

        A password that is refused is tried once, not ten times at an instant.
        """
        wanted = min(self.room(), letters - self._opener.pending)
        if not self.lines:
            wanted = min(wanted, 1 - self._opener.pending)
        for _ in range(wanted):
            self._opener.start()

    def select(self, seconds: float) -> list[tuple[Line | None, bool, bool]]:
        """Wait for events: which line (None: one was opened), to be read, to be written."""
        return [
            (key.data, bool(mask & selectors.EVENT_READ), bool(mask & selectors.EVENT_WRITE))
            for key, mask in self._selector.select(seconds)
        ]

    def watch(self, line: Line) -> None:
        """Look out for room in the socket's buffer as long as *line* has something to say."""
        wanted = selectors.EVENT_READ | (selectors.EVENT_WRITE if line.has_unsent else 0)
        if self._selector.get_key(line.sock).events != wanted:
            self._selector.modify(line.sock, wanted, line)

    def welcome(self) -> LaneTrouble | None:
        """Take over what has been opened; return why there is no connection at all."""
        trouble = None
        for result in self._opener.results():
            if isinstance(result, Opened):
                line = Line(result.sock, Conversation(result.features, self._judge))
                self.lines.append(line)
                self.idle.add(line)
                self._selector.register(line.sock, selectors.EVENT_READ, line)
                if result.leftover:
                    line.talk.feed(result.leftover)
                if line.talk.ended:
                    self.drop(line)
            elif self.lines:
                log.warning("Going on with %s connections: %s", len(self.lines), result)
                self._reduced = (len(self.lines), time.monotonic() + REDUCED_SECONDS)
            else:
                trouble = result
        return trouble

    # --- how many letters -------------------------------------------------

    def is_full(self, line: Line) -> bool:
        """True if the server takes no more letters on *line*."""
        return self._most is not None and line.talk.accepted >= self._most

    def takes_another(self, line: Line) -> bool:
        """True if the server takes a letter after the one in hand; no NEXT goes into the void."""
        return self._most is None or line.talk.accepted + 1 < self._most

    def retire(self, line: Line) -> None:
        """Close a full *line* before the server does."""
        line.talk.end("full")
        self.drop(line, b"QUIT\r\n")
        self._lives -= 1
        if self._lives <= 0:
            self._most = None

    # --- the end ----------------------------------------------------------

    def drop(self, line: Line, farewell: bytes = b"") -> None:
        """Close *line*, and learn from where the server ended it."""
        if line not in self.lines:
            return
        talk = line.talk
        if talk.left_before_next and talk.accepted:
            self._most, self._lives = talk.accepted, TRUSTED_LIVES
        self.lines.remove(line)
        self.idle.discard(line)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(line.sock)
        line.close(farewell)

    def close(self) -> None:
        """Say QUIT on each connection and close it; what is being opened is closed, too."""
        for line in [*self.lines]:
            line.talk.end("closed")
            self.drop(line, b"QUIT\r\n")
        self._selector.close()
        self._opener.close()
