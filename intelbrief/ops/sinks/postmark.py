"""Postmark's HTTP interface on loopback: takes mail fast, and misbehaves when told to.

Rules (see orders.py) are at "call". They do what their "do" says: a status
("429", "500", "422"), or "broken" or "hang" for an answer that cannot be read
or does not come, each also as "take and …". Of a batch, "406" concerns its
reader alone, anything else the whole call.
https://postmarkapp.com/developer/api/email-api
"""

import asyncio
import contextlib
import itertools
import json
import re
import sys
import time
from typing import Any

from intelbrief.ops.sinks.orders import Orders

_ADDRESS = re.compile(r"<([^>]+)>\s*$")
_TOKEN = re.compile(rb"/([uvco])/([A-Za-z0-9_-]{15,80})")
_LENGTH = re.compile(rb"^Content-Length:\s*(\d+)", re.IGNORECASE | re.MULTILINE)
# Within a JSON string a quotation mark has a backslash before it: these match members only.
_TO = re.compile(rb'"To": ("(?:[^"\\]|\\.)*")')
_MESSAGE_ID = re.compile(rb'"Name": "Message-ID", "Value": ("(?:[^"\\]|\\.)*")')
_numbers = itertools.count(1)


class Sink(Orders):
    """What was taken."""

    def take(self, connection: int, begun: float, messages: list[dict[str, Any]]) -> None:
        """Write *messages* down."""
        for message in messages:
            headers = {item["Name"]: item["Value"] for item in message.get("Headers", [])}
            text = headers.get("List-Unsubscribe", "")
            if self.tokens:
                text += message.get("TextBody", "") + message.get("HtmlBody", "")
            self.note(
                connection,
                begun,
                recipient(message).encode(),
                headers.get("Message-ID", "").strip("<>").encode(),
                dict.fromkeys(_TOKEN.findall(text.encode())),
            )
        self.write_down()


def glance(body: bytes) -> Any:
    """Return of each message in *body* whom it is to and its Message-ID, without its text.

    A sink that only counts shall take as little as possible of the processor
    that it shares with those it measures.
    """
    recipients, ids = _TO.findall(body), _MESSAGE_ID.findall(body)
    if len(recipients) != len(ids):
        return json.loads(body)
    messages = [
        {"To": json.loads(to), "Headers": [{"Name": "Message-ID", "Value": json.loads(id_)}]}
        for to, id_ in zip(recipients, ids, strict=True)
    ]
    return messages if body.startswith(b"[") else messages[0]


def recipient(message: dict[str, Any]) -> str:
    """Return the bare address that *message* goes to."""
    to = str(message.get("To", ""))
    found = _ADDRESS.search(to)
    return found[1] if found else to.strip()


class Client(asyncio.Protocol):
    """One kept-open connection."""

    def __init__(self, sink: Sink) -> None:
        self.sink = sink
        self.number = next(_numbers)
        self.buffer = bytearray()
        self.begun = 0.0
        self.busy = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.sink.opened()

    def connection_lost(self, exc: Exception | None) -> None:
        self.sink.open -= 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self.begun = self.begun or time.time()
        self.work()

    def work(self) -> None:
        """Answer the requests that are complete."""
        while not self.busy:
            head = self.buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            length = _LENGTH.search(self.buffer, 0, head)
            end = head + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < end:
                return
            path = bytes(self.buffer[:200]).split(b" ", 2)[1]
            body = bytes(self.buffer[head + 4 : end])
            needs_all = self.sink.tokens or self.sink.rules
            content = json.loads(body) if needs_all else glance(body)
            del self.buffer[:end]
            begun, self.begun = self.begun, 0.0
            wait = 0.0
            if self.sink.rate:
                count = len(content) if isinstance(content, list) else 1
                wait = self.sink.slot(count) - time.time()
            if wait > 0:
                self.busy = True
                asyncio.get_running_loop().call_later(wait, self.late, path, content, begun)
            else:
                self.call(path, content, begun)

    def late(self, path: bytes, content: Any, begun: float) -> None:
        """Go on with a call that had to wait."""
        self.busy = False
        if not self.transport.is_closing():
            self.call(path, content, begun)
            self.work()

    def call(self, path: bytes, content: Any, begun: float) -> None:
        """Take the messages of one call and answer it."""
        messages = content if isinstance(content, list) else [content]
        rules = [self.sink.rule("call", recipient(message).encode()) for message in messages]
        whole = next((rule for rule in rules if rule and rule["do"] != "406"), None)
        if whole:
            if whole["do"].startswith("take and"):
                self.sink.take(self.number, begun, messages)
            self.misbehave(whole, len(messages))
        else:
            good = [message for message, rule in zip(messages, rules, strict=True) if not rule]
            self.sink.take(self.number, begun, good)
            answers = [
                refused(message) if rule else accepted(message)
                for message, rule in zip(messages, rules, strict=True)
            ]
            if path.endswith(b"/batch"):
                self.reply(200, answers)
            else:
                self.reply(422 if answers[0]["ErrorCode"] else 200, answers[0])
        self.sink.look()

    def misbehave(self, rule: dict[str, Any], messages: int) -> None:
        """Answer a call with so many *messages* as *rule* says."""
        what = rule["do"].removeprefix("take and ")
        if what in ("broken", "hang", "500", "502", "504"):
            self.sink.doubts += messages
        if what == "hang":
            self.busy = True
            asyncio.get_running_loop().call_later(rule.get("seconds", 10), self.transport.abort)
        elif what == "broken":
            self.write(200, b'{"ErrorCode": 0, "Mess')
        else:
            self.reply(int(what), {"ErrorCode": int(what), "Message": f"told to say {what}"})

    def reply(self, status: int, content: Any) -> None:
        """Answer with JSON."""
        self.write(status, json.dumps(content).encode())

    def write(self, status: int, body: bytes) -> None:
        """Answer with *body*."""
        retry = b"Retry-After: 1\r\n" if status == 429 else b""
        self.transport.write(
            b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n%s"
            % (status, retry, len(body), body)
        )


def accepted(message: dict[str, Any]) -> dict[str, Any]:
    """Return Postmark's answer for a message that it took."""
    return {
        "To": message.get("To"),
        "SubmittedAt": "2026-01-01T00:00:00Z",
        "MessageID": f"00000000-0000-4000-8000-{next(_numbers):012d}",
        "ErrorCode": 0,
        "Message": "OK",
    }


def refused(message: dict[str, Any]) -> dict[str, Any]:
    """Return Postmark's answer for an address that it does not mail."""
    words = f"You tried to send to recipients that are inactive: {recipient(message)}."
    return {"To": message.get("To"), "ErrorCode": 406, "Message": words}


async def serve() -> None:
    """Serve until stdin ends."""
    sink = Sink(sys.argv[1])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Client(sink), "127.0.0.1", 0, backlog=512)
    sink.begin(server.sockets[0].getsockname()[1])
    orders = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(orders), sys.stdin)

    async def look() -> None:
        while True:
            await asyncio.sleep(0.002)
            sink.look()

    watching = asyncio.ensure_future(look())
    async for line in orders:
        sink.obey(line)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching


if __name__ == "__main__":
    asyncio.run(serve())
