"""A real SMTP server in a thread, which writes down what it gets."""

import asyncio
import email
import email.policy
import threading
import time
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(frozen=True)
class Received:
    """One message with its envelope, as it came over the wire (dots unstuffed)."""

    sender: str
    to: tuple[str, ...]
    raw: bytes
    options: tuple[str, ...] = ()

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        parsed = email.message_from_bytes(self.raw, policy=email.policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class RecordingServer:
    """Accepts everything unless it is told otherwise; `messages` is what it took.

    `refuse` answers RCPT for one address, `reject` the final dot of a message
    to it, `refuse_all` MAIL for everyone. `delay` is what each message costs,
    in seconds.
    """

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.host = "127.0.0.1"
        self.port = 0
        self.reset()

    def reset(self) -> None:
        """Forget all messages and instructions."""
        self.messages: list[Received] = []
        self.refusals: dict[str, str] = {}
        self.rejections: dict[str, str] = {}
        self.refusal_of_all = ""
        self.delay = 0.0
        self.smtputf8 = True

    def refuse(self, address: str, reply: str = "550 5.1.1 No such user") -> None:
        """Answer *reply* to RCPT TO *address*."""
        self.refusals[address] = reply

    def reject(self, address: str, reply: str = "554 5.6.0 Not wanted") -> None:
        """Answer *reply* to the final dot of a message to *address*."""
        self.rejections[address] = reply

    def refuse_all(self, reply: str = "451 4.3.0 Come back later") -> None:
        """Answer *reply* to every MAIL FROM; an empty reply ends it."""
        self.refusal_of_all = reply

    def to(self, address: str) -> list[Received]:
        """Return the messages that went to *address*."""
        return [message for message in self.messages if address in message.to]

    def wait_for(self, count: int, seconds: float = 30) -> list[Received]:
        """Return the messages as soon as there are *count*; fail after *seconds*."""
        deadline = time.monotonic() + seconds
        while len(self.messages) < count:
            assert time.monotonic() < deadline, f"{len(self.messages)} of {count} messages came"
            time.sleep(0.02)
        return self.messages

    def start(self) -> None:
        """Listen on a free port."""
        listening = threading.Event()

        def run() -> None:
            asyncio.set_event_loop(self.loop)
            server = self.loop.run_until_complete(
                self.loop.create_server(self._connection, self.host, 0)
            )
            self.port = server.sockets[0].getsockname()[1]
            listening.set()
            self.loop.run_forever()
            server.close()

        threading.Thread(target=run, name="smtp", daemon=True).start()
        assert listening.wait(10)

    def stop(self) -> None:
        """Close the port."""
        self.loop.call_soon_threadsafe(self.loop.stop)

    def _connection(self) -> SMTP:
        return SMTP(
            self,
            loop=self.loop,
            hostname="mx.test",
            enable_SMTPUTF8=self.smtputf8,
            data_size_limit=50_000_000,
        )

    # --- called by aiosmtpd ---

    async def handle_MAIL(  # noqa: N802  (aiosmtpd names it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept the sender, unless all are refused."""
        if self.refusal_of_all:
            return self.refusal_of_all
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 Ok"

    async def handle_RCPT(  # noqa: N802  (aiosmtpd names it)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Accept the reader, unless this one is refused."""
        if reply := self.refusals.get(address):
            return reply
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Ok"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  (aiosmtpd names it)
        """Write the message down and accept it, unless it is to be rejected."""
        if self.delay:
            await asyncio.sleep(self.delay)
        for address in envelope.rcpt_tos:
            if reply := self.rejections.get(address):
                return reply
        content: Any = envelope.content
        self.messages.append(
            Received(
                sender=envelope.mail_from or "",
                to=tuple(envelope.rcpt_tos),
                raw=content,
                options=tuple(envelope.mail_options),
            )
        )
        return "250 2.0.0 Ok"
