"""One open socket to an SMTP server, without blocking, plain or under TLS."""

import contextlib
import math
import socket
import ssl

from deliveries.providers.conversation import Conversation

CHUNK = 65_536
# A TLS socket may have to read in order to write, and the other way round.
_NOT_NOW = (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Line:
    """Carries octets between a socket and its Conversation, and times how long that may take."""

    def __init__(self, sock: socket.socket, talk: Conversation) -> None:
        self.sock = sock
        self.talk = talk
        self.deadline = math.inf
        self._is_tls = isinstance(sock, ssl.SSLSocket)
        self._unsent: memoryview | bytes = b""
        self._after_dot = 0

    @property
    def has_unsent(self) -> bool:
        """True if the server has not taken all that we said."""
        return len(self._unsent) > 0

    def read(self) -> bool:
        """Hear what has come; return True if a reply was complete."""
        heard = False
        while not self.talk.ended:
            try:
                data = self.sock.recv(CHUNK)
            except _NOT_NOW:
                break
            except OSError as error:
                self.fail(_words(error))
                break
            if not data:
                self.talk.end("the server closed the connection", by_server=True)
                break
            heard |= self.talk.feed(data)
            if not self._is_tls:
                break  # the selector tells when there is more; under TLS it may not know
        return heard

    def write(self, data: bytes, after_dot: int = 0) -> None:
        """Say *data*, of which the last *after_dot* octets follow the final dot of a text."""
        try:
            sent = self.sock.send(data)
        except _NOT_NOW:
            sent = 0
        except OSError as error:
            self._keep(data, after_dot)
            self.fail(_words(error))
            return
        if sent < len(data):
            self._keep(memoryview(data)[sent:], after_dot)

    def flush(self) -> bool:
        """Say more of what the server had no room for; return True if it took some."""
        try:
            sent = self.sock.send(self._unsent)
        except _NOT_NOW:
            return False
        except OSError as error:
            self.fail(_words(error))
            return False
        self._keep(self._unsent[sent:], self._after_dot)
        return sent > 0

    def fail(self, words: str) -> None:
        """Give the line up after *words*, once everything has been read that came before.

        A server that closes with our next commands unread sends a reset behind
        its last reply, and the reset is seen first.
        """
        errors = 0
        while errors < 2 and not self.talk.ended:
            try:
                data = self.sock.recv(CHUNK)
            except _NOT_NOW:
                break
            except OSError:
                errors += 1
                continue
            if not data:
                break
            self.talk.feed(data)
        self.talk.end(words, by_server=True)

    def close(self, farewell: bytes = b"") -> None:
        """Close the socket; what is on it has been judged."""
        with contextlib.suppress(OSError):
            if farewell:
                self.sock.send(farewell)
        with contextlib.suppress(OSError):
            self.sock.close()

    def _keep(self, unsent: memoryview | bytes, after_dot: int) -> None:
        self._unsent = unsent
        self._after_dot = after_dot
        if self._is_tls:
            # What OpenSSL has already put on the wire of a record cannot be known.
            return
        self.talk.dot_is_out = self.talk.doubt is not None and len(unsent) <= after_dot


def _words(error: OSError) -> str:
    return error.strerror or str(error) or type(error).__name__
