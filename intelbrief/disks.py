"""What kind of disk a folder is on, and what it needs; asked before there are settings, too."""

import os
import re
from pathlib import Path

# What is written there is gone with the container or the next boot.
FLEETING = {"tmpfs", "ramfs", "overlay", "aufs"}
# What a slice's journal, a database's log and a day of pages need at the least.
LEAST_DISK = 500 * 1024 * 1024  # octets
LEAST_INODES = 1_000


def filesystem_of(path: Path, mounts: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the type of the file system that *path* is on; empty where it cannot be told."""
    try:
        lines = mounts.read_text(errors="replace").splitlines()
    except OSError:
        return ""  # not Linux
    best, kind = "", ""
    for line in lines:
        # proc(5): the mount point is the fifth field, the type the first behind “ - ”.
        front, _, back = line.partition(" - ")
        point = re.sub(r"\\(\d{3})", lambda code: chr(int(code[1], 8)), front.split()[4])
        inside = os.path.commonpath([point, path]) == point
        # Of two on one point, the later hides the earlier.
        if inside and len(point) >= len(best):
            best, kind = point, back.split()[0]
    return kind
