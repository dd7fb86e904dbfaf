"""A fake of an ESP's HTTP interface, on loopback: only the wire is faked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl


class FakeEsp:
    """Records each request; `answers` are given in order, then `usual` for ever.

    An answer is (status, JSON value or bytes) or the same with headers; None
    closes the connection without a word, after the request was read. A
    function is asked for its answer to the request.
    """

    def __init__(self, usual: Any) -> None:
        self.requests: list[dict[str, Any]] = []
        self.answers: list[Any] = []
        self.usual = usual
        self.url = ""
        self._lock = threading.Lock()

    def answer(self, request: dict[str, Any]) -> Any:
        """Record *request* and return what to say to it."""
        with self._lock:
            self.requests.append(request)
            answer = self.answers.pop(0) if self.answers else self.usual
        return answer(request) if callable(answer) else answer


def _form(body: bytes) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, value in parse_qsl(body.decode(), keep_blank_values=True):
        fields[name] = f"{fields[name]}\n{value}" if name in fields else value
    return fields


@contextmanager
def serving(esp: FakeEsp) -> Iterator[FakeEsp]:
    """Serve *esp* on a free port for as long as the body runs."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # an unbuffered one costs 40 ms a reply

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            is_form = "urlencoded" in self.headers.get("Content-Type", "")
            request = {
                "path": self.path,
                "headers": dict(self.headers),
                "body": body,
                "json": _form(body) if is_form else json.loads(body),
            }
            answer = esp.answer(request)
            if answer is None:
                self.close_connection = True
                return
            status, content, *headers = answer
            raw = content if isinstance(content, bytes) else json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            for name, value in (headers[0] if headers else {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  (the server's name)
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    esp.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield esp
    finally:
        server.shutdown()
        server.server_close()
