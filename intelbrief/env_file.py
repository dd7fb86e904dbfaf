"""The file of variables: read as a whole, or not at all.

What reads it leaves out a line that it cannot make out, and that is all: without
its SITE_URL a public site would take itself for one on somebody's desk, and make
keys of its own.
"""

from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv.parser import parse_stream


def refuse_broken(path: Path, *, is_named: bool) -> None:
    """Raise ImproperlyConfigured for a file that is not there although *is_named*, or is broken.

    Nothing of its content is told: it holds passwords.
    """
    if is_named and not path.exists():
        raise ImproperlyConfigured(f"ENV_FILE is {path}, and there is no such file.")
    if not path.is_file():
        return  # none at all, or /dev/null
    try:
        with path.open(encoding="utf-8") as file:
            bad = [
                # Empty lines before it count as its own.
                found.original.line + _empty_lines(found.original.string)
                for found in parse_stream(file)
                if found.error or (found.key is not None and found.value is None)
            ]
    except UnicodeDecodeError as error:
        raise ImproperlyConfigured(f"ENV_FILE {path} is no text in UTF-8.") from error
    if bad:
        raise ImproperlyConfigured(
            f"ENV_FILE {path}, line {bad[0]}: this is no NAME=value, or a quote is not closed."
        )


def _empty_lines(text: str) -> int:
    return text[: len(text) - len(text.lstrip())].count("\n")
