"""Opening connections: smtplib connects, secures and authenticates, then lets go of the socket."""

import contextlib
import logging
import smtplib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from queue import Empty, SimpleQueue

from deliveries.lanes import LaneTrouble, LogInRefused
from deliveries.providers.conversation import Features, Phase
from deliveries.relay import Relay

log = logging.getLogger(__name__)

# Of a log-in: wrong, wanted, too weak, wanted encrypted (RFC 4954, 4 and 6).
_LOG_IN_REFUSED = {530, 534, 535, 538}


@dataclass(frozen=True)
class Timeouts:
    """How long to wait, in seconds: the least that RFC 5321, 4.5.3.2 allows."""

    connect: float = 60
    command: float = 300  # greeting, EHLO, STARTTLS, AUTH, MAIL, RCPT
    data: float = 120
    block: float = 180  # for the server to take any octet of a text
    dot: float = 600

    def of(self, phase: Phase | None) -> float:
        """Return how long the reply to *phase* may take."""
        if phase is Phase.DOT:
            return self.dot
        return self.data if phase is Phase.DATA else self.command

    @property
    def shortest(self) -> float:
        """The finest grain at which the clock has to be looked at."""
        return min(self.command, self.data, self.block, self.dot)


@dataclass(frozen=True)
class Opened:
    """A connection that is ready for MAIL."""

    sock: socket.socket
    features: Features
    leftover: bytes  # what the server said after its last reply


class _Plain(smtplib.SMTP):
    """Waits longer for a reply than for the connection itself."""

    patience: float = 300

    def getreply(self) -> tuple[int, bytes]:
        if self.sock is not None:
            self.sock.settimeout(self.patience)
        return super().getreply()


class _Secure(_Plain, smtplib.SMTP_SSL):
    """The same, with TLS from the first octet."""


@lru_cache(maxsize=1)
def _own_name() -> str:
    """Return what we call ourselves in EHLO; asked once, since it may ask the DNS."""
    return socket.getfqdn()


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """Return the system's trust store; reading it takes longer than a handshake."""
    return ssl.create_default_context()


def open_connection(server: Relay, timeouts: Timeouts, context: ssl.SSLContext | None) -> Opened:
    """Return a connection to *server*; raise LaneTrouble with its words.

    *context* holds the certificates that are trusted: the system's by default.
    """
    connection: smtplib.SMTP | None = None
    try:
        if context is None and (server.implicit_tls or server.starttls):
            context = _trusted()
        if server.implicit_tls:
            caller: _Plain = _Secure(
                local_hostname=_own_name(), timeout=timeouts.connect, context=context
            )
        else:
            caller = _Plain(local_hostname=_own_name(), timeout=timeouts.connect)
        connection = caller
        caller.patience = timeouts.command
        caller._host = server.host  # type: ignore[attr-defined]  # the name that TLS verifies
        _check(*caller.connect(server.host, server.port))
        if server.starttls:
            caller.starttls(context=context)
        caller.ehlo_or_helo_if_needed()
        if server.user:
            caller.login(server.user, server.password)
        return _taken_over(caller)
    except smtplib.SMTPResponseException as error:
        _close(connection)
        code, words = error.smtp_code, error.smtp_error
        text = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
        kind = LogInRefused if code in _LOG_IN_REFUSED else LaneTrouble
        raise kind(
            f"{server.host}:{server.port} refused: {code} {' '.join(text.split())}"
        ) from error
    except (OSError, ValueError, smtplib.SMTPException) as error:
        # ValueError: a host name that cannot be one, a reply beyond ASCII to AUTH.
        _close(connection)
        words = str(error) or type(error).__name__
        raise LaneTrouble(f"{server.host}:{server.port} cannot be reached: {words}") from error


def _check(code: int, words: bytes) -> None:
    if code != 220:
        raise smtplib.SMTPConnectError(code, words)


def _taken_over(connection: smtplib.SMTP) -> Opened:
    """Take the socket out of *connection*, and what it has read ahead."""
    sock, file = connection.sock, connection.file
    assert sock is not None
    sock.setblocking(False)
    with contextlib.suppress(OSError):  # a unix socket or a tunnel has no such option
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    leftover = b""
    if file is not None:
        with contextlib.suppress(OSError):  # nothing is there: TLS says so by an error
            leftover = file.peek() or b""
        file.close()
    connection.sock = connection.file = None
    has, offered = connection.has_extn, connection.esmtp_features
    size = offered.get("size", "").split()
    features = Features(
        pipelining=has("pipelining"),
        smtputf8=has("smtputf8") and has("8bitmime"),
        size=(int(size[0]) if size and size[0].isdecimal() else 0) if has("size") else None,
    )
    return Opened(sock, features, bytes(leftover))


def _close(connection: smtplib.SMTP | None) -> None:
    if connection is not None:
        connection.close()


class Opener:
    """Opens connections in threads, so that one that hangs holds up no other.

    `wakes` is a socket that becomes readable when results() has something.
    """

    def __init__(self, open_: Callable[[], Opened]) -> None:
        self._open = open_
        self._results: SimpleQueue[Opened | LaneTrouble] = SimpleQueue()
        self.wakes, self._waker = socket.socketpair()
        self.wakes.setblocking(False)
        self._waker.setblocking(False)
        self._lock = threading.Lock()
        self._is_closed = False
        self.pending = 0

    def start(self) -> None:
        """Begin to open one more connection."""
        self.pending += 1
        threading.Thread(target=self._run, name="smtp-open", daemon=True).start()

    def results(self) -> list[Opened | LaneTrouble]:
        """Return what has come of it since the last call."""
        with contextlib.suppress(BlockingIOError):
            self.wakes.recv(4096)
        found = []
        with contextlib.suppress(Empty):
            while True:
                found.append(self._results.get_nowait())
                self.pending -= 1
        return found

    def close(self) -> None:
        """Close what nobody has fetched, now and later."""
        with self._lock:
            self._is_closed = True
            self.wakes.close()
            self._waker.close()
        with contextlib.suppress(Empty):
            while True:
                result = self._results.get_nowait()
                if isinstance(result, Opened):
                    result.sock.close()

    def _run(self) -> None:
        result: Opened | LaneTrouble
        try:
            result = self._open()
        except LaneTrouble as trouble:
            result = trouble
        except Exception as error:
            # Nobody sees what a thread dies of, and the loop would wait for ever.
            log.exception("A connection could not be opened.")
            result = LaneTrouble(f"A connection could not be opened: {error!r}")
        with self._lock:
            if not self._is_closed:
                self._results.put(result)
                with contextlib.suppress(BlockingIOError):  # woken already
                    self._waker.send(b"!")
            elif isinstance(result, Opened):
                result.sock.close()
