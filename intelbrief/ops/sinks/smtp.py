"""An SMTP server that takes mail fast, and misbehaves when told to (see orders.py).

Rules are at "rcpt", "data", "text" (its first octets) or "dot". They do what
their "do" says: a reply, or "drop", "hang", "take and drop", "take and hang",
where hanging ends with a close after "seconds".
"""

import contextlib
import heapq
import os
import re
import selectors
import socket
import sys
import time
from typing import Any

from intelbrief.ops.sinks.orders import Orders

_MESSAGE_ID = re.compile(rb"^Message-ID:\s*<([^>\r\n]+)>", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(rb"/([uvco])/([A-Za-z0-9_-]{15,80})")
_RECIPIENT = re.compile(rb"RCPT TO:<([^>]*)>", re.IGNORECASE)
_END = b"\r\n.\r\n"
_CHUNK = 262_144


class Client:
    """One connection."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.buffer = bytearray()
        self.out = b"220 sink.example ESMTP\r\n"
        self.recipient = b""
        self.in_text = False
        self.begun = 0.0
        self.scanned = 0
        self.then = ""  # what comes when a reply that is held back is due
        self.text = b""  # of the message whose acceptance is held back
        self.closes = False
        self.messages = 0


class Sink(Orders):
    """Serves every connection in one loop."""

    def __init__(self, record: str) -> None:
        super().__init__(record)
        self.selector = selectors.DefaultSelector()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.listener.setblocking(False)
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        self.clients: set[Client] = set()
        self.late: list[tuple[float, int, Client]] = []
        self.heard = b""
        self.numbers = 0
        self.serves = True

    def behave(self, how: dict[str, Any]) -> None:
        """Be good, but for *how*: also "closes_after" so many messages, "pipelining": false."""
        super().behave(how)
        self.closes_after = int(how.get("closes_after", 0))
        self.pipelining = bool(how.get("pipelining", True))

    # --- the loop ---------------------------------------------------------

    def serve(self) -> None:
        """Work until stdin ends."""
        self.begin(self.listener.getsockname()[1])
        while self.serves:
            touched = self._hear()
            self._wake(touched)
            self.write_down()
            for client in touched:
                self._flush(client)
            self.look()

    def _hear(self) -> list[Client]:
        """Take in what has come; return to whom there may be something to say."""
        touched: list[Client] = []
        for key, mask in self.selector.select(self._patience()):
            if key.fileobj is self.listener:
                self._accept(touched)
            elif isinstance(key.data, Client):
                if mask & selectors.EVENT_READ:
                    self._read(key.data)
                touched.append(key.data)
            else:
                data = os.read(sys.stdin.fileno(), 65_536)
                self.serves = bool(data)
                *lines, self.heard = (self.heard + data).split(b"\n")
                for line in lines:
                    self.obey(line)
        return touched

    def _wake(self, touched: list[Client]) -> None:
        """Go on with those whose time has come."""
        now = time.time()
        while self.late and self.late[0][0] <= now:
            client = heapq.heappop(self.late)[2]
            if client in self.clients:
                self._go_on(client)
                touched.append(client)

    def _patience(self) -> float | None:
        times = [self.late[0][0] - time.time()] if self.late else []
        if self.waiting:
            times.append(self.waiting[1] - time.monotonic())
        return max(0.0, min(times)) if times else None

    def _accept(self, touched: list[Client]) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                sock, _address = self.listener.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.numbers += 1
                client = Client(sock, self.numbers)
                self.clients.add(client)
                self.opened()
                self.selector.register(sock, selectors.EVENT_READ, client)
                touched.append(client)

    def _read(self, client: Client) -> None:
        try:
            data = client.sock.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if data:
            client.buffer += data
            self._work(client)
        else:
            self._close(client)

    def _flush(self, client: Client) -> None:
        if client not in self.clients:
            return
        if client.out:
            try:
                client.out = client.out[client.sock.send(client.out) :]
            except BlockingIOError:
                pass
            except OSError:
                self._close(client)
                return
        if client.closes and not client.out:
            self._close(client)
        elif client.out or self.selector.get_key(client.sock).events & selectors.EVENT_WRITE:
            wanted = selectors.EVENT_WRITE if client.out else 0
            self.selector.modify(client.sock, selectors.EVENT_READ | wanted, client)

    def _close(self, client: Client) -> None:
        if client in self.clients:
            self.clients.discard(client)
            self.open -= 1
            self.selector.unregister(client.sock)
            client.sock.close()

    # --- SMTP -------------------------------------------------------------

    def _work(self, client: Client) -> None:
        """Go through what a client has said, until its end or until a reply is held back."""
        more = True
        while more and not client.then and not client.closes:
            more = self._text(client) if client.in_text else self._command(client)

    def _command(self, client: Client) -> bool:
        end = client.buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(client.buffer[:end])
        del client.buffer[: end + 2]
        verb = line[:4].upper()
        if verb == b"MAIL":
            client.recipient = b""
            client.out += b"250 2.1.0 Ok\r\n"
        elif verb == b"RCPT":
            self._rcpt(client, line)
        elif verb == b"DATA":
            self._data(client)
        elif verb == b"EHLO":
            pipelining = b"250-PIPELINING\r\n" if self.pipelining else b""
            client.out += b"250-sink.example\r\n%s250-8BITMIME\r\n" % pipelining
            client.out += b"250-SMTPUTF8\r\n250-SIZE 0\r\n250 ENHANCEDSTATUSCODES\r\n"
        elif verb == b"QUIT":
            client.out += b"221 2.0.0 Bye\r\n"
            client.closes = True
        else:
            client.out += b"250 2.0.0 Ok\r\n"
        return True

    def _rcpt(self, client: Client, line: bytes) -> None:
        found = _RECIPIENT.match(line)
        address = found[1] if found else b""
        if rule := self.rule("rcpt", address):
            self._misbehave(client, rule)
        else:
            client.recipient = address
            client.out += b"250 2.1.5 Ok\r\n"

    def _data(self, client: Client) -> None:
        if not client.recipient:
            client.out += b"554 5.5.1 No valid recipients\r\n"
        elif rule := self.rule("data", client.recipient):
            self._misbehave(client, rule)
        else:
            client.out += b"354 Go on\r\n"
            client.in_text, client.begun, client.scanned = True, 0.0, 0

    def _text(self, client: Client) -> bool:
        if not client.buffer:
            return False
        if not client.begun:
            client.begun = time.time()
            if rule := self.rule("text", client.recipient):
                self._misbehave(client, rule)
                return False
        end = client.buffer.find(_END, client.scanned)
        if end < 0:
            client.scanned = max(0, len(client.buffer) - 4)
            return False
        text = bytes(client.buffer[:end])
        del client.buffer[: end + 5]
        client.in_text = False
        client.messages += 1
        if rule := self.rule("dot", client.recipient):
            if rule["do"].startswith("take and"):
                self._take(client, text)
            self._misbehave(client, rule)
        elif self.rate:
            client.text = text
            self._hold(client, self.slot(), "take")
        else:
            self._take(client, text)
            self._say_taken(client)
        return True

    def _take(self, client: Client, text: bytes) -> None:
        found = _MESSAGE_ID.search(text, 0, max(0, text.find(b"\r\n\r\n")))
        if self.tokens:
            tokens = dict.fromkeys(_TOKEN.findall(text.replace(b"=\r\n", b"")))
        else:
            # That of List-Unsubscribe comes first.
            first = _TOKEN.search(text)
            tokens = dict.fromkeys([(first[1], first[2])] if first else [])
        message_id = found[1] if found else b""
        self.note(client.number, client.begun, client.recipient, message_id, tokens)

    def _say_taken(self, client: Client) -> None:
        client.out += b"250 2.0.0 Ok: queued\r\n"
        if self.closes_after and client.messages >= self.closes_after:
            client.closes = True

    # --- misbehaviour -----------------------------------------------------

    def _misbehave(self, client: Client, rule: dict[str, Any]) -> None:
        what: str = rule["do"]
        if what[:3].isdigit():
            client.out += what.encode() + b"\r\n"
            client.closes = what.startswith("421")
            return
        if rule["at"] in ("text", "dot"):
            self.doubts += 1
        if what.endswith("hang"):
            self._hold(client, time.time() + rule.get("seconds", 10), "close")
        else:
            client.closes = True

    def _hold(self, client: Client, until: float, then: str) -> None:
        client.then = then
        heapq.heappush(self.late, (until, client.number, client))

    def _go_on(self, client: Client) -> None:
        then, client.then = client.then, ""
        if then == "close":
            client.closes = True
            return
        self._take(client, client.text)
        self._say_taken(client)
        self._work(client)


if __name__ == "__main__":
    Sink(sys.argv[1]).serve()
