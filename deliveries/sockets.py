"""Connections to an address that was looked at, each of which ends when its time is over."""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import TypeVar
from urllib.parse import SplitResult

from briefs import hosts

T = TypeVar("T")


class Unanswered(Exception):
    """No answer came within the time, or the connection failed."""


def first_to_answer(
    talk: Callable[[socket.socket], T],
    parts: SplitResult,
    host: str,
    port: int,
    ips: list[hosts.IP],
    until: float,
) -> T:
    """Return what *talk* returns on a connection to the first of *ips* that answers."""
    trouble: Exception = Unanswered(f"{host} has no address.")
    for ip in ips:
        try:
            with closing(_connect(ip, port, until)) as plain, _Watch(plain, until):
                sock = _secured(plain, host) if parts.scheme == "https" else plain
                said = talk(sock)
        except (OSError, http.client.HTTPException, ValueError) as error:
            # Where we hung up, it reads as if the other end had.
            trouble = error if time.monotonic() <= until else TimeoutError("timed out")
        else:
            if time.monotonic() <= until:
                return said
            trouble = TimeoutError("timed out")  # it came to an end because we hung up
    raise Unanswered(f"{host} does not answer ({_words(trouble)}).") from trouble


def _connect(ip: hosts.IP, port: int, until: float) -> socket.socket:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("timed out")
    return socket.create_connection((str(ip), port), timeout=left)


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=host)


def begun(
    method: str, target: str, host: str, port: int, sock: socket.socket
) -> http.client.HTTPConnection:
    """Return a connection over *sock*, on which the first lines of a request are written."""
    connection = http.client.HTTPConnection(host, port)
    connection.sock = sock  # so it opens none by itself
    default = 443 if isinstance(sock, ssl.SSLSocket) else 80
    name = f"[{host}]" if ":" in host else host
    connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
    connection.putheader("Host", name if port == default else f"{name}:{port}")
    connection.putheader("Connection", "close")
    return connection


class _Watch:
    """Ends a connection when its time is over: a server may send one octet a minute."""

    def __init__(self, sock: socket.socket, until: float) -> None:
        # The socket's own number dies when TLS takes it over; a second one stays.
        self._handle = sock.dup()
        self._timer = threading.Timer(max(0.0, until - time.monotonic()), self._end)
        self._timer.daemon = True

    def __enter__(self) -> "_Watch":
        self._timer.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._timer.cancel()
        self._handle.close()

    def _end(self) -> None:
        with suppress(OSError):
            self._handle.shutdown(socket.SHUT_RDWR)


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate: {error.verify_message}"
    return str(error)[:100] or type(error).__name__
