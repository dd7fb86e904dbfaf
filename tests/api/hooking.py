"""What the tests of outgoing webhooks share: an endpoint, and a real server that listens there."""

import http.server
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from api.hooks import collecting, delivering, endpoints
from api.hooks.kinds import KINDS
from api.models import HookEndpoint, HookMessage
from briefs.models import Publication
from tests.make import make_publication

Answers = Callable[[http.server.BaseHTTPRequestHandler, bytes], None]


def answer(status: int = 204, body: bytes = b"", **headers: str) -> Answers:
    """Return what answers each request with *status* and *body*."""

    def answers(handler: http.server.BaseHTTPRequestHandler, _said: bytes) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answers


def echo(handler: http.server.BaseHTTPRequestHandler, said: bytes) -> None:
    """Answer with what was said, as a careless program does."""
    answer(200, said)(handler, said)


def hang(handler: http.server.BaseHTTPRequestHandler, _said: bytes) -> None:
    """Answer nothing until whoever asks has gone."""
    with suppress(OSError):
        handler.connection.recv(1)


def reset(handler: http.server.BaseHTTPRequestHandler, _said: bytes) -> None:
    """Close in the middle of a status line."""
    handler.wfile.write(b"HTTP/1.1 2")
    handler.connection.shutdown(socket.SHUT_RDWR)


def endless(handler: http.server.BaseHTTPRequestHandler, _said: bytes) -> None:
    """Answer, and never come to an end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    with suppress(OSError):
        while True:
            handler.wfile.write(b"more " * 4_000)
            time.sleep(0.01)


class Listener:
    """A program that listens on this machine, and keeps what it is sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.answers: Answers = answer()
        self.got: list[tuple[dict[str, str], bytes]] = []


@contextmanager
def listening() -> Iterator[Listener]:
    """Let a program listen on a port of its own."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            said = self.rfile.read(int(self.headers["Content-Length"]))
            names = {name.lower(): value for name, value in self.headers.items()}
            listener.got.append((names, said))
            listener.answers(self, said)

        def log_message(self, *_words: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_given: None  # type: ignore[method-assign]  # who hung up did so on purpose
    listener = Listener(f"http://127.0.0.1:{server.server_port}/hook")
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    try:
        yield listener
    finally:
        server.shutdown()
        server.server_close()


def make_endpoint(
    publication: Publication | None = None,
    url: str = "https://hooks.harbour-watch.org/x",
    **fields: Any,
) -> HookEndpoint:
    """Store an endpoint that is told of everything."""
    values = {"types": list(KINDS), **fields}
    row = HookEndpoint(publication=publication or make_publication(), url=url, **values)
    return endpoints.add(row)


def tell() -> int:
    """Collect what is new and deliver what is due; return how many messages were taken."""
    collecting.collect(5)
    return delivering.deliver(0.3)


def types_of(endpoint: HookEndpoint) -> list[str]:
    """Return the types of the messages of *endpoint*, in their order."""
    return list(
        HookMessage.objects.filter(endpoint=endpoint).order_by("id").values_list("type", flat=True)
    )
