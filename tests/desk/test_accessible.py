"""Every page of the desk, looked at by axe: labels, order, contrast in light and in dark."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.desk import scene
from tests.desk.browsing import Desk

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite_only,
    pytest.mark.django_db(transaction=True),
]
GRAVE = {"serious", "critical"}
DRESS = "is_dark => document.documentElement.classList.toggle('dark', is_dark)"


def test_no_page_of_the_desk_has_a_grave_fault(desk: Desk, smtp_server: Any) -> None:
    scene.make()
    axe = Axe()
    faults: list[str] = []
    pages = scene.pages()
    assert len(pages) > 30
    for path in pages:
        page = desk.open(path)
        if page.locator("h1").count() != 1 or not page.title().removesuffix(" | IntelBrief"):
            faults.append(f"{path} has not one title, and one heading of the first level")
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            # The desk looks at the system's scheme when a page is loaded; this is what it does.
            page.evaluate(DRESS, scheme == "dark")
            options: dict[str, Any] = {"resultTypes": ["violations"]}
            if scheme == "dark":
                options["runOnly"] = ["color-contrast"]
            faults += [
                f"{path} ({scheme}) {found['id']}: {found['nodes'][0]['html'][:160]}"
                for found in axe.run(page, options=options).response["violations"]
                if found["impact"] in GRAVE
            ]
    assert not faults, "\n".join(faults)
    assert not desk.wrong
