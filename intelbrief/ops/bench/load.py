"""A load generator: keep-alive connections that send a given number of GETs, each answered.

It is started as a process of its own, so that what it costs is not counted
with the server, and knows exactly how many requests were sent:

    python -m intelbrief.ops.bench.load PORT CONNECTIONS COUNT < requests

where stdin has one path with its headers' values in each line, separated by
tabs: path, address of the visitor, user agent. They are taken in turn.
"""

import json
import selectors
import socket
import sys
import time
from collections import Counter
from dataclasses import dataclass, field

SILENCE_SECONDS = 30.0


class Broken(RuntimeError):
    """The server closed a connection, or said nothing for too long."""


@dataclass
class Link:
    """One connection, when its request was sent, and what has come back of the answer."""

    socket: socket.socket
    began: float = 0.0
    received: bytes = b""


@dataclass
class Load:
    """The connections, what each waits for, and what came back."""

    port: int
    requests: list[bytes]
    count: int
    sent: int = 0
    answered: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)

    def run(self, connections: int) -> dict[str, object]:
        """Send everything; return the figures."""
        poll = selectors.DefaultSelector()
        links = [Link(self._open()) for _ in range(min(connections, self.count))]
        started = time.perf_counter()
        for number, link in enumerate(links):
            poll.register(link.socket, selectors.EVENT_READ, number)
            self._send(link)
        while self.answered < self.count:
            events = poll.select(SILENCE_SECONDS)
            if not events:
                raise Broken(f"{self.count - self.answered} requests got no answer.")
            for key, _mask in events:
                self._receive(links[key.data])
        return self._figures(time.perf_counter() - started)

    def _open(self) -> socket.socket:
        link = socket.create_connection(("127.0.0.1", self.port), timeout=SILENCE_SECONDS)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return link

    def _send(self, link: Link) -> None:
        link.received = b""
        link.socket.sendall(self.requests[self.sent % len(self.requests)])
        self.sent += 1
        link.began = time.perf_counter()

    def _receive(self, link: Link) -> None:
        more = link.socket.recv(65536)
        if not more:
            raise Broken("The web server closed a connection.")
        link.received += more
        if not _is_whole(link.received):
            return
        self.seconds.append(time.perf_counter() - link.began)
        self.statuses[link.received[9:12].decode()] += 1
        self.answered += 1
        if self.sent < self.count:
            self._send(link)

    def _figures(self, seconds: float) -> dict[str, object]:
        ordered = sorted(self.seconds)
        return {
            "seconds": seconds,
            "statuses": dict(self.statuses),
            "p50_ms": round(ordered[len(ordered) // 2] * 1000, 2),
            "p99_ms": round(ordered[min(len(ordered) - 1, len(ordered) * 99 // 100)] * 1000, 2),
        }


def _is_whole(received: bytes) -> bool:
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        return False
    _before, _name, length = head.lower().partition(b"\r\ncontent-length: ")
    return len(body) >= int(length.partition(b"\r\n")[0] or 0)


def request(line: str) -> bytes:
    """Return the octets of the request that *line* describes."""
    path, ip, agent = line.rstrip("\n").split("\t")
    return (
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {ip}\r\n"
        f"User-Agent: {agent}\r\nAccept: */*\r\nAccept-Language: en\r\n\r\n"
    ).encode()


def main() -> None:
    """Read what to send, send it, print the figures as JSON."""
    port, connections, count = map(int, sys.argv[1:4])
    load = Load(port, [request(line) for line in sys.stdin], count)
    try:
        print(json.dumps(load.run(connections)))
    except (Broken, OSError) as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
