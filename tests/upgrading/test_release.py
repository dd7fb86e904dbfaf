"""A release is told of before it is made: what runs is what the changelog speaks of."""

import re
from datetime import date

import pytest

from intelbrief import release
from tests.conftest import ROOT

pytestmark = pytest.mark.sqlite_only

HEADING = re.compile(r"^## (\d+)\.(\d+)\.(\d+) — (\d{4}-\d{2}-\d{2})$", re.MULTILINE)


def test_the_version_that_runs_has_its_notes():
    text = (ROOT / "CHANGELOG.md").read_text()
    newest = HEADING.search(text)
    assert newest, "CHANGELOG.md has no heading of the form “## 0.1.0 — 2026-11-24”"
    assert release.version() == ".".join(newest.groups()[:3])
    notes = text[newest.end() :].partition("\n## ")[0]
    assert "**To do:**" in notes, "say what people have to do about it, be it nothing"


def test_releases_stand_in_order_under_what_is_not_released():
    text = (ROOT / "CHANGELOG.md").read_text()
    found = [(tuple(map(int, m[:3])), date.fromisoformat(m[3])) for m in HEADING.findall(text)]
    assert found == sorted(found, reverse=True)
    assert re.findall("^## (.*)$", text, re.MULTILINE)[0] == "Unreleased"
    assert len(re.findall("^## ", text, re.MULTILINE)) == len(found) + 1
