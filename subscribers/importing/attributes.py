"""Cells that hold a reader's attributes: JSON, or what Python prints."""

import ast
import json
import math
import re
from typing import Any, NoReturn

MOST_TEXT = 50_000
MOST_KEY = 60
MOST_DEPTH = 20
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def key_of(header: str) -> str:
    """Return the name under which a column is kept: “ZIP Code” is zip_code."""
    return re.sub(r"\W+", "_", header.strip().lower()).strip("_")[:MOST_KEY] or "column"


def parse(cell: str) -> dict[str, Any]:
    """Return the attributes in *cell*; raise ValueError for what no database keeps."""
    text = cell.strip()
    if len(text) > MOST_TEXT:
        raise ValueError(f"longer than {MOST_TEXT} characters")
    if not text or text in ("{}", "null", "None"):
        return {}
    # Both parsers below call themselves for each bracket.
    if text.count("{") + text.count("[") + text.count("(") > MOST_TEXT // 10:
        raise ValueError("too many brackets")
    value = _read(text)
    if not isinstance(value, dict):
        return {"attributes": _storable(value, 0)}
    return {str(_storable(str(key), 0)): _storable(one, 1) for key, one in value.items()}


def _read(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("too deep") from error
    except ValueError:
        pass
    if text[0] not in "{[" or _depth(text) > MOST_DEPTH:
        return text
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError, TypeError):
        return text


def _depth(text: str) -> int:
    depth = deepest = 0
    for character in text:
        if character in "{[(":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}])":
            depth -= 1
    return deepest


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


def _storable(value: Any, depth: int) -> Any:
    """Return *value* if JSON and both databases can hold it; raise ValueError else."""
    if depth > MOST_DEPTH:
        raise ValueError("too deep")
    if isinstance(value, str):
        if _UNSTORABLE.search(value):
            raise ValueError("a NUL or half a character")
        return value
    if isinstance(value, dict):
        return {
            str(_storable(str(key), depth)): _storable(v, depth + 1) for key, v in value.items()
        }
    if isinstance(value, list | tuple):
        return [_storable(one, depth + 1) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number without end")
    if value is None or isinstance(value, bool | int | float):
        return value
    return str(value)
