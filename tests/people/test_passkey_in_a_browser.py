"""A passkey in a real browser: set up, and then all that is needed to log in."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, expect

from briefs.models import AccountEntry, User
from tests.people.conftest import PASSWORD

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite_only,
    pytest.mark.django_db(transaction=True),
]


def test_a_passkey_is_set_up_and_logs_in_alone(
    browser: Browser, live_server: Any, olga: User
) -> None:
    # A passkey belongs to a name; a bare number has none.
    url = live_server.url.replace("127.0.0.1", "localhost")
    wrong: list[str] = []
    page = browser.new_context(viewport={"width": 900, "height": 900}).new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda line: wrong.append(line.text) if line.type == "error" else None)
    chip = page.context.new_cdp_session(page)
    chip.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    chip.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    page.goto(f"{url}/accounts/2fa/passkeys/add/")
    found = Axe().run(page).response["violations"]
    page.get_by_label("E-mail address").fill(olga.email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name").fill("my laptop")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Recovery codes")
    page.get_by_role("link", name="I have them").click()
    expect(page.get_by_text("my laptop")).to_be_visible()
    expect(page.get_by_text("logs in alone")).to_be_visible()
    found += Axe().run(page).response["violations"]
    page.get_by_role("button", name="Log out").click()

    page.get_by_role("button", name="Log in with a passkey").click()
    page.wait_for_url(f"{url}/admin/")
    assert AccountEntry.objects.latest("pk").words == "passkey"
    assert wrong == []
    assert [(one["id"], [n["target"] for n in one["nodes"]]) for one in found] == []
    page.context.close()
