"""An SMTP server that follows a script: each test tells it where to misbehave, and how.

It is strict about the client, too: what a client may not do is kept in
`violations`. A message counts as accepted at the instant of its final dot,
before the reply to it is sent.
"""

import contextlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

CLOSE, RESET, HANG = "close", "reset", "hang"
_ENDS = (CLOSE, RESET, HANG)
_GREETING = "220 mx.test ESMTP"
_DEFAULTS = {
    "RSET": "250 2.0.0 Reset",
    "MAIL": "250 2.1.0 Sender ok",
    "RCPT": "250 2.1.5 Reader ok",
    "DATA": "354 Go on",
    "dot": "250 2.0.0 Queued",
    "QUIT": "221 2.0.0 Bye",
    "AUTH": "235 2.7.0 Welcome",
    "STARTTLS": "220 2.0.0 Go on",
}


@dataclass
class Rule:
    """What to do *at* a phase instead of the usual.

    *say* is a reply; *then* may be CLOSE, RESET or HANG, after the reply or in
    its place. *to* limits the rule to one reader, *message* to the so-manieth
    transaction of a connection, *connection* to the so-manieth connection,
    *times* to so many uses. *accepts* tells whether the message counts at the dot.
    """

    at: str
    say: str | None = None
    then: str | None = None
    to: str | None = None
    message: int | None = None
    connection: int | None = None
    times: int | None = None
    accepts: bool | None = None
    used: int = 0

    def fits(self, moment: "Moment") -> bool:
        """Tell whether the rule speaks of *moment*; counts its uses."""
        fits = (
            self.at == moment.at
            and self.to in (None, moment.to)
            and self.message in (None, moment.message)
            and self.connection in (None, moment.connection)
            and (self.times is None or self.used < self.times)
        )
        self.used += fits
        return fits


@dataclass(frozen=True)
class Moment:
    """Where a connection stands."""

    at: str
    connection: int
    message: int
    to: str


@dataclass(frozen=True)
class Taken:
    """A message that was accepted."""

    sender: str
    to: str
    body: bytes
    options: str
    connection: int


class _End(Exception):
    """The script ends the connection."""


@dataclass
class ScriptedServer:
    """Listens on loopback, a thread for each connection.

    *pieces* is "replies" (each as it is due), "packets" (all that are due at
    once) or "bytes" (one by one). *lines* is how many lines each reply has.
    """

    rules: list[Rule] = field(default_factory=list)
    script: Callable[[Moment], Rule | None] | None = None
    offers: tuple[str, ...] = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
    pieces: str = "replies"
    lines: int = 1
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    receive_buffer: int | None = None

    def __post_init__(self) -> None:
        self.accepted: list[Taken] = []
        self.violations: list[str] = []
        self.texts_begun: list[str] = []
        self.connections = 0
        self.logins: list[str] = []
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        if self.receive_buffer:
            self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_buffer)
        self._listener.settimeout(0.05)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> "ScriptedServer":
        self._start(self._listen)
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)
        self._listener.close()

    def action(self, moment: Moment) -> Rule | None:
        """Return what the script says of *moment*."""
        with self._lock:
            if self.script is not None:
                return self.script(moment)
            return next((rule for rule in self.rules if rule.fits(moment)), None)

    def _start(self, run: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=run, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _listen(self) -> None:
        while not self._stopping.is_set():
            with contextlib.suppress(TimeoutError):
                sock, _address = self._listener.accept()
                self.connections += 1
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self._start(_Session(self, sock, self.connections).run)

    def wait_for_the_end(self) -> None:
        """Return once the test is over."""
        self._stopping.wait(30)


class _Session:
    """One connection."""

    def __init__(self, server: ScriptedServer, sock: socket.socket, number: int) -> None:
        self.server, self.sock, self.number = server, sock, number
        self.message = 0
        self.sender = self.to = self.options = ""
        self.has_mail = self.has_rcpt = False
        self.read_ahead = b""
        self.unsaid = b""
        self.accepts_text = True

    def run(self) -> None:
        """Talk until somebody ends it."""
        with contextlib.suppress(OSError, _End):
            if self.server.implicit_tls:
                self._secure()
            self._do("connect", _GREETING)
            while line := self._line():
                self._command(line.decode().rstrip("\r\n"))
        with contextlib.suppress(OSError):
            self.sock.close()

    # --- commands ---

    def _command(self, line: str) -> None:
        self._check_lock_step()
        verb = line.split(" ")[0].upper()
        if verb in ("EHLO", "HELO"):
            offers = self.server.offers if verb == "EHLO" else ()
            self._do(verb, "\n".join(f"250 {word}" for word in ("mx.test", *offers)))
        elif verb == "MAIL":
            self._mail(line)
        elif verb == "RCPT":
            self._rcpt(line)
        elif verb == "DATA":
            self._data()
        elif verb == "RSET":
            self.has_mail = self.has_rcpt = False
            self._do("RSET")
        elif verb == "AUTH":
            self.server.logins.append(line)
            self._do("AUTH")
        elif verb == "STARTTLS":
            self._do("STARTTLS")
            self._secure()
        elif verb == "QUIT":
            self._do("QUIT")
            raise _End
        else:
            self.server.violations.append(f"unknown command {line!r}")
            self._say("500 5.5.1 What?")

    def _mail(self, line: str) -> None:
        self.message += 1
        found = re.fullmatch(r"MAIL FROM:<([^>]*)>(.*)", line)
        if self.has_mail or not found:
            self.server.violations.append(f"out of sequence: {line}")
            self._say("503 5.5.1 Nested MAIL")
            return
        self.sender, self.options = found[1], found[2].strip()
        self.has_mail = self._do("MAIL")

    def _rcpt(self, line: str) -> None:
        self.to = line.partition("<")[2].rpartition(">")[0]
        if self.has_mail:
            self.has_rcpt = self._do("RCPT")
        else:
            self._say("503 5.5.1 MAIL first")

    def _data(self) -> None:
        if self._peek():
            self.server.violations.append("something followed DATA before its reply")
        usual = _DEFAULTS["DATA"] if self.has_rcpt else "554 5.5.1 No valid recipients"
        if self._do("DATA", usual, kind=3):
            self._text()

    def _text(self) -> None:
        body = b""
        while (line := self._line()) != b".\r\n":
            if not line:
                raise _End
            if not body:
                self.server.texts_begun.append(self.to)
                if rule := self.server.action(self._moment("text")):
                    self._act(rule)
            if not line.endswith(b"\r\n") or line.startswith(b"."):
                self.server.violations.append(f"bad line {line[:40]!r}")
            body += line
        self._dot(body)
        self.has_mail = self.has_rcpt = False

    def _dot(self, body: bytes) -> None:
        self._check_lock_step()
        rule = self.server.action(self._moment("dot"))
        says_yes = rule is None or (rule.say or "2")[0] == "2"
        accepts = says_yes if rule is None or rule.accepts is None else rule.accepts
        if accepts:
            taken = Taken(self.sender, self.to, body, self.options, self.number)
            self.server.accepted.append(taken)
        if rule is None:
            self._say(_DEFAULTS["dot"])
        else:
            self._act(rule, _DEFAULTS["dot"])

    # --- saying ---

    def _moment(self, at: str) -> Moment:
        return Moment(at, self.number, self.message, self.to)

    def _do(self, at: str, usual: str | None = None, kind: int = 2) -> bool:
        """Answer at a phase; return True if the answer was of *kind*."""
        usual = usual or _DEFAULTS[at]
        rule = self.server.action(self._moment(at))
        if rule is None:
            self._say(usual)
            return usual[0] == str(kind)
        return self._act(rule, usual)[0] == str(kind)

    def _act(self, rule: Rule, usual: str = "") -> str:
        says = rule.say if rule.say is not None else ("" if rule.then in _ENDS else usual)
        if says:
            self._say(says)
        if rule.then:
            self._flush()
            self._end(rule.then)
        return says or "-"

    def _say(self, words: str) -> None:
        """Queue a reply of one or more lines; what has no code goes out as it is."""
        *first, last = words.split("\n")
        if re.match(r"\d{3} ", last):
            first += [last] * (self.server.lines - 1)
            said = "".join(f"{line[:3]}-{line[4:]}\r\n" for line in first) + f"{last}\r\n"
        else:
            said = words
        self.unsaid += said.encode()
        if self.server.pieces != "packets":
            self._flush()

    def _flush(self) -> None:
        said, self.unsaid = self.unsaid, b""
        step = 1 if self.server.pieces == "bytes" else len(said) or 1
        for start in range(0, len(said), step):
            self.sock.sendall(said[start : start + step])

    def _end(self, how: str) -> None:
        if how == HANG:
            self.server.wait_for_the_end()
        elif how == RESET:
            # With a linger of 0 the kernel sends a reset in place of an end.
            linger = struct.pack("ii", 1, 0)
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raise _End

    # --- hearing ---

    def _secure(self) -> None:
        assert self.server.tls is not None
        self._flush()
        self.read_ahead = b""
        self.sock = self.server.tls.wrap_socket(self.sock, server_side=True)

    def _peek(self) -> bytes:
        """Return what has come and was not read."""
        if isinstance(self.sock, ssl.SSLSocket):
            return self.read_ahead
        with contextlib.suppress(BlockingIOError):
            return self.sock.recv(65_536, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        return b""

    def _check_lock_step(self) -> None:
        if "PIPELINING" not in self.server.offers and self._peek():
            self.server.violations.append("a command came before the reply to the last")

    def _line(self) -> bytes:
        """Read one line and not an octet more, so that a close leaves the rest unread."""
        if isinstance(self.sock, ssl.SSLSocket):
            return self._line_under_tls()
        line = b""
        while not line.endswith(b"\n"):
            if self.unsaid and not self._peek():
                self._flush()
            seen = self.sock.recv(65_536, socket.MSG_PEEK)
            if not seen:
                return b""
            line += self.sock.recv(seen.find(b"\n") + 1 or len(seen))
        return line

    def _line_under_tls(self) -> bytes:
        while b"\n" not in self.read_ahead:
            self._flush()
            data = self.sock.recv(65_536)
            if not data:
                return b""
            self.read_ahead += data
        line, _, self.read_ahead = self.read_ahead.partition(b"\n")
        return line + b"\n"
