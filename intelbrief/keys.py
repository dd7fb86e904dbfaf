"""Keys of an installation that was given none: made once, kept in var/keys."""

import os
import secrets
from pathlib import Path


def load_or_make(name: str, folder: Path) -> str:
    """Return the key *name* from *folder*, making it at the first call.

    The file has mode 0600. Two processes that start together agree on one
    key: the first link wins, the other reads it.
    """
    path = folder / name
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        pass
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link fails where the name exists: nobody ever reads half a key.
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    return path.read_text().strip()
