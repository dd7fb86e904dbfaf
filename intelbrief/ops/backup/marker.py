"""The note that a restore is under way: while it lies there, web and worker do not start."""

import json
import os
from pathlib import Path
from typing import Any

NAME = "restore.unfinished"


def path_in(var: Path) -> Path:
    """Return where the note lies."""
    return var / NAME


def leave(var: Path, said: dict[str, str]) -> bool:
    """Write the note, so that it outlasts a loss of power; keep a former one and return False."""
    path = path_in(var)
    if path.exists():
        return False
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(said, file)
        file.flush()
        os.fsync(descriptor)
    return True


def remove(var: Path) -> None:
    """Take the note away: everything is in its place."""
    path_in(var).unlink(missing_ok=True)


def read(var: Path) -> dict[str, Any] | None:
    """Return what the note says; None where there is none."""
    try:
        said = json.loads(path_in(var).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError):
        said = {}  # cut off while it was written: nothing had been touched yet
    return said if isinstance(said, dict) else {}


def words(said: dict[str, Any]) -> str:
    """Say what is the matter, and what to do."""
    backup = said.get("backup") or "a backup"
    return (
        f"A restore of {backup} was begun at {said.get('at') or 'an unknown time'} and did not "
        f"come to its end. Say again: manage.py restore {said.get('backup') or 'FILE'} --replace. "
        f"What was here before lies in {said.get('aside') or 'VAR_DIR/replaced-…'}."
    )
