"""Who holds a lease: one uuid per life of a worker, with a journal that is locked while it lives.

The file of an owner is its journal (deliveries.journal) behind a header that
names the kernel, and the history of the database (deliveries.guard). Whoever
obtains the lock on it, on that very kernel, has proof that the owner is dead
and that the journal is complete. Once a backup was put back, what was written
before tells of letters that this ledger does not know.
"""

import fcntl
import os
import re
import socket
import threading
import time
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings

from deliveries import guard
from deliveries.journal import Journal, Slice, read_last_slice

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_HEADER = 256
_KEEP_SECONDS = 7 * 86_400
# A life ends here and the next begins in a new file: journals are never truncated.
_MOST_OCTETS = 16 * 2**20

_AT_REST = ".settled"
_NAME = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOTHING = Slice(0, 0, frozenset(), ())

_here = threading.local()


def _folder() -> Path:
    folder: Path = settings.VAR_DIR / "owners"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _kernel() -> str:
    """Name the running kernel: a lock proves nothing about a process of another one."""
    boot = _BOOT_ID.read_text().strip() if _BOOT_ID.exists() else "unknown"
    return f"{socket.gethostname()} {boot}"


class Owner:
    """One life of a worker; its file stays locked for as long as it lives."""

    def __init__(self, history: str = "") -> None:
        self.id = uuid.uuid4()
        self.history = history
        path = _folder() / str(self.id)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)  # may wait for somebody who just looks
            header = f"{_kernel()}\n{self.history}"
            os.pwrite(file, header.encode().ljust(_HEADER, b"\n"), 0)
        except OSError:
            os.close(file)
            path.unlink(missing_ok=True)
            raise
        self.journal = Journal(file, _HEADER)
        # Also when its thread ends without a word: the lock must not outlive the owner.
        self._end = weakref.finalize(self, os.close, file)

    def close(self) -> None:
        """End this life; the journal stays for a week."""
        self.journal.descriptor = -1  # the number may soon be another file's
        self._end()


def mine() -> Owner:
    """Return the owner that this thread of this process is, between two batches.

    Made anew after a fork, since a lock is shared with the parent, when the
    journal has grown large, and when a backup has been put back.
    """
    owner: Owner | None = getattr(_here, "owner", None)
    history = guard.history()
    if owner is not None:
        if (
            _here.pid == os.getpid()
            and owner.journal.offset < _MOST_OCTETS
            and owner.history == history
        ):
            return owner
        owner.close()
    owner = Owner(history)
    _here.owner, _here.pid = owner, os.getpid()
    return owner


def retire(owner: Owner) -> None:
    """End *owner* before its process: what it could not write down, its journal tells."""
    if getattr(_here, "owner", None) is owner:
        del _here.owner
    owner.close()


@contextmanager
def _locked(path: Path) -> Iterator[int | None]:
    """Lock the file of an owner that is gone; yield its descriptor, or None while it lives.

    The lock is shared: of two who look at once, neither must take the other
    for the owner.
    """
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        yield None
        return
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        yield file
    except BlockingIOError:
        yield None
    finally:
        os.close(file)


def _read(file: int) -> tuple[str, bool, Slice | None]:
    """Return the kernel, whether this database's history is meant, and the last slice.

    A journal that names none was written before there were any.
    """
    data = os.pread(file, os.fstat(file).st_size, 0)
    header = data[:_HEADER].decode(errors="replace").rstrip("\n")
    kernel, _, history = header.partition("\n")
    is_ours = not history or history == guard.history()
    return kernel, is_ours, read_last_slice(data[_HEADER:])


def testament(owner: uuid.UUID) -> Slice | None:
    """Return what *owner* had in hand when it died, or None if its death is not proved.

    None means "not known": it lives, ran under another kernel, or its file is
    gone. Then only the end of its lease frees what it held, and all of that
    is in doubt.
    """
    with _locked(_folder() / str(owner)) as file:
        if file is None:
            return None
        kernel, is_ours, last = _read(file)
        if kernel != _kernel() or not is_ours:
            return None
        return last or _NOTHING


def here() -> set[uuid.UUID]:
    """Return the owners whose journals lie on this disk, alive or dead, and are not at rest."""
    return {uuid.UUID(path.name) for path in _journals()}


def last_words() -> Iterator[tuple[uuid.UUID, Slice]]:
    """Yield the last slice of each owner on this disk that is gone and not laid to rest yet.

    Its outcomes are true under whichever kernel they were written, even where
    others may be missing.
    """
    for path in _journals():
        with _locked(path) as file:
            if file is None:
                continue
            kernel, is_ours, last = _read(file)
            if kernel:  # else it is just being born
                yield uuid.UUID(path.name), (last if is_ours else None) or _NOTHING


def lay_to_rest(owner: uuid.UUID) -> None:
    """Note that all that *owner* has to tell stands in the ledger."""
    path = _folder() / str(owner)
    with suppress(FileNotFoundError):
        path.rename(path.with_suffix(_AT_REST))


def forget_the_dead() -> None:
    """Remove journals that nobody has written for a week and no owner holds."""
    for path in [*_journals(), *_journals(_AT_REST)]:
        with suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _KEEP_SECONDS:
                with _locked(path) as file:
                    if file is not None:
                        path.unlink(missing_ok=True)


def _journals(suffix: str = "") -> list[Path]:
    """Return the files of owners with this *suffix*; whatever else lies there is not ours."""
    return [
        path
        for path in _folder().iterdir()
        if path.suffix == suffix and _NAME.fullmatch(path.stem) and path.is_file()
    ]
