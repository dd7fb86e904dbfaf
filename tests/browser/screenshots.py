"""Takes the pictures of docs/images: `python -m tests.browser.screenshots [NAME …]`.

Runs an installation of its own with an invented newsroom; needs Chromium and
what `./test` installs. With names it takes those pictures only, those of the
public archive by "archive"; IMAGES is another folder than docs/images.
"""

import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, sync_playwright

from tests.browser import archive
from tests.browser.photographer import Photographer, Shot
from tests.browser.pictures import brief, shots

ROOT = Path(__file__).resolve().parent.parent.parent
IMAGES = Path(os.environ.get("IMAGES", ROOT / "docs" / "images"))
PATIENCE = 300  # seconds
ARCHIVE = "from tests.browser.arabic import fill; fill()"
ENTERING = "from tests.browser.entering import fill; fill()"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


def fill(environment: dict[str, str], code: str) -> dict[str, Any]:
    """Fill the installation by *code*, which prints JSON: what its pages are called."""
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "-v0", "-c", code],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    made: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return made


def photograph(photographer: Photographer, made: dict[str, Any], names: list[str]) -> None:
    """Take every picture, or those called *names*."""
    # Somebody else has a brief open all the while, and says so every ten seconds.
    edgar = photographer.open(brief(made, "busy"), "edgar")
    edgar.locator("[name=preheader]").press_sequentially("Fruit does not wait")
    for shot in [*shots(made), *mails(photographer)]:
        if not names or shot.name in names:
            try:
                photographer.take(shot)
            except Error as error:  # one page that is not as expected spoils no other
                photographer.faults.append(f"{shot.name}: {error.message}")
            print(shot.name, flush=True)


def list_them(folder: Path) -> None:
    """Write down which pictures there are, page by page."""
    names = sorted(file.stem for file in folder.glob("*.png"))
    lines = ["# The pages of the desk and of the archive", "",
             "Taken by `.venv/bin/python -m tests.browser.screenshots`; all people are invented.",
             "[A day at the desk](../editors.md) tells what they show.", "",
             "| page | desktop | | phone | |", "|---|---|---|---|---|"]  # fmt: skip
    for name in names:
        if not name.endswith(("-phone", "-dark")) or f"{name}-phone" in names:
            ends = {"": "light", "-dark": "dark", "-phone": "light", "-phone-dark": "dark"}
            cells = [
                f"[{word}]({name}{end}.png)" if f"{name}{end}" in names else ""
                for end, word in ends.items()
            ]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    (folder / "README.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


def mails(photographer: Photographer) -> list[Shot]:
    """Return the pictures of the inbox, in which the letters have just arrived."""
    page = photographer.open("/inbox/", "")
    letters = page.locator("a[href^='/inbox/0']").filter(has_text="Six Ships")
    letter = letters.first.get_attribute("href")
    page.close()
    return [
        Shot("inbox", letter or "/inbox/", who="", is_plain=True),
        Shot("mail", f"{letter}html/?scheme=light", who="", is_plain=True),
        Shot("mail-dark", f"{letter}html/?scheme=dark", who="", is_plain=True),
    ]


def run(browser: Browser, url: str, environment: dict[str, str], names: list[str]) -> list[str]:
    """Fill the site at *url*, take it, and return what was wrong on its pages."""
    password = secrets.token_urlsafe(12)
    environment = {**environment, "SITE_URL": url}
    newsroom = f"from tests.browser.newsroom import fill; fill({password!r})"
    made = fill(environment, newsroom)
    photographer = Photographer(browser, url, IMAGES)
    photographer.log_in("ines", "admin@example.com", password)
    for who in ("wanda", "edgar"):
        photographer.log_in(who, f"{who}@meridian.example", password)
    made |= fill(environment, ENTERING) | {"password": password}
    photograph(photographer, made, names)
    if not names or "archive" in names:
        archive.photograph(photographer, fill(environment, ARCHIVE))
        list_them(photographer.folder)
    return photographer.faults


def main() -> None:
    """Start a site, fill it, take it, end it."""
    os.environ.setdefault("INTELBRIEF_TEST_DATABASE", "sqlite")
    from intelbrief.ops.reaper import Reaper
    from tests import services

    services.reaper = Reaper()
    from tests.ops.installation import Installation, Running

    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if chromium is None:
        sys.exit("No Chromium on this machine (on Debian: apt-get install chromium).")
    IMAGES.mkdir(parents=True, exist_ok=True)
    installation = Installation()
    try:
        running = Running(installation.start("--port", str(installation.port)))
        running.wait_for("Ctrl-C stops it.", PATIENCE)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=chromium,
                args=["--no-sandbox", "--disable-background-networking"],
            )
            url = f"http://127.0.0.1:{installation.port}"
            faults = run(browser, url, installation.environment, sys.argv[1:])
            browser.close()
    finally:
        installation.remove()
    if faults:
        sys.exit("\n".join(faults))


if __name__ == "__main__":
    main()
