"""./run and ./test on machines that lack something."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Processes of their own, and no database.
pytestmark = [pytest.mark.slow, pytest.mark.sqlite_only]

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = "sh cat cksum dirname rm uname".split()  # noqa: SIM905  (as one types it)


@pytest.fixture
def machine(tmp_path):
    """A folder with the scripts, and a PATH on which there is no Python yet."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in TOOLS:
        found = shutil.which(tool)
        assert found
        (tools / tool).symlink_to(found)
    project = tmp_path / "a project"
    project.mkdir()
    for name in ("run", "test", ".setup"):
        shutil.copy(ROOT / name, project)
    for name in ("requirements.txt", "requirements-dev.txt"):
        (project / name).write_text("# nothing\n")
    (project / "manage.py").write_text("import sys; print('manage.py', *sys.argv[1:])")
    return project


def install(machine: Path, name: str, script: str) -> None:
    """Put a program on the machine's PATH."""
    path = machine.parent / "bin" / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def start(machine: Path, name: str, *arguments: str, **environment: str):
    return subprocess.run(
        [f"./{name}", *arguments],
        cwd=machine,
        env={"PATH": str(machine.parent / "bin"), **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


@pytest.fixture(scope="module")
def with_venv(tmp_path_factory):
    """Return a .venv as the scripts make it: to make one takes seconds, to copy it does not."""
    made: Path = tmp_path_factory.mktemp("made") / ".venv"
    subprocess.run([the_real_python(), "-m", "venv", made], check=True)
    return made


def the_real_python() -> str:
    """Return a Python that is in no virtual environment, as it can make others."""
    return str(Path(sys.base_prefix) / "bin" / "python3")


def test_a_machine_without_python_is_told_so(machine):
    done = start(machine, "run")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer, and there is none" in done.stderr


def test_an_old_python_is_named(machine):
    # Python 3.9 runs a program and answers -V; it only fails the comparison.
    install(
        machine,
        "python3",
        'case "$*" in *version_info*) exit 1 ;; -V) echo Python 3.9.2 ;; *) exit 0 ;; esac',
    )
    done = start(machine, "run")
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; the newest here is Python 3.9.2" in done.stderr


def test_a_python_without_venv_is_told_which_package_to_install(machine):
    install(
        machine,
        "python3",
        'case "$*" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; *) exit 0 ;; esac',
    )
    done = start(machine, "run")
    assert done.returncode == 1
    assert "apt install python3.11-venv" in done.stderr


def test_it_sets_itself_up_when_it_must_and_hands_its_arguments_on(machine):
    install(machine, "python3", f'exec "{the_real_python()}" "$@"')
    first = start(machine, "run", "--once", "--json")
    assert first.returncode == 0, first.stderr
    assert first.stdout.strip() == "manage.py up --once --json"
    assert "Setting up .venv" in first.stderr
    assert start(machine, "run").stderr == ""

    (machine / "requirements.txt").write_text("# changed\n")
    assert "Setting up .venv" in start(machine, "run").stderr
    assert start(machine, "run").stderr == ""

    # As after Ctrl-C in the middle, or an upgrade of the system's Python.
    (machine / ".venv" / "bin" / "python").unlink()
    again = start(machine, "run")
    assert again.returncode == 0, again.stderr
    assert "Setting up .venv" in again.stderr

    elsewhere = subprocess.run(
        [machine / "run"],
        cwd="/",
        env={"PATH": str(machine.parent / "bin")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert elsewhere.stdout.strip() == "manage.py up"


def test_a_package_with_another_hash_is_refused(machine, with_venv):
    shutil.copytree(with_venv, machine / ".venv", symlinks=True)
    install(machine, "python3", f'exec "{the_real_python()}" "$@"')
    # No network is asked: a local file stands for what an index might serve.
    wheel = machine / "odd-1-py3-none-any.whl"
    wheel.write_bytes(b"PK")
    locked = f"odd @ {wheel.as_uri()} --hash=sha256:{'0' * 64}\n"
    (machine / "requirements.txt").write_text(locked)
    done = start(machine, "run")
    assert done.returncode == 1
    assert "HASH" in done.stderr.upper()
    assert not done.stdout
    assert not (machine / ".venv" / "installed-requirements.txt").exists()


def test_the_tests_run_on_both_databases_and_tell_on_which_they_failed(machine, with_venv):
    shutil.copytree(with_venv, machine / ".venv", symlinks=True)
    install(machine, "python3", f'exec "{the_real_python()}" "$@"')
    fake = machine / "pytest.py"
    fake.write_text("import sys; print(sys.argv[1:]); sys.exit('postgres' in sys.argv)")
    done = start(machine, "test", "tests/ops", "-k", "two words")
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        "['--database', 'sqlite', '-n', '2', 'tests/ops', '-k', 'two words']",
        "['--database', 'postgres', '-n', '2', 'tests/ops', '-k', 'two words']",
    ]
    assert done.stderr.endswith("Tests failed on postgres.\n")
    # What ./test has installed contains all that ./run needs.
    assert start(machine, "run").stderr == ""
    assert start(machine, "test", "-x", "--database=sqlite").returncode == 0
    assert start(machine, "test", "--database", "sqlite", "-x").returncode == 0
