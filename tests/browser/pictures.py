"""Which pages are taken for docs/images, and in what state."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from tests.browser.photographer import DESKTOP, Shot

PASTED = """March 3, 2026

Meridian Daily: A Second Breaker Sails at Noon

• The crew came back on Sunday night
• She needs four days to the strait
• Two ships have turned for the south

The ministry paid for a fourth week, and the crew of the second breaker came aboard
before midnight.
"""


def click(selector: str, after: int = 500) -> Callable[[Page], None]:
    """Return what clicks the first *selector* that is seen, and waits *after* milliseconds."""

    def act(page: Page) -> None:
        page.locator(selector).locator("visible=true").first.click()
        page.wait_for_timeout(after)

    return act


def scroll(selector: str) -> Callable[[Page], None]:
    """Return what brings *selector* to the upper part of the window."""

    def act(page: Page) -> None:
        found = page.locator(selector).first
        found.evaluate("one => one.scrollIntoView({block: 'start', behavior: 'instant'})")
        page.mouse.move(5, 5)
        # The head of the page stays in place, and lies over what was scrolled to its top.
        page.evaluate(
            """() => { for (const one of [document.scrollingElement,
               ...document.querySelectorAll('main, #main, #page, .overflow-auto')])
               one.scrollBy({top: -90, behavior: 'instant'}); }"""
        )
        page.wait_for_timeout(200)

    return act


def centre(selector: str) -> Callable[[Page], None]:
    """Return what brings *selector* to the middle of the window, on a desktop."""

    def act(page: Page) -> None:
        if (page.viewport_size or DESKTOP)["width"] == DESKTOP["width"]:
            page.locator(selector).first.evaluate("one => one.scrollIntoView({block: 'center'})")

    return act


def all_of(*acts: Callable[[Page], object]) -> Callable[[Page], None]:
    """Return what does *acts* in turn."""

    def act(page: Page) -> None:
        for one in acts:
            one(page)

    return act


def previewed(page: Page) -> None:
    """Wait for the server's preview."""
    page.wait_for_function("document.querySelector('[data-preview-frame]').srcdoc.length > 100")
    page.wait_for_timeout(700)


def checked(page: Page) -> None:
    """Wait for what the preflight says, and show it."""
    page.locator("[data-findings] summary").wait_for()
    click("[data-findings] summary")(page)


def paste(page: Page) -> None:
    """Open the dialog of a whole brief, with one in it."""
    click("[data-paste-open]")(page)
    page.locator("[data-paste-text]").fill(PASTED)


def tool(name: str) -> Callable[[Page], None]:
    """Return what opens the dialog of the tool *name* of the body."""
    return click(f".field-body [data-tool={name}], [aria-controls=id_body] [data-tool={name}]", 800)


def tab(name: str) -> Callable[[Page], None]:
    """Return what opens the tab *name* of a form."""

    def act(page: Page) -> None:
        page.get_by_text(name, exact=True).locator("visible=true").first.click()
        page.wait_for_timeout(900)

    return act


def printed(page: Page) -> None:
    """Show a page as it is printed on A4."""
    page.set_viewport_size({"width": 720, "height": 1018})
    page.emulate_media(media="print")


def shots(made: dict[str, Any]) -> list[Shot]:
    """Return every picture, with the numbers of *made* in their addresses."""
    return [*_desk(made), *_form(made), *_signing_off(made), *_send(made), *_reports(made),
            *_readers(made), *_house(made), *_public(), *_entering(made)]  # fmt: skip


def brief(made: dict[str, Any], name: str) -> str:
    """Return the address of the form of the brief *name*."""
    return f"/admin/briefs/brief/{made[name]}/change/"


def _desk(made: dict[str, Any]) -> list[Shot]:
    return [
        Shot("log-in", "/admin/login/", who=""),
        Shot("dashboard", "/admin/"),
        Shot("briefs", "/admin/briefs/brief/"),
        Shot("calendar", "/admin/deliveries/edition/calendar/", centre(".ib-day-today")),
        Shot("audit", "/admin/briefs/auditentry/"),
        Shot("deliverability", "/admin/analytics/trouble/"),
        Shot("mailboxes", "/admin/analytics/trouble/", scroll("#houses-title")),
    ]


def _form(made: dict[str, Any]) -> list[Shot]:
    writing = brief(made, "writing")
    return [
        Shot("brief", writing, previewed),
        Shot("brief-text", writing, all_of(previewed, scroll("[aria-controls=id_body]"))),
        Shot("brief-on-dark", writing, all_of(previewed, click("[data-view=dark]", 900))),
        Shot("brief-new", "/admin/briefs/brief/add/"),
        Shot("brief-paste", "/admin/briefs/brief/add/", paste),
        Shot("brief-table", writing, tool("table")),
        Shot("brief-picture", writing, tool("image")),
        Shot("brief-snippet", writing, tool("snippet")),
        Shot("brief-word", writing, tool("merge")),
        Shot("brief-keys", writing, click("[data-keys-open]")),
        Shot("brief-findings", brief(made, "faulty"), all_of(previewed, checked)),
        Shot("brief-restore", brief(made, "unsaved")),
        Shot("brief-two-writers", brief(made, "busy")),
    ]


def _signing_off(made: dict[str, Any]) -> list[Shot]:
    return [
        Shot("sign-off-draft", brief(made, "busy"), who="wanda"),
        Shot("sign-off-review", brief(made, "review")),
        Shot("sign-off-approved", brief(made, "approved")),
        Shot("sign-off-changed", brief(made, "changed")),
        Shot("sign-off-writer", brief(made, "review"), who="wanda"),
        Shot("history", brief(made, "wrong"), scroll("#history")),
        Shot("revisions", f"/admin/briefs/brief/{made['wrong']}/revisions/"),
        Shot("compare", f"/admin/briefs/brief/{made['wrong']}/compare/1/0/"),
        Shot("correct", f"/admin/deliveries/edition/correct/{made['wrong']}/"),
        Shot("corrected", f"/admin/deliveries/edition/correct/{made['corrected']}/"),
    ]


def _send(made: dict[str, Any]) -> list[Shot]:
    edition = "/admin/deliveries/edition/"
    return [
        Shot("send", f"{edition}send/{made['approved']}/", lambda page: page.wait_for_timeout(900)),
        Shot("send-blocked", f"{edition}send/{made['changed']}/"),
        Shot("send-clocks", f"{edition}send/{made['approved']}/",
             click("input[name=when][value=reader], input[value=reader]", 900)),
        Shot("editions", edition),
        Shot("edition-sending", f"{edition}{made['moving']}/change/"),
        Shot("edition-scheduled", f"{edition}{made['later']}/change/"),
        Shot("edition-finished", f"{edition}{made['finished']}/change/"),
        Shot("links", f"{edition}{made['finished']}/links/"),
        Shot("copies", f"/admin/deliveries/delivery/?edition__id__exact={made['finished']}"),
    ]  # fmt: skip


def _reports(made: dict[str, Any]) -> list[Shot]:
    reports = "/admin/analytics/editionfigures/"
    edition = f"{reports}edition/{made['finished']}/"
    publication = f"{reports}publication/{made['publication']}/"
    return [
        Shot("reports", reports),
        Shot("report", edition),
        Shot("report-links", edition, scroll("#links-title")),
        Shot("report-compared", edition, scroll("#compared-title")),
        Shot("report-publication", publication),
        Shot("report-sources", publication, scroll("#sources-head")),
        Shot("report-printed", edition, printed, is_plain=True),
        Shot("report-publication-printed", publication, printed, is_plain=True),
    ]


def _readers(made: dict[str, Any]) -> list[Shot]:
    imports = "/admin/subscribers/importrun/"
    return [
        Shot("got-nothing-empty", "/admin/deliveries/edition/reader/"),
        Shot("got-nothing", f"/admin/deliveries/edition/reader/?q={made['address']}"),
        Shot("readers", "/admin/subscribers/subscriber/"),
        Shot("reader", f"/admin/subscribers/subscriber/{made['reader']}/change/"),
        Shot("erase", f"/admin/deliveries/delivery/erase/{made['reader']}/"),
        Shot("subscriptions", "/admin/subscribers/subscription/"),
        Shot("reader-add", "/admin/subscribers/subscriber/add/"),
        Shot("segments", "/admin/deliveries/segment/"),
        Shot("segment", f"/admin/deliveries/segment/{made['segment']}/change/"),
        Shot("imports", imports),
        Shot("import-upload", f"{imports}add/"),
        Shot("import-columns", f"{imports}{made['mapping']}/change/"),
        Shot("import-checked", f"{imports}{made['checked']}/change/"),
        Shot("import-report", f"{imports}{made['imported']}/change/"),
        Shot("consent", "/admin/subscribers/consentrecord/"),
        Shot("suppressions", "/admin/subscribers/suppression/"),
        Shot("sign-up-forms", "/admin/subscribers/defence/"),
        Shot("notices", "/admin/subscribers/notice/"),
    ]


def _house(made: dict[str, Any]) -> list[Shot]:
    publication = f"/admin/briefs/publication/{made['publication']}/change/"
    return [
        Shot("publications", "/admin/briefs/publication/"),
        Shot("publication", publication),
        Shot("publication-look", publication, tab("Look")),
        Shot("publication-checks", publication, tab("Sign-off and checks")),
        Shot("topics", "/admin/briefs/topic/"),
        Shot("authors", "/admin/briefs/author/"),
        Shot("snippets", "/admin/briefs/snippet/"),
        Shot("snippet", "/admin/briefs/snippet/1/change/"),
        Shot("team", "/admin/briefs/membership/"),
        Shot("users", "/admin/briefs/user/"),
        Shot("user", "/admin/briefs/user/1/change/"),
    ]


def _public() -> list[Shot]:
    return [
        Shot("web-front", "/", who="", is_plain=True),
        Shot("web-subscribe", "/s/demonstration/", who=""),
        Shot("web-corrected", "/demonstration/",
             all_of(click("a:has-text('Terms Nobody Signed')", 600)), who=""),
    ]  # fmt: skip


def _entering(made: dict[str, Any]) -> list[Shot]:
    hooks = "/admin/api/hookendpoint/"
    return [
        Shot("api-keys", "/admin/api/apikey/"),
        Shot("webhooks", hooks),
        Shot("webhook", f"{hooks}{made['endpoint']}/change/"),
        Shot("webhook-log", "/admin/api/hookmessage/"),
        Shot("your-log-in", "/accounts/"),
        Shot("invitation", made["invitation"], who=""),
        Shot("second-factor", "/accounts/login/", half_in(made["password"]), who=""),
    ]


def half_in(password: str) -> Callable[[Page], None]:
    """Return what gives Olga's address and password, after which her second factor is asked for."""

    def act(page: Page) -> None:
        if page.locator("input[name=login]").count():
            page.locator("input[name=login]").fill("olga@meridian.example")
            page.locator("input[name=password]").fill(password)
            with page.expect_navigation():
                page.locator("#login-form button[type=submit]").click()

    return act
