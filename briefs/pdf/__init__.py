"""The print edition of a brief: a document, and the press that makes a PDF of it.

WeasyPrint is optional. It is loaded by the press alone, a process of its own:
neither web server nor worker grows by it.
"""

import ctypes
import ctypes.util
from contextlib import suppress
from functools import lru_cache
from importlib.util import find_spec

PACKAGE = "weasyprint"
# What it loads, by Debian's and by other systems' names.
LIBRARIES = (("libpango-1.0.so.0", "pango-1.0"), ("libpangoft2-1.0.so.0", "pangoft2-1.0"))


@lru_cache(maxsize=1)
def trouble() -> str:
    """Return why no PDF can be made here, and what to install; "" where nothing is missing."""
    if find_spec(PACKAGE) is None:
        return (
            "Briefs have no PDF: WeasyPrint is not installed. Run: pip install weasyprint (on "
            "Debian also: apt install libpango-1.0-0 libpangoft2-1.0-0), and start the web "
            "server and the workers again."
        )
    missing = [names[1] for names in LIBRARIES if not any(map(_loads, names))]
    if missing:
        return (
            f"Briefs have no PDF: WeasyPrint needs {' and '.join(missing)}, not found here. On "
            "Debian: apt install libpango-1.0-0 libpangoft2-1.0-0; then start the web server and "
            "the workers again."
        )
    return ""


def is_offered() -> bool:
    """Tell whether readers are shown a way to the PDF of a brief."""
    return not trouble()


def _loads(name: str) -> bool:
    with suppress(OSError):
        ctypes.CDLL(name if ".so" in name else ctypes.util.find_library(name) or name)
        return True
    return False
