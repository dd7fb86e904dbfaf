"""What docs/configuration.md promises to list."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = (ROOT / "docs" / "configuration.md").read_text()
SETTINGS = (ROOT / "intelbrief" / "settings.py").read_text()
CHECKS = "".join(
    (ROOT / "intelbrief" / name).read_text() for name in ("checks.py", "lane_options.py")
)

pytestmark = pytest.mark.sqlite_only


def test_every_variable_is_described():
    names = set(re.findall(r"(?:env\.\w+|_key)\(\s*\"([A-Z_]+)\"", SETTINGS))
    assert len(names) > 20
    assert {name for name in names if f"| `{name}` |" not in PAGE} == set()


def test_every_check_is_described():
    numbers = set(re.findall(r"\b[EW]0\d\d\b", CHECKS))
    described = set(re.findall(r"\b[EW]0\d\d\b", PAGE)) | {"E002"}
    assert numbers == described
