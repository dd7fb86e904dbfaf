"""What pages of the documentation have operators type besides `manage.py`, run as it stands."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from django.core.management import get_commands, load_command_class
from django.db import connection

from subscribers.models import Subscription
from subscribers.tokens import unsubscribe_url
from tests import make

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [ROOT / "README.md", ROOT / "docs" / "deploy.md", ROOT / "docs" / "upgrading.md"]


def _blocks(page: str, kind: str = r"\w*") -> list[str]:
    text = (ROOT / "docs" / page).read_text()
    found = re.findall(rf"^ *```{kind}\n(.*?)^ *```$", text, re.MULTILINE | re.DOTALL)
    return [block for block in found if isinstance(block, str)]


@pytest.mark.sqlite_only
@pytest.mark.django_db(transaction=True)
def test_who_left_since_a_backup_leaves_again_by_the_access_log(live_server, tmp_path):
    for tool in ("bash", "curl", "grep", "xargs"):
        if shutil.which(tool) is None:
            pytest.skip(f"no {tool} on this machine")
    publication = make.make_publication()
    left, stayed = [make.make_subscription(publication) for _ in range(2)]
    paths = [unsubscribe_url(one.pk).partition("/u/")[2] for one in (left, stayed)]
    (tmp_path / "access.log").write_text(
        f'192.0.2.4 - - [06/Apr/2026] "POST /u/{paths[0]} HTTP/1.1" 200 12\n' * 2
        + f'192.0.2.5 - - [06/Apr/2026] "GET /u/{paths[1]} HTTP/1.1" 200 12\n'
    )
    (command,) = (block for block in _blocks("backup.md") if "POST /u/" in block)
    command = command.replace("https://briefs.example.org", live_server.url)
    subprocess.run(
        ["bash", "-euo", "pipefail", "-c", command],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        timeout=60,
    )
    found = dict(Subscription.objects.values_list("pk", "status"))
    assert found == {left.pk: "unsubscribed", stayed.pk: "active"}


@pytest.mark.sqlite_only
def test_the_short_name_of_deployed_commands_takes_what_is_shown():
    shown = {
        line
        for page in PAGES
        for line in re.findall(r"(?m)(?:^|&& )(intelbrief [a-z_]+[^&\n]*)", page.read_text())
    }
    assert len(shown) > 8
    for line in sorted(shown):
        _intelbrief, name, *given = shlex.split(line, comments=True)
        command = load_command_class(get_commands()[name], name)
        command.create_parser("intelbrief", name).parse_args(given)


@pytest.mark.postgres_only
@pytest.mark.django_db
def test_the_settings_of_autovacuum_are_taken():
    with connection.cursor() as cursor:
        for block in _blocks("retention.md", "sql"):
            cursor.execute(block)
        cursor.execute("SELECT reloptions FROM pg_class WHERE relname = 'deliveries_delivery'")
        assert "autovacuum_vacuum_scale_factor=0.02" in cursor.fetchone()[0]
