"""A fake of an ESP's HTTP interface, on loopback: only the wire is faked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class FakeEsp:
    """Records each request; `answers` are given in order, then `usual` for ever.

    An answer is (status, JSON value or bytes); None closes the connection
    without a word, after the request was read.
    """

    def __init__(self, usual: Any) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answers: list[Any] = []
        self.usual = usual
        self.url = ""

    def answer(self) -> Any:
        """Return what to say to the next request."""
        answer = self.answers.pop(0) if self.answers else self.usual
        return answer(self.requests[-1]) if callable(answer) else answer


@contextmanager
def serving(esp: FakeEsp) -> Iterator[FakeEsp]:
    """Serve *esp* on a free port for as long as the body runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an unbuffered one costs 40 ms a reply

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            esp.requests.append(
                {"path": self.path, "headers": dict(self.headers), "json": json.loads(body)}
            )
            answer = esp.answer()
            if answer is None:
                self.close_connection = True
                return
            status, content = answer
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    esp.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield esp
    finally:
        server.shutdown()
        server.server_close()
