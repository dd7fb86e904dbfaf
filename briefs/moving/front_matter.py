"""Front matter: the YAML, TOML or JSON before a Markdown text, read as data and nothing else."""

from __future__ import annotations

import datetime as dt
import json
import re
import tomllib
from typing import Any

import yaml

from .items import RefusedItem

MOST = 200_000  # characters: key points and corrections stand in it
_YAML = re.compile(r"\A---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\A\+\+\+[ \t]*\n(.*?)^\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)


class _Plain(yaml.SafeLoader):
    """Plain values only: an alias may stand for a list of lists of lists, without end."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        """Refuse what stands for something else."""
        if self.check_event(yaml.events.AliasEvent):
            raise yaml.YAMLError("it has aliases (*name), which are not read; write it out")
        return super().compose_node(parent, index)


def split(text: str) -> tuple[dict[str, Any], str]:
    """Return the front matter of *text* and what follows it; raise RefusedItem if it is broken."""
    for shape, read in ((_YAML, _read_yaml), (_TOML, tomllib.loads)):
        if match := shape.match(text):
            if len(match[1]) > MOST:
                raise RefusedItem(f"The front matter has more than {MOST} characters.")
            return _checked(match[1], read), text[match.end() :]
    if text.startswith(("---\n", "+++\n")):
        raise RefusedItem("The front matter is never closed.")
    return {}, text


def _read_yaml(source: str) -> Any:
    return yaml.load(source, Loader=_Plain)  # noqa: S506  (a SafeLoader, and less)


def _checked(source: str, read: Any) -> dict[str, Any]:
    try:
        found = read(source)
    except (yaml.YAMLError, tomllib.TOMLDecodeError) as error:
        words = " ".join(str(error).split())[:300]
        raise RefusedItem(f"The front matter cannot be read: {words}") from error
    except (ValueError, TypeError, RecursionError, OverflowError, AttributeError) as error:
        # A 31st of February, or a thousand brackets.
        words = " ".join(str(error).split())[:200]
        raise RefusedItem(f"The front matter cannot be read: {words}") from error
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise RefusedItem("The front matter is no list of names and values.")
    return {str(key): value for key, value in found.items()}


def write(values: dict[str, Any], body: str) -> str:
    """Return *body* under its front matter, as split() takes it apart again."""
    head = yaml.safe_dump(
        values, allow_unicode=True, sort_keys=False, default_flow_style=False, width=1_000_000
    )
    return f"---\n{head}---\n\n{body}\n"


def names(value: object) -> list[str]:
    """Return a list of names, however it is written: a list, or words between commas."""
    if isinstance(value, str):
        value = value.split(",") if "," in value else [value]
    if isinstance(value, dict):
        value = list(value)
    if not isinstance(value, list | tuple):
        return []
    found = []
    for given in value[:200]:
        # Hugo's and Jekyll's authors may be {name: …}
        one = given.get("name") or given.get("title") if isinstance(given, dict) else given
        if isinstance(one, str | int | float | dt.date) and str(one).strip():
            found.append(str(one).strip())
    return list(dict.fromkeys(found))


def canonical(value: object) -> str:
    """Return *value* as one JSON text: the same for the same."""
    return json.dumps(value, sort_keys=True, ensure_ascii=True, default=str)
