"""A worker holds what letters need: the desk and the API stay with the web process."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"unfold.admin", "briefs.admin", "ninja", "pydantic", "django.test", "intelbrief.urls"}
WORKER = """
import sys
from intelbrief.celery import app
app.loader.import_default_modules()
from briefs.models import Publication
from subscribers import places
assert places.subscribe_url(Publication(slug="quay-notes")).endswith("/s/quay-notes/")
print(*sys.modules)
"""
WEB = "import sys, intelbrief.wsgi; print(*sys.modules)"


def loaded(program: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.sqlite_only  # what is loaded does not depend on the database
def test_a_worker_loads_neither_the_desk_nor_the_api():
    found = loaded(WORKER)
    assert "deliveries.sending" in found
    assert not HEAVY & found


@pytest.mark.sqlite_only
def test_the_web_process_loads_both_before_the_first_request():
    assert {"unfold.admin", "briefs.admin", "ninja", "intelbrief.urls"} <= loaded(WEB)
