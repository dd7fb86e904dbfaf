"""The system checks: each names what is wrong, which, and what to do."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from intelbrief import checks

# Processes of their own, and no database.
pytestmark = pytest.mark.sqlite_only

ROOT = Path(__file__).resolve().parent.parent.parent
KEY = "k" * 48
PRODUCTION = {
    "SITE_URL": "https://briefs.example.org",
    "SECRET_KEY": "Zk3-vu8PqLw2_XcR9tYb5NmJh7GdFs4AeQ1oWiKxTz6pVnUyBr",
    "TOKEN_KEYS": KEY,
    "SUPPRESSION_KEY": KEY,
    "WEBHOOK_SECRET": f"user:{KEY}",
    "EMAIL_PROVIDER": "postmark",
    "POSTMARK_SERVER_TOKEN": "a-token",
}


def manage(tmp_path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py in an environment of its own."""
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "ENV_FILE": os.devnull,
            "VAR_DIR": str(tmp_path / "var"),
            **environment,
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )


def test_a_production_environment_has_no_warning_at_all(tmp_path):
    arguments = ("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    done = manage(tmp_path, *arguments, **PRODUCTION)
    # Where the tests themselves run in a container, that one warning is right.
    if checks.filesystem_of(tmp_path) not in checks.FLEETING:
        assert done.returncode == 0, done.stderr
        assert "no issues" in done.stdout
    assert not (tmp_path / "var" / "keys").exists()


def test_keys_may_come_from_files(tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY + "\n")
    environment = {**PRODUCTION, "SUPPRESSION_KEY_FILE": str(key)}
    del environment["SUPPRESSION_KEY"]
    done = manage(tmp_path, "manage.py", "check", **environment)
    assert done.returncode == 0, done.stderr


def test_a_public_site_without_keys_is_told_which_and_how_to_make_them(tmp_path):
    done = manage(tmp_path, "manage.py", "check", SITE_URL="https://briefs.example.org")
    assert done.returncode == 1
    for words in (
        "(intelbrief.E001) SECRET_KEY is not set",
        "(intelbrief.E002) TOKEN_KEYS is not set",
        "(intelbrief.E003) SUPPRESSION_KEY is not set",
        "(intelbrief.E007) Nobody carries the mail",
        "Set SECRET_KEY or SECRET_KEY_FILE. Make one with: python3 -c",
    ):
        assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("-c", "import intelbrief.wsgi"),
        ("-m", "celery", "-A", "intelbrief", "worker", "-P", "solo"),
        ("manage.py", "up"),
    ],
)
def test_nothing_starts_without_keys(tmp_path, arguments):
    done = manage(tmp_path, *arguments, SITE_URL="https://briefs.example.org")
    assert done.returncode == 1
    assert "(intelbrief.E001) SECRET_KEY is not set" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("environment", "words"),
    [
        (
            {"EMAIL_PROVIDER": "postmark"},
            '(intelbrief.E010) PROVIDERS["main"] has no token. Set POSTMARK_SERVER_TOKEN or ',
        ),
        (
            {"EMAIL_PROVIDER": "mailjet", "MAILJET_API_KEY": "x"},
            "Set MAILJET_SECRET_KEY or MAILJET_SECRET_KEY_FILE.",
        ),
        ({"EMAIL_PROVIDER": "pigeon"}, '(intelbrief.E008) PROVIDERS["main"] is “pigeon”'),
        ({"EMAIL_PROVIDER": "smtp"}, "(intelbrief.E009)"),
        ({"EMAIL_URL": "smtp://u:p@relay.example.org:587"}, "(intelbrief.W005)"),
        ({"PROVIDERS": '{"main": 3}'}, "(intelbrief.E006) PROVIDERS is malformed."),
        ({"PROVIDERS": '["postmark"]'}, "(intelbrief.E006) PROVIDERS is malformed."),
        (
            {"PROVIDERS": '{"main": {"provider": "postmark", "ramp": [50, 20]}}'},
            '(intelbrief.E014) “ramp” of PROVIDERS["main"] is [50, 20].',
        ),
        ({"PROVIDERS": '{"main"'}, 'Environment variable "PROVIDERS" invalid'),
        ({"DATABASE_URL": "nonsense://x"}, 'Environment variable "DATABASE_URL" invalid'),
        ({"DEBUG": "perhaps"}, 'Environment variable "DEBUG" invalid'),
        ({"UNMATCHED_EVENT_DAYS": "1e9"}, 'Environment variable "UNMATCHED_EVENT_DAYS" invalid'),
        ({"SITE_URL": "briefs.example.org"}, "(intelbrief.E004)"),
        ({"DEBUG": "1", "SITE_URL": "https://b.example.org"}, "(intelbrief.E005) DEBUG is on"),
        ({"SITE_URL": "http://b.example.org"}, "(intelbrief.W002) SITE_URL has no https"),
        ({"SECRET_KEY": "short"}, "(intelbrief.W001) SECRET_KEY has fewer than 32"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, environment, words):
    done = manage(tmp_path, "manage.py", "check", "--fail-level", "WARNING", **environment)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_an_esp_whose_library_is_not_installed_is_named(tmp_path):
    # The tests have the library: here Python finds one that cannot be imported before it.
    (tmp_path / "boto3.py").write_text('raise ImportError("not installed")\n')
    environment = {"EMAIL_PROVIDER": "amazon-ses", "PYTHONPATH": str(tmp_path)}
    done = manage(tmp_path, "manage.py", "check", **environment)
    assert done.returncode == 1
    assert "(intelbrief.E011)" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_esp_whose_webhooks_nothing_is_known_by_is_an_error(tmp_path):
    environment = {**PRODUCTION, "WEBHOOK_SECRET": ""}
    done = manage(tmp_path, "manage.py", "check", **environment)
    assert done.returncode == 1
    assert "(intelbrief.E016)" in done.stderr


@pytest.mark.parametrize(
    "url",
    [
        "submission://user:p%40ss@relay.example.org",
        "smtp://user:pass@relay.example.org:465/?ssl=True",
        "smtp://user:pass@relay.example.org:587/?tls=true",
        "smtp://127.0.0.1:25",
    ],
)
def test_a_relay_that_is_reached_safely_is_in_order(url):
    assert list(checks._relay("main", url)) == []


def test_two_lanes_are_read_in_their_order(tmp_path):
    lanes = {"bulk": {"provider": "Amazon-SES"}, "spare": {"provider": "smtp", "url": "smtp://h"}}
    script = "from django.conf import settings; print([*settings.PROVIDERS.items()])"
    done = manage(tmp_path, "manage.py", "shell", "-v0", "-c", script, PROVIDERS=json.dumps(lanes))
    assert done.stdout.strip() == str(
        [
            ("bulk", {"provider": "amazon_ses"}),
            ("spare", {"provider": "smtp", "url": "smtp://h"}),
        ]
    ), done.stderr


MOUNTS = r"""
22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 0:5 / /run rw shared:2 - tmpfs tmpfs rw
24 22 0:9 / /srv/my\040site rw - xfs /dev/sdb rw
25 24 0:9 / /srv/my\040site rw - overlay overlay rw
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/intelbrief", "ext4"),
        ("/run/intelbrief", "tmpfs"),
        ("/runner/intelbrief", "ext4"),
        ("/srv/my site/var", "overlay"),
    ],
)
def test_the_file_system_of_a_folder_is_found(tmp_path, path, kind):
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS.strip() + "\n")
    assert checks.filesystem_of(Path(path), mounts) == kind


def test_a_var_folder_that_does_not_last_is_a_warning(settings, monkeypatch):
    monkeypatch.setattr(checks, "filesystem_of", lambda path: "tmpfs")
    assert [message.id for message in checks.look()] == ["intelbrief.W004"]


def test_hosts_below_the_site_and_a_preload_are_for_the_owner_of_the_domain_to_decide(tmp_path):
    names = "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD"
    script = f"from django.conf import settings as s; print(*[getattr(s, n) for n in {names}])"
    arguments = ("manage.py", "shell", "-v0", "-c", script)
    assert manage(tmp_path, *arguments, **PRODUCTION).stdout.strip() == "False False"
    chosen = {**PRODUCTION, **dict.fromkeys(names, "true")}
    assert manage(tmp_path, *arguments, **chosen).stdout.strip() == "True True"
