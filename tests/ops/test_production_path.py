"""The way of docs/deploy.md, walked: from an empty folder to a brief that was read."""

import re

import pytest

from tests import migrated, services
from tests.conftest import ROOT
from tests.ops.hosts import until
from tests.ops.walking import ADMIN, PASSWORD, Browser, Walk

pytestmark = [pytest.mark.slow, pytest.mark.postgres_only]

READERS = "ada@reader.example,Ada\nbob@reader.example,Bob\ncleo@reader.example,Cleo\n"
BRIEF = """April 6, 2026

Harbour Brief: The Port’s New Cranes

• Two cranes arrived on Monday
• A third is delayed

The cranes arrived on Monday, and the port is pleased.
"""


@pytest.fixture
def empty_database(migrated_database):
    """Return the DATABASE_URL of an empty database on the tests' server."""
    with migrated.lend(empty=True) as url:
        yield url


@pytest.fixture
def walk(tmp_path, smtp_server, empty_database):
    """Return an installation by the example's settings, on the services of the tests."""
    broker = services.folder / "var" / "run" / "valkey.sock"
    made = Walk(
        ROOT,
        tmp_path,
        {
            "DATABASE_URL": empty_database,
            "REDIS_URL": f"unix://{broker}?db=8",
            "EMAIL_URL": f"smtp://127.0.0.1:{smtp_server.port}",
            "CHECK_OUTSIDE": "0",
            "LOG_LEVEL": "WARNING",
        },
    )
    yield made
    made.kill()


def test_the_production_path_ends_with_an_edition_that_is_read(walk, tmp_path, smtp_server):
    walk.configure()
    walk.manage("migrate", "--no-input", "-v", "0")
    walk.manage(
        *("createsuperuser", "--no-input", "--email", ADMIN), DJANGO_SUPERUSER_PASSWORD=PASSWORD
    )
    walk.start()
    for process in walk.running.values():
        services.reaper.watch(process.pid)
    desk = Browser(walk.port, "briefs.example.org")
    until(desk.is_up)
    desk.log_in()
    desk.add_publication(
        name="Harbour Watch",
        slug="harbour",
        series="Harbour Brief",
        sender_name="Harbour Watch",
        sender_address="brief@briefs.example.org",
        postal_address="Harbour Watch\n1 Quay Street\nPort Example",
        contact_block="Questions? Write to [the desk](mailto:desk@briefs.example.org).",
    )
    readers, text = tmp_path / "readers.csv", tmp_path / "brief.txt"
    readers.write_text(f"email,name\n{READERS}")
    text.write_text(BRIEF)
    walk.manage(
        *("import_subscribers", str(readers), "--publication", "harbour"),
        *("--basis", "They asked for it at the quay."),
    )
    made = walk.manage("import_brief", str(text), "--publication", "harbour")
    (number,) = re.findall(r"\d+", made)[:1]
    walk.manage("publish", number)

    letters = smtp_server.wait_for(3, 60)
    assert {letter.to[0].partition("@")[0] for letter in letters} == {"ada", "bob", "cleo"}
    letter = letters[0].message
    assert letter["Subject"] == "Harbour Brief: The Port’s New Cranes"
    assert "The cranes arrived on Monday" in letter.get_body(("plain",)).get_content()
    leave = re.search(r"<https://briefs\.example\.org(/u/[^>]+)>", letter["List-Unsubscribe"])[1]
    assert desk.post(leave, {"List-Unsubscribe": "One-Click"}).ok
    # Only its own user reads what it keeps.
    assert all(path.stat().st_mode & 0o077 == 0 for path in (walk.state / "owners").iterdir())
    assert walk.stop() < 35
    assert not any(process.returncode not in (0, -15) for process in walk.running.values())
