"""A document made into a PDF, by a press that ends whatever the text is like."""

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from django.conf import settings

from briefs.pdf import press
from briefs.pdf.sheet import Sheet

SECONDS = 120.0  # by the clock: a busy machine is slow, and the press counts its own
LONGEST_REASON = 300
_ENDED = {-signal.SIGXCPU, -signal.SIGKILL, -signal.SIGXFSZ}


class NotPrinted(Exception):
    """No PDF was made, and another attempt may do better; the message says why."""


class Unprintable(NotPrinted):
    """No PDF can be made of this text at all."""


def print_sheet(sheet: Sheet, seconds: float = SECONDS) -> bytes:
    """Return the PDF of *sheet*; raise NotPrinted or Unprintable."""
    pictures = {
        url: base64.b64encode(octets).decode() for url, octets in sheet.read_pictures().items()
    }
    order = json.dumps({"html": sheet.html, "pictures": pictures})
    try:
        done = subprocess.run(
            # Isolated: no module of ours and no variable of the environment reaches it.
            [sys.executable, "-I", str(Path(press.__file__))],
            input=order.encode(),
            capture_output=True,
            check=False,
            timeout=seconds,
            cwd="/",
            env=_environment(),
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise NotPrinted(f"The press was stopped after {seconds:.0f} seconds.") from error
    if done.returncode == 0 and done.stdout.startswith(b"%PDF-"):
        return done.stdout
    words = done.stderr.decode("utf-8", "replace").strip().rsplit("\n", 1)[-1]
    if done.returncode in _ENDED:
        raise Unprintable("It takes longer, or more room, than any brief should.")
    if done.returncode == press.TOO_MUCH:
        raise Unprintable(words[:LONGEST_REASON])
    raise NotPrinted(words[:LONGEST_REASON] or f"The press ended with {done.returncode}.")


def _environment() -> dict[str, str]:
    """Return what the press may know: where fonts are found, and none of our keys."""
    names = ("PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")
    cache = settings.VAR_DIR / "cache"
    cache.mkdir(mode=0o700, exist_ok=True)
    return {
        **{name: os.environ[name] for name in names if name in os.environ},
        "HOME": str(cache),
        "XDG_CACHE_HOME": str(cache),  # where fontconfig remembers the fonts
        "LANG": "C.UTF-8",
    }
