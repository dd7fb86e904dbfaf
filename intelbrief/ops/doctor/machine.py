"""What can be looked at before there are settings: Python, the disk, files and their modes."""

import os
import re
import resource
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.conf import settings
from environs import EnvError, FileAwareEnv

from intelbrief.disks import LEAST_DISK, LEAST_INODES
from intelbrief.ops.backup import marker
from intelbrief.ops.doctor import Severity, Trouble, examination

BASE_DIR = Path(__file__).resolve().parents[3]
# An encoded newline in a subject became a header of its own before (CVE-2024-6923).
MENDED = {11: 10, 12: 5}
LITTLE_DISK = 2 * 1024 * 1024 * 1024
FEW_INODES = 10_000
# Variables that name a file with a secret in it.
_OURS = re.compile(
    r"[A-Z_]*(SECRET|KEY|KEYS|TOKEN|PASSWORD|_URL|MAILBOX|PROVIDERS|DSN)[A-Z_]*_FILE"
)
LEAST_FILES = 256
FEW_FILES = 1024


def env_file() -> Path:
    """Return the file of variables that the settings read."""
    return Path(os.environ.get("ENV_FILE") or BASE_DIR / ".env")


def var() -> Path:
    """Return the folder of all state, as the settings take it."""
    if settings.configured:
        return Path(settings.VAR_DIR)
    env = FileAwareEnv()
    try:
        env.read_env(str(env_file()), recurse=False)
        return Path(env.str("VAR_DIR", str(BASE_DIR / "var"))).resolve()
    except (EnvError, OSError, ValueError):
        return BASE_DIR / "var"


@examination("python", Severity.WARNING)
def python() -> Iterator[Trouble]:
    """Find an old Python: before 3.11.10 and 3.12.5, a newline in a subject could write a header
    of its own into a mail (CVE-2024-6923)."""
    version = sys.version_info
    written = ".".join(map(str, version[:3]))
    if version < (3, 11):
        cure = "Install Python 3.11 or newer, remove .venv and start ./run once."
        yield Trouble("This Python is too old.", cure, written, Severity.BROKEN)
    elif version.micro < MENDED.get(version.minor, 0):
        cure = f"Install Python 3.{version.minor}.{MENDED[version.minor]} or newer."
        yield Trouble("This Python has a known hole: CVE-2024-6923.", cure, written)


@examination("var-folder")
def var_folder() -> Iterator[Trouble]:
    """Find out whether VAR_DIR can be written by this user, and by nobody else: database, keys,
    journals and readers' addresses lie there."""
    folder = var()
    cure = f"Give it to the user that runs IntelBrief: chown -R USER {folder}."
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        about = folder.stat()
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        hint = " Or the disk is mounted read-only, or full." if error.errno in (28, 30) else ""
        what = f"VAR_DIR cannot be written: {error.strerror}."
        yield Trouble(what, f"{cure}{hint} Or set VAR_DIR to another folder.", str(folder))
        return
    if about.st_uid != os.getuid() and os.getuid() != 0:
        yield Trouble("VAR_DIR belongs to another user.", cure, str(folder), Severity.WARNING)
    if stat.S_IMODE(about.st_mode) & 0o007:
        yield Trouble(
            "Everybody on this machine can look into VAR_DIR, with keys and readers' addresses.",
            f"Run: chmod 700 {folder}, and start the services with UMask=0077.",
            str(folder),
            Severity.WARNING,
        )


@examination("disk", needs=("var-folder",))
def disk() -> Iterator[Trouble]:
    """Find a disk that is full or nearly so: a full one stops the send before the wire."""
    folder = var()
    free = shutil.disk_usage(folder).free
    if free < LITTLE_DISK:
        yield Trouble(
            f"The disk of VAR_DIR has {free // 1024**2} MB left.",
            "Make room: old backups and logs first, or a larger disk.",
            str(folder),
            Severity.BROKEN if free < LEAST_DISK else Severity.WARNING,
        )
    files = os.statvfs(folder)
    if files.f_files > 0 and files.f_favail < FEW_INODES:
        yield Trouble(
            f"The disk of VAR_DIR has room for {files.f_favail} more files only.",
            "Delete many small files: df -i tells where.",
            str(folder),
            Severity.BROKEN if files.f_favail < LEAST_INODES else Severity.WARNING,
        )


@examination("open-files", Severity.WARNING)
def open_files() -> Iterator[Trouble]:
    """Find a low limit of open files: web and worker hold many connections at a time."""
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    if 0 < limit < FEW_FILES:
        yield Trouble(
            f"A process may open {limit} files only.",
            "Set LimitNOFILE=65536 in the units of systemd, or ulimit -n 65536 in the shell.",
            str(limit),
            Severity.BROKEN if limit < LEAST_FILES else None,
        )


@examination("time-zones")
def time_zones() -> Iterator[Trouble]:
    """Find out whether there are time zones: without them no edition goes out on time."""
    try:
        ZoneInfo("Europe/Berlin")
    except (ZoneInfoNotFoundError, OSError, ValueError):
        cure = "Install them: apt-get install tzdata, or pip install tzdata."
        yield Trouble("This machine knows no time zones.", cure, "Europe/Berlin")


@examination("secret-files")
def secret_files() -> Iterator[Trouble]:
    """Find files of keys and passwords that cannot be read, or that everybody can read."""
    named = {
        name: Path(value) for name, value in os.environ.items() if _OURS.fullmatch(name) and value
    }
    for name, path in sorted(named.items()):
        if not os.access(path, os.R_OK):
            cure = f"Make it, or give it to the user that runs IntelBrief: chown USER {path}."
            yield Trouble(f"The file that {name} names cannot be read.", cure, str(path))
    keys = var() / "keys"
    inside = sorted(keys.iterdir()) if os.access(keys, os.R_OK | os.X_OK) else []
    for path in dict.fromkeys([env_file(), *named.values(), *inside]):
        if path.is_file() and stat.S_IMODE(path.stat().st_mode) & 0o007:
            yield Trouble(
                "Everybody on this machine can read a file with secrets.",
                f"Run: chmod 600 {path}.",
                str(path),
                Severity.WARNING,
            )


@examination("restore")
def restore() -> Iterator[Trouble]:
    """Find a restore that was begun and did not end: web and worker do not start then."""
    said = marker.read(var())
    if said is not None:
        what, _, cure = marker.words(said).partition(" Say again:")
        yield Trouble(what, f"Say again:{cure}", str(said.get("backup", "")))
