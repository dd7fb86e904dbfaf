"""The plain SMTP provider: one kept-open connection, each reply attributed to its phase."""

import contextlib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import dj_email_url

from deliveries.journal import JournalFailed
from deliveries.lanes import LaneTrouble
from deliveries.ledger import Fate, Outcome
from deliveries.letters import Letter

if TYPE_CHECKING:
    from deliveries.providers import Records

# RFC 5321, 4.5.3.2: the least a client waits, in seconds.
CONNECT, ENVELOPE, DATA_BEGIN, DATA_END = 60, 300, 120, 600
# Enhanced codes that speak of the sender or its policy, never of the mailbox (RFC 3463, 3.8).
_POLICY = re.compile(r"^5\.7\.\d+")


# A server that keeps hanging up or saying 421 is left alone for a while.
_LOSSES = (Fate.IN_DOUBT, Fate.NOT_ACCEPTED)
MOST_LOSSES = 3


class _Broken(Exception):
    """The connection ended before the body went out: nothing was taken."""


class SmtpProvider:
    """Hands letters to one SMTP server, in lock-step."""

    def __init__(self, url: str, journal: "Records") -> None:
        self._journal = journal
        options = dj_email_url.parse(url or "smtp://127.0.0.1:25")
        self._host: str = options["EMAIL_HOST"] or "127.0.0.1"
        self._port: int = options["EMAIL_PORT"] or 25
        self._user: str = options["EMAIL_HOST_USER"] or ""
        self._password: str = options["EMAIL_HOST_PASSWORD"] or ""
        self._implicit_tls: bool = options["EMAIL_USE_SSL"]
        self._starttls: bool = options["EMAIL_USE_TLS"]
        self._connection: smtplib.SMTP | None = None

    def deliver(self, letters: Iterable[Letter]) -> Iterator[Outcome]:
        """Hand over *letters*; see Provider."""
        streak = 0
        for letter in letters:
            outcome = self._hand_over(letter)
            self._journal.record([outcome], [])
            yield outcome
            streak = streak + 1 if outcome.fate in _LOSSES else 0
            if streak == MOST_LOSSES:
                raise LaneTrouble(f"{self._host} let {streak} in a row go: {outcome.reply}")

    def close(self) -> None:
        """Say QUIT if a connection is open."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                _socket(connection).settimeout(5)
                connection.quit()
            connection.close()

    # --- one letter -------------------------------------------------------

    def _hand_over(self, letter: Letter) -> Outcome:
        """Return what became of *letter*, with one fresh connection if the old one had died."""
        kept_open = self._connection is not None
        try:
            return self._transact(letter)
        except _Broken as broken:
            self._drop()
            if not kept_open:
                raise LaneTrouble(f"{self._host}: {broken}") from broken
        # Servers close idle connections, and after so many messages.
        try:
            return self._transact(letter)
        except _Broken as broken:
            self._drop()
            raise LaneTrouble(f"{self._host}: {broken}") from broken

    def _transact(self, letter: Letter) -> Outcome:
        connection = self._connection = self._connection or self._connect()
        if letter.needs_smtputf8 and not connection.has_extn("smtputf8"):
            return _outcome(
                letter,
                Fate.FAILED,
                "no-smtputf8",
                f"{self._host} does not take addresses beyond ASCII (RFC 6531).",
            )
        code, words = self._command(connection, ENVELOPE, f"MAIL {self._mail_from(letter)}")
        if code // 100 != 2:
            self._reset_or_drop(connection, code)
            raise LaneTrouble(f"{self._host} refused the sender: {words}")
        code, words = self._command(connection, ENVELOPE, f"RCPT TO:<{letter.address}>")
        if code // 100 != 2:
            return self._judged(letter, connection, code, words)
        code, words = self._command(connection, DATA_BEGIN, "DATA")
        if code != 354:
            return self._judged(letter, connection, code, words)
        return self._body(letter, connection)

    def _mail_from(self, letter: Letter) -> str:
        connection = self._connection
        assert connection is not None
        parts = [f"FROM:<{letter.mail.sender_address}>"]
        if letter.needs_smtputf8:
            parts += ["SMTPUTF8", "BODY=8BITMIME"]
        return " ".join(parts)

    def _body(self, letter: Letter, connection: smtplib.SMTP) -> Outcome:
        """Send the body; from its first octet on, silence means in doubt."""
        body = letter.as_bytes()
        try:
            self._journal.record([], [letter])
        except JournalFailed as error:
            self._drop()  # after 354 there is no other way back
            raise LaneTrouble(str(error)) from error
        try:
            _socket(connection).settimeout(DATA_END)
            # Written in one go, dot and all: no line of a letter begins with a dot.
            _socket(connection).sendall(body + b".\r\n")
            code, reply = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return _outcome(letter, Fate.IN_DOUBT, "no-reply", f"{self._host}: {error}")
        words = _words(code, reply)
        if code // 100 == 2:
            return _outcome(letter, Fate.SENT)
        return self._judged(letter, connection, code, words)

    def _judged(self, letter: Letter, connection: smtplib.SMTP, code: int, words: str) -> Outcome:
        """Return what a refusal means for *letter*, and make the connection fit for the next."""
        self._reset_or_drop(connection, code)
        if code == 421:
            # The server is going away; it has taken nothing (RFC 5321, 3.8).
            return _outcome(letter, Fate.NOT_ACCEPTED, "", words)
        if code // 100 == 4:
            return _outcome(letter, Fate.DEFERRED, "deferred", words)
        if _POLICY.match(words.partition(" ")[2]):
            raise LaneTrouble(f"{self._host} refused by policy: {words}")
        return _outcome(letter, Fate.FAILED, "refused", words)

    # --- the connection ---------------------------------------------------

    def _command(self, connection: smtplib.SMTP, timeout: float, line: str) -> tuple[int, str]:
        """Send one command and return (code, words); raise _Broken if the connection ended."""
        try:
            _socket(connection).settimeout(timeout)
            if line.isascii():
                connection.putcmd(line)
            else:
                _socket(connection).sendall(f"{line}\r\n".encode())
            code, reply = connection.getreply()
        except (OSError, smtplib.SMTPException) as error:
            raise _Broken(str(error) or type(error).__name__) from error
        return code, _words(code, reply)

    def _reset_or_drop(self, connection: smtplib.SMTP, code: int) -> None:
        """Clear the refused transaction, so that the next MAIL is not out of sequence."""
        if code == 421:
            self._drop()
            return
        try:
            self._command(connection, ENVELOPE, "RSET")
        except _Broken:
            self._drop()

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _connect(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        name = socket.getfqdn()
        connection: smtplib.SMTP | None = None
        try:
            if self._implicit_tls:
                connection = smtplib.SMTP_SSL(
                    self._host, self._port, name, timeout=CONNECT, context=context
                )
            else:
                connection = smtplib.SMTP(self._host, self._port, name, timeout=CONNECT)
            if self._starttls:
                connection.starttls(context=context)
            connection.ehlo_or_helo_if_needed()
            if self._user:
                connection.login(self._user, self._password)
        except smtplib.SMTPResponseException as error:
            _close(connection)
            words = _words(error.smtp_code, error.smtp_error)
            raise LaneTrouble(f"{self._host}:{self._port} refused: {words}") from error
        except (OSError, smtplib.SMTPException) as error:
            _close(connection)
            raise LaneTrouble(f"{self._host}:{self._port} cannot be reached: {error}") from error
        return connection


def _socket(connection: smtplib.SMTP) -> socket.socket:
    """Return the socket of *connection*; raise what smtplib raises once it is closed."""
    if connection.sock is None:
        raise smtplib.SMTPServerDisconnected("the connection is closed")
    return connection.sock


def _close(connection: smtplib.SMTP | None) -> None:
    if connection is not None:
        connection.close()


def _outcome(letter: Letter, fate: Fate, reason: str = "", reply: str = "") -> Outcome:
    return Outcome(letter.delivery, letter.attempt, fate, reason, reply)


def _words(code: int, reply: bytes | str) -> str:
    """Return a reply as people read it: "550 5.1.1 no such user"."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    return " ".join(f"{code} {text}".split())
