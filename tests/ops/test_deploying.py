"""The files to deploy by: checked by their own tools, and against the code that they start."""

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from intelbrief import clean_input
from tests.conftest import ROOT

DEPLOY = ROOT / "deploy"
UNITS = DEPLOY / "systemd"
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
# What the images of others, the shell and Python read.
NOT_OURS = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "PORT", "PYTHON", "PDF"}

pytestmark = pytest.mark.sqlite_only


def known_variables():
    """Return the variables that the settings read, each also as NAME_FILE."""
    text = (ROOT / "intelbrief" / "settings.py").read_text()
    names = set(re.findall(r'(?:env\.\w+|_key)\(\s*"([A-Z_0-9]+)"', text))
    return names | {f"{name}_FILE" for name in names} | {"POSTMARK_SERVER_TOKEN"}


def named_variables():
    """Yield (file, variable) of all that the files set for us."""
    for name in COMPOSE["x-app"]["environment"]:
        yield "compose.yaml", name
    for name in re.findall(r"\$\{([A-Z_]+)", (ROOT / "compose.yaml").read_text()):
        yield "compose.yaml", name
    docker = (ROOT / "Dockerfile").read_text()
    for name in re.findall(r"^(?:ENV|ARG)?\s+([A-Z_]+)=", docker, re.MULTILINE):
        yield "Dockerfile", name
    for name in re.findall(r"^#?([A-Z_]+)=", (DEPLOY / "env.example").read_text(), re.MULTILINE):
        yield "env.example", name
    for unit in UNITS.rglob("*.*"):
        if unit.is_file():
            for line in re.findall(r"^Environment=(.*)", unit.read_text(), re.MULTILINE):
                yield from ((unit.name, word.partition("=")[0]) for word in line.split())


def test_each_variable_that_is_set_is_one_that_is_read():
    named = set(named_variables())
    assert len(named) > 20
    unknown = {(file, name) for file, name in named if name not in known_variables() | NOT_OURS}
    assert not unknown


def commands():
    """Return {file: command lines} of each way to start it."""
    services = COMPOSE["services"].values()
    procfile = (ROOT / "Procfile").read_text().splitlines()
    units = [path.read_text() for path in UNITS.glob("*.service")]
    return {
        "compose": [
            shlex.join(s["command"]) for s in services if isinstance(s.get("command"), list)
        ],
        "Procfile": [line.partition(": ")[2] for line in procfile],
        "systemd": re.findall(r"^ExecStart=(.*)", "\n".join(units), re.MULTILINE),
    }


@pytest.mark.parametrize("way", ["compose", "Procfile", "systemd"])
def test_each_queue_is_worked_on_and_somebody_ticks(way):
    lines = commands()[way]
    consumed = {q for line in lines for qs in re.findall(r"-Q (\S+)", line) for q in qs.split(",")}
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert consumed == routed | {settings.CELERY_TASK_DEFAULT_QUEUE}
    # Letters have workers of their own: a confirmation never waits behind a million.
    assert not [line for line in lines if "editions," in line or ",editions" in line]
    assert any(" beat " in line for line in lines)
    # Two workers on one host are told apart by their names.
    names = re.findall(r"-n (\S+)", "\n".join(lines))
    assert len(names) == len(set(names)) == 2


def test_the_image_takes_in_all_that_is_imported_and_nothing_secret():
    let_in = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    roots = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    assert (
        set(roots["root_packages"])
        | {"templates", "static", "locale", "manage.py", "pyproject.toml"}
        <= let_in
    )
    assert all((ROOT / name).exists() for name in let_in)
    assert not {".env", "var", "secrets", ".git", "tests"} & let_in
    docker = (ROOT / "Dockerfile").read_text()
    for sources in re.findall(r"^COPY (?!--from)(.*) \S+$", docker, re.MULTILINE):
        assert set(sources.split()) <= let_in | {"."}
    assert re.findall(r"^USER (\S+)", docker, re.MULTILINE) == ["intelbrief"]
    assert "--require-hashes" in docker
    assert "/healthz" in docker
    (start,) = re.findall(r"^CMD (\[.*\])$", docker, re.MULTILINE)
    assert json.loads(start)[0] == "granian"


def test_what_is_for_those_who_watch_from_inside_is_not_for_the_world():
    nginx = (DEPLOY / "nginx" / "intelbrief.conf").read_text()
    caddy = (DEPLOY / "Caddyfile").read_text()
    for page in ("/metrics", "/readyz"):
        assert f"location = {page} {{ return 404; }}" in nginx
        assert re.search(rf"@inside path .*{page}", caddy)
    assert "proxy_set_header X-Forwarded-Proto $scheme;" in nginx
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in nginx, "replaced, not added to"
    # Slow senders wait there, and not in a thread of ours; 8 MB is what the desk takes.
    assert "proxy_request_buffering on;" in nginx
    assert "request_buffers 8MB" in caddy
    assert clean_input.LARGEST_AT_THE_DESK <= 8_000_000
    # A program is told of X_Forwarded_For under the same name.
    assert "underscores_in_headers on;" not in nginx
    assert re.search(r"^\trequest_header -\*_\*$", caddy, re.MULTILINE)


@pytest.mark.slow
def test_docker_compose_reads_its_file_without_a_word(tmp_path):
    if not (compose := shutil.which("docker-compose")):
        pytest.skip("no docker-compose on this machine (on Debian: apt-get install docker-compose)")
    done = subprocess.run(
        [compose, "-f", str(ROOT / "compose.yaml"), "config"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    read = yaml.safe_load(done.stdout)
    assert {"web", "editions", "others", "beat", "migrate", "postgres", "redis"} <= set(
        read["services"]
    )
    for name in ("web", "editions", "others", "beat"):
        assert read["services"][name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"}
        }


@pytest.mark.slow
def test_systemd_reads_the_units_without_a_word(tmp_path):
    if not (analyze := shutil.which("systemd-analyze")):
        pytest.skip("no systemd on this machine")
    units = tmp_path / "units"
    shutil.copytree(UNITS, units)
    for unit in units.glob("*.service"):
        # Whether what it starts is there is asked too.
        text = unit.read_text()
        assert "/opt/intelbrief/.venv/bin/" in text
        unit.write_text(re.sub("/opt/intelbrief/.venv/bin/[a-z]+", "/bin/true", text))
    files = [path for path in units.iterdir() if path.is_file()]
    done = subprocess.run(
        [analyze, "verify", "--man=no", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.slow
def test_keys_are_made_once_and_for_their_owner_alone(tmp_path):
    folder = tmp_path / "secrets"
    made = [_make_keys(folder), _make_keys(folder)]
    assert made[0] == made[1]
    assert folder.stat().st_mode & 0o077 == 0
    assert len({made[0][name] for name in made[0]}) == len(made[0])
    assert all(len(value) >= 64 for name, value in made[0].items())
    assert set(COMPOSE["secrets"]) == set(made[0])
    for name, value in COMPOSE["secrets"].items():
        assert Path(value["file"]).name == name


def _make_keys(folder):
    subprocess.run(["sh", str(DEPLOY / "make-keys.sh"), str(folder)], check=True)
    return {path.name: path.read_text() for path in folder.iterdir()}
