"""Every page of a reader, looked at by axe: on a phone and a desktop, in light and in dark."""

import datetime as dt
import itertools
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Browser, Page

from briefs.models import Publication, Topic
from subscribers import consent, forms, moving, notices, preferences, tokens
from subscribers.models import Defence, Subscription
from tests.desk.browsing import hold_still
from tests.make import make_publication, make_subscription
from tests.public.test_pages import publish

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite_only,
    pytest.mark.django_db(transaction=True),
]
AXE = Axe().axe_script
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
# A folder, for whoever wants to see each page in each look; then axe looks at all of them.
PICTURES = os.environ.get("PICTURES_OF_PAGES", "")
# The width and the colours; in the dark only these can be wrong where they were right before.
LOOKS: list[tuple[Any, Any]] = [(PHONE, "light"), (PHONE, "dark")]
if PICTURES:
    LOOKS += [(DESKTOP, "light"), (DESKTOP, "dark")]


class Stop(NamedTuple):
    """A page on the way of a reader: its address, and what is done there first."""

    name: str
    path: str
    act: Callable[[Page], object] | None = None


def press(words: str, address: str = "") -> Callable[[Page], None]:
    """Return what types *address*, if there is one, and presses the button that says *words*."""

    def act(page: Page) -> None:
        if address:
            page.locator("main form").evaluate_all("all => all.map(f => f.noValidate = true)")
            page.fill("main [name=address]", address)
        with page.expect_navigation():
            page.get_by_role("button", name=words, exact=True).first.click()

    return act


def make() -> Publication:
    """Store two publications, one of them under attack, and a brief."""
    publication = make_publication(
        name="Harbour Watch", tagline="What ships bring, each morning.", description="For *ports*."
    )
    for name in ("Baltic ports", "Grain and ice"):
        Topic.objects.create(publication=publication, name=name, slug=name[:5].lower())
    stormy = make_publication(name="Storm Warning", tagline="When it blows.", slug="storm")
    Defence.objects.create(publication=stormy, mode="on")
    publish(
        publication,
        body="The **cranes** came.[^1]\n\n- one\n- two\n\n> Said the port.\n\n`x`\n\n"
        "| Year | Boxes |\n|--|--:|\n| 2016 | 120,000 |\n\n[^1]: From the quay.",
    )
    publish(publication, headline="For the few", access="subscribers", date=dt.date(2026, 4, 7))
    return publication


def at_the_door(publication: Publication) -> Iterator[Stop]:
    """Yield what everybody may see; of a form that with its errors, which has all of the other."""
    home = f"/s/{publication.slug}/"
    yield Stop("front", "/")
    yield Stop("publication", f"/{publication.slug}/")
    yield Stop("archive", f"/{publication.slug}/archive/")
    yield Stop("month", f"/{publication.slug}/2026/04/")
    yield Stop("search", f"/{publication.slug}/search/?q=cranes")
    public, locked = publication.briefs.order_by("date")
    cite = "Cite this brief"
    yield Stop("brief", public.web_path(), lambda page: page.get_by_text(cite).click())
    # Without a worker it stays on the page that says that it is being made.
    yield Stop("pdf", f"{public.web_path()}brief.pdf")
    yield Stop("locked", locked.web_path())
    yield Stop("reading-wrong", f"{home}reading/", press("Mail me the link", "ada"))
    yield Stop("subscribe-wrong", home, press("Subscribe", "ada"))
    yield Stop("subscribe-misspelt", home, press("Subscribe", "ada@gmial.com"))
    yield Stop("thanks", f"{home}thanks/")
    yield Stop("choose-wrong", "/s/", press("Subscribe", "ada"))
    yield Stop("attack-mode", "/s/storm/", lambda page: page.wait_for_timeout(500))
    for name in ("embed", "privacy", "imprint", "preferences"):
        yield Stop(name, f"{home}{name}/")
    yield Stop("asked", f"{home}preferences/", press("Mail me the link", "ada@example.com"))
    yield Stop("broken", "/s/confirm/x")
    yield Stop("nothing", "/nothing/")


def with_a_link(publication: Publication, mailoutbox: list[Any]) -> Iterator[Stop]:
    """Yield what mailed links open, each that is changed by a press for a reader of its own."""

    def reader(name: str, status: str = "active") -> Subscription:
        address = f"{name}@a-long-domain-of-harbours.example"
        return make_subscription(publication, address, status, name="Ada Lovelace")

    def mailed(path: str) -> str:
        notices.sweep()
        words = "\n".join(mail.body for mail in mailoutbox)
        links: list[str] = re.findall(rf"http://127\.0\.0\.1:8000({path}[\w-]+)", words)
        return links[-1]

    def footer(subscription: Subscription) -> str:
        return f"/s/prefs/{tokens.unsubscribe.make(subscription.pk, 0)}"

    ada, waits, left, rests = (reader(name) for name in ("ada", "waits", "left", "rests"))
    Subscription.objects.filter(pk=waits.pk).update(status="unconfirmed")
    confirm = f"/s/confirm/{tokens.confirm.make(waits.pk)}"
    yield Stop("confirm", confirm)
    yield Stop("confirmed", confirm, press("Yes, subscribe me"))
    yield Stop("settings-saved", footer(ada), press("Save"))
    day = timezone.now().date() + dt.timedelta(days=9)
    preferences.pause(rests, day, source="preferences", origin={"ip": None, "user_agent": ""})
    yield Stop("settings-paused", footer(rests))
    moving.ask(ada, "ada@new.example")
    address = mailed("/s/address/")
    yield Stop("address", address)
    yield Stop("address-done", address, press("Yes, use this address"))
    ada.refresh_from_db()
    preferences.mail_link(ada)
    own = mailed("/s/own/")
    yield Stop("own-wrong", own, press("Ask at the new address", "ada"))
    leave = f"/u/{tokens.unsubscribe.make(ada.pk, 0)}"
    yield Stop("unsubscribe", leave, lambda page: page.locator("summary").click())
    yield Stop("erase", f"{own}/erase")
    yield Stop("erased", f"{own}/erase", press("Erase everything"))
    yield Stop("unsubscribed", f"/u/{tokens.unsubscribe.make(waits.pk, 0)}", press("Unsubscribe"))
    consent.unsubscribe(left, source="page", tells_owner=True)
    yield Stop("settings-of-none", footer(left))
    yield Stop("not-confirmed", f"/s/confirm/{tokens.confirm.make(left.pk)}")
    undo = mailed("/s/undo/")
    yield Stop("undo", undo)
    yield Stop("undone", undo, press("Restore"))


def from_right_to_left() -> Iterator[Stop]:
    """Yield the pages of a publication in Arabic, of whose words no catalogue knows."""
    publication = make_publication(name="مرصد الميناء", slug="marsad", language="ar")
    brief = publish(publication, headline="وصلت الرافعات", body="وصلت.[^1]\n\n[^1]: من الرصيف.")
    yield Stop("rtl-publication", "/marsad/")
    yield Stop("rtl-brief", brief.web_path())
    yield Stop("rtl-subscribe", "/s/marsad/")


def faults_of(page: Page, name: str) -> Iterator[str]:
    """Yield what axe finds, and whether the page must be moved sideways to be read."""
    hold_still(page)
    page.evaluate(AXE)
    for size, scheme in LOOKS:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme)
        where = f"{name} ({size['width']} px, {scheme})"
        options: dict[str, Any] = {"resultTypes": ["violations"]}
        if scheme == "dark":
            options["runOnly"] = ["color-contrast"]
        for found in page.evaluate("options => axe.run(options)", options)["violations"]:
            yield f"{where} {found['id']}: {found['nodes'][0]['html'][:160]}"
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            yield f"{where} is wider than its window"
        if PICTURES:
            path = Path(PICTURES) / f"{name}-{size['width']}-{scheme}.png"
            page.screenshot(path=path, full_page=True)


def test_no_page_of_a_reader_has_a_fault(
    browser: Browser, live_server: Any, mailoutbox: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forms, "SOONEST_SECONDS", 0)  # this visitor is no person
    publication = make()
    faults: list[str] = []
    page = browser.new_page()
    page.on("pageerror", lambda error: faults.append(f"{page.url} {error}"))
    languages = itertools.cycle(("de", "fr", "es"))
    for visits in (at_the_door(publication), with_a_link(publication, mailoutbox)):
        for stop in visits:
            # What is pressed is named in English; what is only looked at takes its turn.
            language = "en" if stop.act else next(languages)
            Publication.objects.update(language=language)
            page.goto(live_server.url + stop.path)
            if stop.act:
                stop.act(page)
            faults += faults_of(page, f"{stop.name}-{language}")
    for stop in from_right_to_left():
        page.goto(live_server.url + stop.path)
        faults += faults_of(page, stop.name)
    page.close()
    assert not faults, "\n".join(faults)
