"""The quick start of docs/api.md, run as it stands against a real server."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from briefs.models import Brief, Publication
from deliveries.models import Edition
from subscribers.models import Subscription
from tests.api.conftest import Program

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sqlite_only]
PAGE = Path(__file__).resolve().parents[2] / "docs" / "api.md"


def test_the_quick_start_does_what_it_says(
    live_server: Any, publication: Publication, settings: Any
) -> None:
    settings.CHECK_OUTSIDE = False
    program = Program(publication, "owner")
    where = {**os.environ, "SITE": live_server.url, "KEY": program.plain}
    blocks = re.findall(
        r"```(\w+) title=\"quick.start\.\w+\"\n(.*?)```", PAGE.read_text(), re.DOTALL
    )
    assert [kind for kind, _words in blocks] == ["sh", "python"]
    for kind, words in blocks:
        command = ["bash", "-euo", "pipefail", "-c"] if kind == "sh" else [sys.executable, "-c"]
        done = subprocess.run(
            [*command, words], env=where, capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
    assert Edition.objects.get().brief.headline == "Two cranes arrive"
    assert Brief.objects.get(headline="A third crane").body == "It came by night."
    assert Subscription.objects.get().status == "active"
    assert "ada@example.com active" in done.stdout
