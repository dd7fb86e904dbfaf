"""The local inbox: an SMTP server that keeps every message as a file.

Runs as a process of its own and loads no Django: `python -m
intelbrief.inbox.server --folder var/inbox --port-file var/run/inbox.port`.
"""

import argparse
import asyncio
import errno
import os
import re
import secrets
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
USUAL_PORT = 1025
CONTROLS = re.compile(r"[\x00-\x1f\x7f]")


class Keeper:
    """Accepts everything for everybody and writes it down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    async def handle_DATA(  # noqa: N802  (aiosmtpd names it)
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Store one message as it came, below its envelope."""
        content = envelope.content
        raw = content.encode() if isinstance(content, str) else content or b""
        store(self.folder, envelope.mail_from or "", envelope.rcpt_tos, raw)
        return "250 2.0.0 Kept in the local inbox"


def store(folder: Path, sender: str, to: list[str], raw: bytes) -> Path:
    """Write a message to *folder* with Return-Path and Delivered-To lines before it.

    The file has its name only when it is whole. It is not synced: a power cut
    may lose what nobody but a developer was to read.
    """
    lines = [f"Return-Path: <{sender}>", *(f"Delivered-To: {address}" for address in to)]
    head = "".join(CONTROLS.sub("", line) + "\r\n" for line in lines)
    # The names sort by time of arrival.
    path = folder / f"{time.time_ns():020d}-{secrets.token_hex(4)}.eml"
    draft = path.with_suffix(".part")
    draft.write_bytes(head.encode(errors="surrogateescape") + raw)
    draft.rename(path)
    return path


async def listen(folder: Path, ports: list[int]) -> asyncio.Server:
    """Listen on the first of *ports* that is free (0: any free one)."""
    loop = asyncio.get_running_loop()
    for port in ports:
        try:
            return await loop.create_server(
                # The name is given, since aiosmtpd would ask the DNS for ours.
                lambda: SMTP(Keeper(folder), loop=loop, hostname="localhost", enable_SMTPUTF8=True),
                HOST,
                port,
            )
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    sys.exit(f"Port {ports[-1]} is taken by another program. Set INBOX_SMTP_PORT to a free one.")


async def serve(folder: Path, port_file: Path, port: int) -> None:
    """Serve until SIGTERM; write the chosen port to *port_file* for other processes."""
    server = await listen(folder, [port] if port else [_last_port(port_file), USUAL_PORT, 0])
    chosen = server.sockets[0].getsockname()[1]
    draft = port_file.with_suffix(f".{os.getpid()}")
    draft.write_text(f"{chosen}\n")
    draft.rename(port_file)
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    print(f"keeps mail to 127.0.0.1:{chosen} in {folder}", flush=True)
    await stopping.wait()
    server.close()


def _last_port(port_file: Path) -> int:
    """Return the port of the last run: a shell that is still open may have read it."""
    try:
        return int(port_file.read_text())
    except (FileNotFoundError, ValueError):
        return USUAL_PORT


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Keep all mail in a folder.")
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0, help="0: the last one, 1025, or a free one")
    options = parser.parse_args()
    options.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for unfinished in options.folder.glob("*.part"):
        unfinished.unlink()
    asyncio.run(serve(options.folder, options.port_file, options.port))


if __name__ == "__main__":
    main()
