"""The signature of a backup: that this installation wrote it, and that nobody has changed it since.

It is made with BACKUP_KEY, the one key that is never in a backup: whoever gets
hold of one could sign another with any of the keys in it. It is over the
manifest, which has the size and SHA-256 of all else.
"""

import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from django.conf import settings

from intelbrief.ops.backup import Trouble, keys

NAME = "BACKUP_KEY"
FIELD = "signature"
# Parts this use of the key from any other.
_PURPOSE = b"intelbrief manifest 1\n"
_ELSE = "If you know that nobody else could write to this file, say --trust."


def signed(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return *manifest* with its signature; as it is where there is no BACKUP_KEY."""
    key = settings.BACKUP_KEY
    if not key:
        return manifest
    return {**manifest, FIELD: {"key": keys.mark(key), "hmac": _hmac(key, manifest)}}


def refuse_unproven(path: Path, manifest: dict[str, Any]) -> None:
    """Raise Trouble unless the backup at *path* is signed with our BACKUP_KEY, as it is."""
    told, key = manifest.get(FIELD), settings.BACKUP_KEY
    if not isinstance(told, dict):
        raise Trouble(
            f"{path} is not signed: anybody may have written it, and a restore runs what is in it. "
            f"(So it is with a backup of an earlier version, or without {NAME}.) {_ELSE}"
        )
    if not key:
        raise Trouble(
            f"{path} is signed, and without {NAME} nobody can tell whether by you. Set {NAME} to "
            f"what it was where the backup was made: it is in no backup. {_ELSE}"
        )
    if hmac.compare_digest(str(told.get("hmac")).encode(), _hmac(key, manifest).encode()):
        return
    if told.get("key") != keys.mark(key):
        raise Trouble(
            f"{path} is signed with another {NAME} than the one here. Set {NAME} to what it was "
            f"where the backup was made: it is in no backup. {_ELSE}"
        )
    raise Trouble(
        f"{path} was changed after it was made: its signature does not fit. Take another one, and "
        "find out who could write to this one."
    )


def _hmac(key: str, manifest: dict[str, Any]) -> str:
    """Return the signature of *manifest* as it is read, however it was written."""
    plain = {name: value for name, value in manifest.items() if name != FIELD}
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return hmac.digest(key.encode(), _PURPOSE + text.encode(), hashlib.sha256).hex()
