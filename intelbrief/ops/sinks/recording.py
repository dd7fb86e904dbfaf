"""The other end of the sinks: starts one, tells it how to behave, reads what it took."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.conf import settings

from intelbrief.ops.scratch import CannotRun, Running, Scratch
from intelbrief.ops.supervisor import python


@dataclass(frozen=True)
class Taken:
    """One message that the sink accepted; times are Unix times."""

    connection: int
    begun: float
    accepted: float
    recipient: str
    message_id: str
    tokens: tuple[tuple[str, str], ...]  # ("u", token), …


@dataclass(frozen=True)
class State:
    """How things stand at the sink; *doubts* counts messages that it left without an answer."""

    accepted: int
    open: int
    most_open: int
    doubts: int


class RecordingSink:
    """A running SMTP server that writes down what it takes."""

    program = "intelbrief.ops.sinks.smtp"

    def __init__(self, scratch: Scratch) -> None:
        self._record = scratch.folder / f"taken-{time.monotonic_ns()}"
        self.running: Running = scratch.spawn(
            "sink",
            python("-m", self.program, str(self._record)),
            cwd=settings.BASE_DIR,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.port = int(self._hear())

    @property
    def lane(self) -> dict[str, Any]:
        """How a lane leads here, as settings.PROVIDERS says it."""
        return {"provider": "smtp", "url": f"smtp://127.0.0.1:{self.port}"}

    @property
    def environment(self) -> dict[str, str]:
        """What those who send need in their environment."""
        return {}

    def behave(self, **how: Any) -> State:
        """Be good from now on, but for *how*; see Orders.behave()."""
        return self._ask({"behave": how})

    def reset(self) -> State:
        """Begin to count anew; what was taken before is forgotten."""
        self._record.write_bytes(b"")
        return self._ask({"reset": True})

    def state(self) -> State:
        """Return how things stand."""
        return self._ask({})

    def wait_for(self, messages: int, seconds: float) -> State:
        """Return within milliseconds once so many were taken, or *seconds* are over."""
        return self._ask({"wait": messages, "seconds": seconds})

    def taken(self) -> Iterator[Taken]:
        """Yield what it took since the last reset."""
        with self._record.open(encoding="utf-8") as lines:
            for line in lines:
                number, begun, accepted, recipient, message_id, tokens = line[:-1].split("\t")
                pairs = (token.partition(":") for token in tokens.split())
                yield Taken(
                    int(number),
                    float(begun),
                    float(accepted),
                    recipient,
                    message_id,
                    tuple((kind, token) for kind, _, token in pairs),
                )

    def _ask(self, order: dict[str, Any]) -> State:
        pipe = self.running.process.stdin
        assert pipe
        try:
            pipe.write(json.dumps(order).encode() + b"\n")
            pipe.flush()
        except BrokenPipeError as error:
            raise CannotRun(f"The sink died: {self.running.log.read_text()}") from error
        return State(**json.loads(self._hear()))

    def _hear(self) -> bytes:
        pipe = self.running.process.stdout
        assert pipe
        line = pipe.readline()
        if not line:
            raise CannotRun(f"The sink died: {self.running.log.read_text()}")
        return bytes(line)


class FakePostmark(RecordingSink):
    """Postmark's HTTP interface on loopback, for a lane with *options*."""

    program = "intelbrief.ops.sinks.postmark"

    def __init__(self, scratch: Scratch, **options: Any) -> None:
        super().__init__(scratch)
        self._options = options

    @property
    def lane(self) -> dict[str, Any]:
        """How a lane leads here."""
        return {"provider": "postmark", **self._options}

    @property
    def environment(self) -> dict[str, str]:
        """Anymail's own names."""
        return {
            "POSTMARK_SERVER_TOKEN": "on-loopback",
            "POSTMARK_API_URL": f"http://127.0.0.1:{self.port}/",
        }


KINDS: dict[str, Callable[[Scratch], RecordingSink]] = {
    "smtp": RecordingSink,
    "postmark-fake": FakePostmark,
    "postmark-fake-single": partial(FakePostmark, batch=False),
}
