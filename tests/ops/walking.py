"""Walks the way of docs/deploy.md, from keys to a brief that was read, as an operator does.

Commands go through deploy/manage, processes are those of the units, and the
desk is opened as behind a proxy with TLS.
"""

import os
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import requests

from intelbrief.ops.instance import free_port
from intelbrief.ops.visitor import Page

ADMIN = "ada@briefs.example.org"
PASSWORD = "a-crane-at-the-quay-4"
UNITS = ("web", "editions", "others", "beat")


class Walk:
    """An installation in folders of its own: *home* has the code and .venv, *folder* the rest."""

    def __init__(self, home: Path, folder: Path, settings: dict[str, str], user: str = "") -> None:
        self.home = home
        self.etc, self.state = folder / "etc", folder / "state"
        self.settings = settings
        self.user = user
        self.port = free_port()
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    # --- what stands in docs/deploy.md ------------------------------------

    def configure(self) -> None:
        """Make the keys, and /etc/intelbrief/env from its example."""
        self.etc.mkdir(parents=True)
        keys = ["sh", str(self.home / "deploy" / "make-keys.sh"), str(self.etc / "keys")]
        subprocess.run(keys, check=True, capture_output=True)
        example = (self.home / "deploy" / "env.example").read_text()
        names = "|".join(self.settings)
        kept = re.sub(rf"^({names})=.*\n", "", example, flags=re.MULTILINE)
        given = "".join(f"{name}={value}\n" for name, value in self.settings.items())
        (self.etc / "env").write_text(kept + given)

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run a command as deploy/manage does; return what it printed."""
        done = subprocess.run(
            ["sh", str(self.home / "deploy" / "manage"), *arguments],
            env={
                "PATH": os.environ["PATH"],
                "INTELBRIEF_HOME": str(self.home),
                "INTELBRIEF_ETC": str(self.etc),
                "INTELBRIEF_USER": self.user or "root",
                "VAR_DIR": str(self.state),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        """Start what the units start, with what they set."""
        units = self.home / "deploy" / "systemd"
        common = (units / "intelbrief-.service.d" / "common.conf").read_text()
        for name in UNITS:
            text = (units / f"intelbrief-{name}.service").read_text()
            (line,) = re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE)
            line = line.replace("%%", "%").replace("/tmp/beat", str(self.state / "beat"))
            line = line.replace("/opt/intelbrief", str(self.home))
            line = line.replace("8000", str(self.port))
            # One is enough for one visitor.
            line = line.replace("--workers 2", "--workers 1")
            self.running[name] = subprocess.Popen(
                [*self._as_user(), *shlex.split(line)],
                cwd=self.home,
                env=self._environment(common + text),
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                umask=0o077,
            )

    def _as_user(self) -> list[str]:
        if not self.user:
            return []
        return ["setpriv", f"--reuid={self.user}", "--clear-groups", "--no-new-privs"]

    def _environment(self, units: str) -> dict[str, str]:
        found = {"PATH": os.environ["PATH"]}
        for line in (self.etc / "env").read_text().splitlines():
            name, is_there, value = line.partition("=")
            if is_there and not name.startswith("#"):
                found[name] = value
        for line in re.findall(r"^Environment=(.*)$", units, re.MULTILINE):
            for word in line.split():
                name, _, value = word.partition("=")
                found[name] = value.replace("%d", str(self._credentials()))
        return found | {"VAR_DIR": str(self.state)}

    def _credentials(self) -> Path:
        """Return the folder where systemd would have put the keys."""
        folder = self.state / "credentials"
        if not folder.exists():
            folder.mkdir(mode=0o755)
            for key in (self.etc / "keys").iterdir():
                (folder / key.name).write_text(key.read_text())
                (folder / key.name).chmod(0o644)
        return folder

    def stop(self) -> float:
        """End all as systemd does; return the seconds that it took."""
        asked_at = time.monotonic()
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(40)
        return time.monotonic() - asked_at

    def kill(self) -> None:
        """Leave nothing running, however the walk ended."""
        for process in self.running.values():
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


class Browser:
    """Who opens the site through a proxy that has the certificate."""

    def __init__(self, port: int, host: str) -> None:
        self.inside = f"http://127.0.0.1:{port}"
        self.outside = f"https://{host}"
        self.headers = {"Host": host, "X-Forwarded-Proto": "https"}
        self.cookies: dict[str, str] = {}

    def open(self, path: str) -> requests.Response:
        """Return what *path* shows, through redirects."""
        return self._follow(self._ask("GET", path))

    def post(self, path: str, fields: dict[str, str]) -> requests.Response:
        """Post a form, and return what it leads to."""
        headers = {"Origin": self.outside, "Referer": self.outside + path}
        return self._follow(self._ask("POST", path, data=fields, headers=headers))

    def _follow(self, answer: requests.Response) -> requests.Response:
        while answer.is_redirect:
            path = answer.headers["Location"].removeprefix(self.outside)
            assert path.startswith("/"), path
            answer = self._ask("GET", path)
        return answer

    def _ask(self, method: str, path: str, **options: Any) -> requests.Response:
        # By hand: to a real browser all of it came by https, and it sends what is Secure.
        with requests.Session() as session:
            session.headers.update(self.headers)
            session.headers["Cookie"] = "; ".join(f"{n}={v}" for n, v in self.cookies.items())
            answer = session.request(
                method, self.inside + path, allow_redirects=False, timeout=60, **options
            )
            self.cookies |= {one.name: one.value or "" for one in answer.cookies}
        return answer

    def is_up(self) -> bool:
        """Tell whether the site answers."""
        try:
            return self.open("/healthz").ok and self.open("/").ok
        except requests.ConnectionError:
            return False

    def log_in(self) -> None:
        """Fill in the form of the desk."""
        page = self.open("/admin/")
        (form,) = [
            form
            for form in Page(page.url, page.status_code, page.text).forms()
            if "password" in form.fields
        ]
        who: dict[str, str] = {name: ADMIN for name in ("username", "login") if name in form.fields}
        path = page.url.removeprefix(self.inside)
        done = self.post(form.action or path, form.fields | who | {"password": PASSWORD})
        assert done.status_code == 200, done.text
        assert "password" not in {
            name for form in Page(done.url, 200, done.text).forms() for name in form.fields
        }, "still the form to log in"

    def add_publication(self, **filled: str) -> None:
        """Fill in the form of a new publication, and leave the rest as it is offered."""
        path = "/admin/briefs/publication/add/"
        page = self.open(path)
        assert page.ok, page.text
        fields = _fields(page.text)
        done = self.post(path, {**fields, **filled})
        assert done.ok
        errors = re.findall(r'class="[^"]*errorlist[^"]*".*?</ul>', done.text, re.DOTALL)
        assert not errors, errors


def _fields(text: str) -> dict[str, str]:
    """Return what a browser would send of the form that has a name in it, untouched."""
    (form,) = [
        form
        for form in Page("", 200, text).forms()
        if "name" in form.fields and "slug" in form.fields
    ]
    fields = dict(form.fields)
    chosen = re.findall(
        r'<select name="([^"]+)".*?<option value="([^"]*)"[^>]*selected', text, re.DOTALL
    )
    written = re.findall(r'<textarea name="([^"]+)"[^>]*>(.*?)</textarea>', text, re.DOTALL)
    fields |= dict(chosen) | {name: words.strip() for name, words in written}
    return fields
