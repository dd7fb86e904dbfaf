"""Merge fields on their way: from the brief to the socket, the inbox and the browser."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from deliveries import compiling, letters, planning, preflight, recovery, returnpaths, sending
from deliveries import testing as test_mails
from deliveries.models import CompiledMail
from subscribers import tokens
from subscribers.models import Subscriber
from tests.make import (
    make_brief,
    make_edition,
    make_publication,
    make_readers,
    make_subscription,
    make_user,
)

pytestmark = pytest.mark.django_db

FIELDS = {
    "headline": "[[first_name|Everybody]], the cranes are here",
    "preheader": "News for [[city|your town]]",
    "key_points": ("Good for *[[city|your town]]*",),
    "body": "Dear [[name|reader]], your plan is [[plan|unknown]].\n\n`[[name|code]]`",
}
NASTY = {
    "city": "<script>alert(1)</script>\r\nBcc: evil@example.com",
    "plan": "](javascript:alert(1)) [x",
}


@pytest.fixture
def publication():
    return make_publication()


def send(edition):
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    edition.refresh_from_db()
    return edition


def parts_of(received):
    message = received.message
    return (
        message["Subject"],
        message.get_body(("plain",)).get_content().replace("\r\n", "\n"),
        message.get_body(("html",)).get_content().replace("\r\n", "\n"),
    )


def test_each_reader_gets_what_is_known_of_them_and_else_the_default(publication, smtp_server):
    make_subscription(
        publication,
        "ada@example.com",
        name="Ada O'Neil-Groß",
        attributes={"city": "Köln & Umgebung", "plan": 7},
    )
    make_subscription(publication, "bob@example.com")
    make_subscription(publication, "eve@example.com", name=".", attributes=NASTY)
    edition = send(make_edition(make_brief(publication, **FIELDS)))
    assert edition.status == "finished"
    subject, text, html = parts_of(smtp_server.to("ada@example.com")[0])
    assert subject == "Harbour Brief: Ada, the cranes are here"
    assert "Dear Ada O'Neil-Groß, your plan is 7." in text
    assert "Dear Ada O&#x27;Neil-Groß, your plan is 7." in html
    assert "Good for Köln & Umgebung" in text
    assert "Good for <em>Köln &amp; Umgebung</em>" in html
    assert "News for Köln &amp; Umgebung" in html
    assert "<code" in html
    assert "[[name|code]]</code>" in html
    subject, text, html = parts_of(smtp_server.to("bob@example.com")[0])
    assert subject == "Harbour Brief: Everybody, the cranes are here"
    assert "Dear reader, your plan is unknown." in text
    received = smtp_server.to("eve@example.com")[0]
    subject, text, html = parts_of(received)
    assert subject == "Harbour Brief: ., the cranes are here"
    assert "Good for <em>&lt;script&gt;alert(1)&lt;/script&gt; Bcc: evil@example.com</em>" in html
    assert "your plan is ](javascript:alert(1)) [x." in text
    assert "<script" not in html
    assert "Bcc" not in received.message
    for one in smtp_server.messages:
        assert not re.search(rb"ib[0-9a-f]{12}x\d{3}", one.raw), "an unfilled slot"
        assert max(map(len, one.raw.split(b"\r\n"))) <= 998


def test_an_edition_without_fields_looks_at_no_attributes(publication, smtp_server):
    make_readers(publication, 2)
    plain, merged = (
        make_edition(make_brief(publication, body=body, slug=slug))
        for body, slug in (("Dear reader", "plain"), ("Dear [[city|reader]]", "merged"))
    )
    planning.start_due()
    assert not letters.load(plain.pk).needs_attributes
    assert letters.load(merged.pk).needs_attributes
    assert plain.compiled.fields == []
    (field,) = CompiledMail.objects.get(edition=merged).fields
    assert field == {"slot": compiling.FIRST_FIELD, "field": "city", "default": "reader"}
    with CaptureQueriesContext(connection) as queries:
        sending.drain("main")
    assert len(smtp_server.messages) == 4
    assert sum('"attributes"' in query["sql"] for query in queries) == 1


def test_what_a_reader_says_now_is_mailed_not_what_they_said_at_the_freeze(
    publication, smtp_server
):
    link = make_subscription(publication, "ada@example.com", attributes={"city": "Bonn"})
    edition = make_edition(make_brief(publication, **FIELDS))
    planning.start_due()
    Subscriber.objects.filter(pk=link.subscriber_id).update(attributes={"city": "Köln"})
    send(edition)
    assert "Good for Köln" in parts_of(smtp_server.messages[0])[1]


@pytest.mark.parametrize("attributes", [[], "x", 3])
def test_attributes_that_are_no_object_are_none(publication, smtp_server, attributes):
    make_subscription(publication, "ada@example.com", attributes=attributes)
    send(make_edition(make_brief(publication, **FIELDS)))
    assert "your plan is unknown" in parts_of(smtp_server.messages[0])[1]


def test_in_the_browser_a_reader_sees_their_own_and_who_is_gone_the_default(
    publication, smtp_server, client
):
    link = make_subscription(publication, "ada@example.com", name="Ada", attributes={"plan": "A&B"})
    edition = send(make_edition(make_brief(publication, **FIELDS)))
    view = re.search(r"/v/[\w-]+", parts_of(smtp_server.messages[0])[2]).group()
    assert "Dear Ada, your plan is A&amp;B." in client.get(view).content.decode()
    link.delete()
    page = client.get(view)
    assert page.status_code == 200
    assert "Dear reader, your plan is unknown." in page.content.decode()
    assert "Ada" not in page.content.decode()
    assert "/u/" not in page.content.decode()
    assert page["Cache-Control"] == "no-store"
    assert client.get(f"/v/{tokens.view.make(edition.pk + 1, 1)}").status_code == 404
    anybody = client.get(f"/v/{tokens.view.make(edition.pk, 0)}").content.decode()
    assert "Dear reader" in anybody


def test_the_web_shows_defaults(publication, smtp_server, client):
    make_subscription(publication, "ada@example.com", name="Ada")
    brief = make_brief(publication, **FIELDS)
    send(make_edition(brief))
    brief.refresh_from_db()
    assert brief.slug == "everybody-the-cranes-are-here"
    for url in (brief.web_path(), f"/{publication.slug}/", "/"):
        page = client.get(url).content.decode()
        assert "Everybody, the cranes are here" in page
        assert "Ada" not in page
        assert "[[first_name" not in page
    page = client.get(brief.web_path()).content.decode()
    assert "Dear reader, your plan is unknown." in page
    assert 'content="News for your town"' in page


def test_a_test_mail_shows_the_defaults(publication, smtp_server):
    test_mails.send_test(make_brief(publication, **FIELDS), "desk@harbour.example")
    subject, text, _html = parts_of(smtp_server.messages[0])
    assert subject == "[Test] Harbour Brief: Everybody, the cranes are here"
    assert "Dear reader, your plan is unknown." in text


def test_the_desk_shows_defaults(publication, client):
    client.force_login(make_user(is_superuser=True))
    brief = make_brief(publication, **FIELDS)
    preview = client.post(
        reverse("admin:briefs_brief_preview"),
        {"publication": publication.pk, "date": "2026-04-06", **FIELDS},
        headers={"Accept": "application/json"},
    ).json()
    assert preview["subject"] == "Harbour Brief: Everybody, the cranes are here"
    assert preview["preheader"] == "News for your town"
    assert "Dear reader" in preview["html"]
    screen = client.get(reverse("admin:deliveries_send", args=[brief.pk])).content.decode()
    assert "Harbour Brief: Everybody, the cranes are here" in screen
    assert "News for your town" in screen


def test_a_field_that_no_reader_has_is_said_before_it_goes_out(publication):
    make_subscription(publication, "ada@example.com", attributes={"city": "Bonn"})
    brief = make_brief(publication, body="[[city|x]] [[citty|x]] [[name|x]] [[first_name|x]]")
    (finding,) = [f for f in preflight.check(brief).warnings if f.rule == "merge-unknown"]
    assert "“citty”" in finding.message
    assert "There are: name, first_name, city." in finding.message
    assert preflight.check(brief).ok


def test_a_broken_field_stops_the_send(publication):
    findings = preflight.check(make_brief(publication, body="Dear [[name|"))
    assert [finding.rule for finding in findings.errors] == ["merge-broken"]
    with pytest.raises(planning.PreflightFailed):
        make_edition(make_brief(publication, slug="x", body="Dear [[name|"))


# --- return paths ---------------------------------------------------------------


def test_bounces_go_to_the_sender_unless_a_domain_is_configured(publication, smtp_server, settings):
    make_subscription(publication, "ada@example.com")
    send(make_edition(make_brief(publication)))
    assert smtp_server.messages[0].sender == "brief@harbour.example"
    settings.BOUNCE_DOMAIN = "bounces.harbour.example"
    edition = send(make_edition(make_brief(publication, slug="second")))
    row = edition.deliveries.get()
    sender = smtp_server.messages[1].sender
    assert sender.endswith("@bounces.harbour.example")
    assert returnpaths.delivery_of(sender) == row.pk
    assert smtp_server.messages[1].message["From"].addresses[0].domain == "harbour.example"


def test_a_lane_may_have_a_bounce_domain_of_its_own_or_none(publication, smtp_server, settings):
    settings.BOUNCE_DOMAIN = "bounces.harbour.example"
    make_subscription(publication, "ada@example.com")
    main = settings.PROVIDERS["main"]
    for number, domain in enumerate(("other.example", "")):
        settings.PROVIDERS = {"main": {**main, "bounce_domain": domain}}
        send(make_edition(make_brief(publication, slug=f"b{number}")))
    first, second = smtp_server.messages
    assert first.sender.endswith("@other.example")
    assert second.sender == "brief@harbour.example"


def test_a_message_id_is_the_same_after_the_keys_were_rotated(publication, smtp_server, settings):
    make_subscription(publication, "ada@example.com")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    row = edition.deliveries.get()
    before = letters.find(edition.pk, row.pk).message_id
    settings.TOKEN_KEYS = ["n" * 40, *settings.TOKEN_KEYS]
    send(edition)
    assert smtp_server.messages[0].message["Message-ID"] == f"<{before}>"
    CompiledMail.objects.update(message_key="")
    assert letters.find(edition.pk, row.pk).message_id != before, "rows of old keep the old way"
