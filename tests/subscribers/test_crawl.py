"""Link scanners and preview robots open every link of every mail, some with a browser."""

import os
import re
from email import message_from_bytes, policy
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.test import Client

from deliveries import planning, sending
from subscribers import consent, notices, preferences
from subscribers.models import Subscription
from tests.make import make_brief, make_edition, make_publication, make_subscription

MAILS = int(os.environ.get("CRAWLED_MAILS", "4"))
SITE = "http://127.0.0.1:8000"
# Nothing of ours writes them, but a session or a count of visits may.
COUNTERS = {"django_session"}


def rows():
    """Return every row of every table but the counters, as {table: set of rows}."""
    found = {}
    with connection.cursor() as cursor:
        for table in set(connection.introspection.table_names(cursor)) - COUNTERS:
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found[table] = set(map(str, cursor.fetchall()))
    return found


def changed(before, after):
    """Return {table: (rows that went, rows that came)} of what differs."""
    return {
        table: (len(before[table] - after[table]), len(after[table] - before[table]))
        for table in before
        if before[table] != after[table]
    }


def links_of(raw):
    """Return the distinct links to the site in the headers and both parts of a mail."""
    message = message_from_bytes(raw, policy=policy.default)
    text = str(message["List-Unsubscribe"])
    for kind in ("plain", "html"):
        text += message.get_body((kind,)).get_content()
    return sorted(set(re.findall(rf"{re.escape(SITE)}(/[\w./-]*)", text.replace("&amp;", "&"))))


@pytest.fixture
def mails(smtp_server, settings, db):
    """Return the mails of an edition and of each kind of notice, as they were delivered."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    publication = make_publication(tracking="per-reader")
    readers = [make_subscription(publication, f"r{n}@example.com") for n in range(MAILS)]
    make_edition(make_brief(publication))
    planning.start_due()
    while sending.drain("main", 20):
        pass
    asked = consent.request(publication, "asks@example.com", source="form")
    joins = consent.request(publication, "joins@example.com", source="form")
    consent.confirm(joins, source="form")
    left = make_subscription(publication, "left@example.com")
    consent.unsubscribe(left, source="page", tells_owner=True)
    preferences.mail_link(readers[0])
    notices.sweep()
    assert asked.status == "unconfirmed"
    return [mail.raw for mail in smtp_server.messages]


def test_a_crawl_changes_nothing_and_one_click_and_one_press_a_row_each(mails):
    client = Client()
    assert len(mails) == MAILS + 4
    before = rows()
    opened = set()
    for _round in range(3):
        for raw in mails:
            for link in links_of(raw):
                assert client.head(link).status_code < 400, link
                assert client.get(link).status_code < 400, link
                opened.add(urlsplit(link).path.rpartition("/")[0])
    assert {"/u", "/v", "/c", "/s/prefs", "/s/confirm", "/s/more", "/s/undo", "/s/own"} <= opened
    assert changed(before, rows()) == {}

    def leave_link(raw):
        return next(link for link in links_of(raw) if link.startswith("/u/"))

    client.post(
        leave_link(mails[0]),
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )
    after_one_click = rows()
    assert changed(before, after_one_click) == {
        "subscribers_subscription": (1, 1),
        "subscribers_consentrecord": (0, 1),  # the evidence of it
    }
    client.post(leave_link(mails[1]), {"wish": "unsubscribe"})
    assert changed(after_one_click, rows()) == {
        "subscribers_subscription": (1, 1),
        "subscribers_consentrecord": (0, 1),
        "subscribers_notice": (0, 1),  # the undo for its owner
    }
    assert Subscription.objects.filter(status="unsubscribed").count() == 3


@pytest.mark.browser
@pytest.mark.sqlite_only
def test_a_browser_that_opens_every_link_changes_nothing(browser, mails, live_server):
    before = rows()
    # One mail of the edition will do: the others have the same links with other tokens.
    some = (mails[0], *mails[MAILS:])
    links = {link for raw in some for link in links_of(raw) if not link.startswith("/c/")}
    page = browser.new_page()
    for link in sorted(links):
        page.goto(f"{live_server.url}{link}", wait_until="load")
    page.close()
    assert changed(before, rows()) == {}
