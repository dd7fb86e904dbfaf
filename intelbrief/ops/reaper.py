"""Ends processes when the one that started them is gone, even by kill -9.

A process that is killed can clean up nothing, and a child is not told. But the
kernel closes the pipe: a tiny process in a session of its own reads it and, at
its end, stops what is still there. This works alike on Linux and macOS.

This file is also that tiny process. It imports nothing of ours, so that it
costs a few milliseconds and 8 MB.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

PATIENCE = 15.0  # seconds for all of them to stop by themselves; without work they take two


class Reaper:
    """The other end of the pipe, held by the process that starts children."""

    def __init__(self, *, keep_open: tuple[int, ...] = ()) -> None:
        self._keep_open = keep_open
        self._notes: list[str] = []
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-S", "-E", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
            pass_fds=self._keep_open,
            cwd="/",
        )

    def watch(self, group: int) -> None:
        """Have the process group *group* ended should this process die."""
        self._tell(f"watch {group}")

    def forget(self, group: int) -> None:
        """Leave *group* alone from now on; its number may be given away anew."""
        self._tell(f"forget {group}")

    def remove(self, folder: Path) -> None:
        """Have *folder* deleted should this process die."""
        self._tell(f"remove {folder}")

    def keep_alive(self) -> None:
        """Start the reaper again where somebody killed it."""
        if self._process.poll() is not None:
            self._process = self._start()
            notes, self._notes = self._notes, []
            for note in notes:
                self._tell(note)

    def close(self) -> None:
        """End the reaper; it stops whatever has not been forgotten."""
        assert self._process.stdin
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        self._process.wait()

    def _tell(self, note: str) -> None:
        self._notes.append(note)
        assert self._process.stdin
        # Whoever killed it is found out by keep_alive(), which repeats the notes.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(f"{note}\n".encode())
            self._process.stdin.flush()


def signal_group(group: int, number: int) -> bool:
    """Send signal *number*; return False if nobody is left in *group*."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):  # macOS answers for zombies with EPERM
        return False
    return True


def is_alive(group: int) -> bool:
    """True while a process of *group* runs; one that only waits to be collected does not."""
    if not signal_group(group, 0):
        return False
    if not Path("/proc/self/stat").exists():
        return True
    for path in Path("/proc").glob("[0-9]*/stat"):
        # A process may end while this looks at it.
        with contextlib.suppress(OSError):
            # Behind the name, which may hold anything, come state, parent and group (proc(5)).
            state, _parent, its_group = path.read_text().rpartition(")")[2].split()[:3]
            if int(its_group) == group and state != "Z":
                return True
    return False


def end(groups: list[int], patience: float) -> None:
    """Ask *groups* to stop, the last one first, and kill what remains after *patience* seconds.

    One after the other, since each may need those that were started before it:
    a worker that has lost its broker tries to find it again instead of ending.
    """
    deadline = time.monotonic() + patience
    for group in reversed(groups):
        signal_group(group, signal.SIGTERM)
        # A stopped process acts on no signal but this one and SIGKILL.
        signal_group(group, signal.SIGCONT)
        while time.monotonic() < deadline and is_alive(group):
            time.sleep(0.05)
    for group in groups:
        signal_group(group, signal.SIGKILL)


def main() -> None:
    """Read the notes until the pipe ends, then clean up."""
    # Ctrl-C is the supervisor's matter; it closes the pipe when it has finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    groups: list[int] = []
    folders: list[str] = []
    for line in sys.stdin:
        verb, _, value = line.rstrip("\n").partition(" ")
        if verb == "watch":
            groups.append(int(value))
        elif verb == "forget" and int(value) in groups:
            groups.remove(int(value))
        elif verb == "remove":
            folders.append(value)
    end(groups, PATIENCE)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
