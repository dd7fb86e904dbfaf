"""Each command that a page of the documentation shows is one that runs as it is shown."""

import io
import itertools
import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands, load_command_class

from deliveries import guard
from deliveries.models import Segment
from tests import make

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
SAMPLE = ROOT / "intelbrief" / "ops" / "sample_brief.txt"

# What cannot be run beside other tests, and the tests that run it in a place of its own.
ELSEWHERE = {
    "bench": "tests/ops/test_bench.py",
    "drill": "tests/ops/test_drill.py",
    "up": "tests/ops/test_up.py",
    "backup": "tests/ops/test_backup.py",
    "restore": "tests/ops/test_backup.py",
    "doctor": "tests/ops/test_doctor.py",
}
# Django's own, and those that ask a person.
NOT_OURS = {"migrate", "check", "createsuperuser", "changepassword", "makemigrations", "shell"}

pytestmark = pytest.mark.sqlite_only


def _shown() -> dict[str, str]:
    """Return {command as shown: the first page that shows it}."""
    found: dict[str, str] = {}
    for page in PAGES:
        text = page.read_text()
        for match in re.finditer(r"manage\.py ([a-z_]+(?: [^`\n]*)?)", text):
            in_prose = text.rfind("\n```", 0, match.start()) == -1 or (
                text.count("\n```", 0, match.start()) % 2 == 0
            )
            words = re.split(r"\s+#|\s+[<>] ", match[1])[0].strip()
            # A name in a sentence is a mention: what follows it is English.
            if in_prose and not re.match(r"[^`\n]*`", text[match.start(1) :]):
                words = words.split(" ")[0]
            found.setdefault(words, page.name)
    return found


def _forms(shown: str) -> list[list[str]]:
    """Return the command with and without what stands in brackets, once for each alternative."""
    texts = {re.sub(r"[\[\]]", "", shown), re.sub(r"\s*\[[^\]]*\]", "", shown)}
    forms = []
    for text in sorted(texts):
        choices = [word.split("|") for word in shlex.split(text)]
        forms += [list(words) for words in itertools.product(*choices)]
    return forms


FORMS = sorted({tuple(form) for shown in _shown() for form in _forms(shown)})
OURS = [form for form in FORMS if form[0] not in NOT_OURS]
RUN = [
    form
    for form in OURS
    if form[0] not in ELSEWHERE and (form[:1] != ("edition",) or form[1:2] == ("report",))
]


def _fill(words: tuple[str, ...], **values: str) -> list[str]:
    return [values.get(word, word) for word in words]


def _is_whole(form: tuple[str, ...]) -> bool:
    """Tell a command with what it needs from the mere name of one, as sentences have it."""
    return len(form) > 1 and form not in {("edition", "report"), ("edition", "VERB")}


def test_many_commands_are_found():
    assert len(OURS) > 50
    assert {form[0] for form in OURS} - set(get_commands()) == set()


@pytest.mark.parametrize("form", [f for f in OURS if _is_whole(f)], ids=" ".join)
def test_the_command_takes_these_arguments(form):
    given = _fill(
        form, ID="1", BRIEF_ID="1", EDITION_ID="1", N="3", K="3", WHAT="kill", VERB="report"
    )
    command = load_command_class(get_commands()[given[0]], given[0])
    command.create_parser("manage.py", given[0]).parse_args(given[1:])


@pytest.mark.parametrize("place", sorted(set(ELSEWHERE.items())), ids=lambda place: place[0])
def test_what_is_run_elsewhere_is_run_there(place):
    name, test = place
    assert re.search(rf"\b{name}\b", (ROOT / test).read_text())


@pytest.fixture
def desk(db, tmp_path, monkeypatch, settings):
    """Return what stands for each word in capitals, in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    settings.CHECK_OUTSIDE = False
    guard.confirm()
    publication = make.make_publication(slug="daily")
    address = make.make_subscription(publication).subscriber.address
    brief = make.make_fit_brief(publication)
    edition = make.make_edition(make.make_fit_brief(publication))
    Segment.objects.create(
        publication=publication,
        name="abroad",
        rules=[{"fact": "language", "is": "equal", "value": "en"}],
    )
    readers = tmp_path / "readers.csv"
    readers.write_text("Work mail,Name,Notes\nlin@example.com,Lin,knows Kim\n")
    call_command("export_archive", "--output", "archive.zip", stdout=io.StringIO())
    (tmp_path / "hits.jsonl").write_text(json.dumps(HIT) + "\n")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"Subject: hello\n\nNo bounce.")))
    return {
        "SLUG": "daily",
        "ID": str(edition.pk),
        "EDITION_ID": str(edition.pk),
        "BRIEF_ID": str(brief.pk),
        "ADDRESS": address,
        "TEXT": "asked on the old site",
        "NAME": "abroad",
        "FILE": "",
    }


HIT = {
    "at": 12.4,
    "ip": "84.150.3.4",
    "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "method": "GET",
    "edition": 1,
    "link": 3,
    "delivery": 17,
    "label": "human",
}
FILES = {
    "import_brief": str(SAMPLE),
    "import_subscribers": "readers.csv",
    "import_archive": "archive.zip",
    "export_subscribers": "out.csv",
    "replay_hits": "hits.jsonl",
    "bounce": "message.eml",
}


@pytest.mark.parametrize("form", [f for f in RUN if _is_whole(f)], ids=" ".join)
def test_the_command_does_what_is_shown(form, desk):
    name = form[0]
    desk["FILE"] = FILES.get(name, "")
    if name == "publish":  # of the page's year, which is gone
        form = tuple("2126-04-06T06:00" if word.startswith("2026") else word for word in form)
        desk["ID"] = desk["BRIEF_ID"]
    Path("message.eml").write_text("Subject: hello\n\nNo bounce.")
    out = io.StringIO()
    call_command(*_fill(form, **desk), stdout=out, stderr=io.StringIO())
    if "--json" in form:
        json.loads(out.getvalue())
