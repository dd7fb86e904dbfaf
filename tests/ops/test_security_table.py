"""SECURITY.md names tests that there are, and what it says of the code is so."""

import importlib.util
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.sqlite_only

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "SECURITY.md").read_text()
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith("| threat")
]
OURS = ("analytics", "api", "briefs", "deliveries", "intelbrief", "subscribers")


def test_every_threat_names_a_defence_and_a_test_that_there_is():
    assert len(ROWS) > 40
    for threat, defence, tests in ROWS:
        assert threat
        assert defence
        named = re.findall(r"`([^`]+)::(test_\w+)`", tests)
        assert named, threat
        assert tests.count("`") == 2 * len(named), threat
        for path, name in named:
            source = (ROOT / path).read_text()
            assert f"def {name}(" in source, f"{path} has no {name}: {threat}"


def test_the_known_kinds_of_attack_are_all_spoken_of():
    kinds = [
        *("against their will", "scanners", "import", "guessed", "leaks", "smuggling", "erased"),
        *("injection", "Script", "SSRF", "redirect", "ZIP", "Formulas", "fixation", "Brute"),
        *("enumerated", "Host", "CSRF", "cache", "backup", "twice", "forged", "API", "Secrets"),
        *("hole", "XML", "traversal", "ReDoS"),
    ]
    threats = " ".join(row[0] for row in ROWS)
    assert [kind for kind in kinds if kind not in threats] == []


def test_nobody_parses_xml():
    parsers = re.compile(
        r"^\s*(?:from|import) (?:lxml|defusedxml|feedparser|xmltodict|xml\.(?:sax|dom|parsers))|"
        r"\b(?:ElementTree|etree|ET)\.(?:parse|fromstring|iterparse|XML)\b|XMLParser|XMLPullParser",
        re.MULTILINE,
    )
    sources = [path for app in OURS for path in (ROOT / app).rglob("*.py")]
    assert len(sources) > 300
    assert [path.name for path in sources if parsers.search(path.read_text())] == []


def test_a_known_hole_fails_and_silence_is_told():
    spec = importlib.util.spec_from_file_location("audit", ROOT / ".ci/audit.py")
    assert spec
    assert spec.loader
    audit = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(audit)
    good = {"name": "django", "version": "5.2.9", "vulns": []}
    hole = {"id": "PYSEC-1", "fix_versions": ["1.2"]}
    bad = {"name": "old", "version": "1.1", "vulns": [hole]}
    silent = {"name": "kombu", "skip_reason": "Dependency not found on PyPI"}
    assert audit.verdict({"dependencies": [good]}) == (0, "1 packages have no known hole.")
    status, words = audit.verdict({"dependencies": [good, bad, silent]})
    assert status == 1
    assert "old 1.1: PYSEC-1, mended in 1.2" in words
    assert "1 of 3 packages were not audited" in words
    assert audit.verdict({"dependencies": [silent]})[0] == 0
    assert "audit.py" in (ROOT / ".ci/run").read_text()
