"""What processes cost: processor time and memory, read from /proc (proc(5))."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


def _parents() -> dict[int, int]:
    """Return {process: its parent} of all that run."""
    found: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            # Behind the name, which may hold anything, come the state and the parent.
            found[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    return found


def tree(roots: Iterable[int]) -> Iterator[int]:
    """Yield *roots* and their descendants; PostgreSQL puts each of its own into a session."""
    parents = _parents()
    wanted = set(roots) & set(parents)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in wanted} - wanted
        wanted |= more
        grown = bool(more)
    yield from wanted


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return the processor time of *roots* and all descendants, those that have ended too."""
    total = 0
    for pid in tree(roots):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            # utime, stime, and the same of children that ended and were waited for.
            total += sum(map(int, fields[11:15]))
    return total / _TICKS


def peak_megabytes(roots: Iterable[int]) -> float:
    """Return the largest resident set that any one of *roots* or their descendants has had.

    Shared memory is left out: each process of PostgreSQL would count its buffers again.
    """
    most = 0
    for pid in tree(roots):
        with suppress(OSError):
            values: dict[str, int] = {}
            for line in Path(f"/proc/{pid}/status").read_text().splitlines():
                name, _, value = line.partition(":")
                if name in ("VmHWM", "RssShmem"):
                    values[name] = int(value.split()[0])
            most = max(most, values.get("VmHWM", 0) - values.get("RssShmem", 0))
    return most / 1024
