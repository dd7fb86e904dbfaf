"""Notices: what goes over the wire, and what becomes of the row."""

import datetime as dt
import re
import smtplib
from email import message_from_bytes, policy

import pytest
import time_machine
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone

from briefs import revisions, workflow
from subscribers import consent, letters, notices
from subscribers.models import Notice
from subscribers.suppression import suppress
from tests.make import make_brief, make_member, make_publication, make_subscription, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def publication():
    return make_publication(reply_to="desk@harbour.example")


def make_notice(publication, kind="confirmation", address="ada@example.com", **fields):
    status = "unconfirmed" if kind == "confirmation" else "active"
    subscription = make_subscription(publication, address, status=status, **fields)
    return Notice.objects.create(kind=kind, subscription=subscription)


def sent_message(mailoutbox):
    """Return the only mail in the form in which it goes over the wire, parsed again."""
    (mail,) = mailoutbox
    return message_from_bytes(mail.message().as_bytes(), policy=policy.default)


def test_a_confirmation_carries_a_link_and_nothing_that_sells(publication, mailoutbox):
    publication.tagline = "The best of all harbours"
    publication.save()
    make_notice(publication, name="Buy at https://spam.example")
    assert notices.sweep() == 1
    message = sent_message(mailoutbox)
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    assert re.search(r"^http://127\.0\.0\.1:8000/s/confirm/[\w-]{15,}$", text, re.MULTILINE)
    for part in (text, html):
        assert "/s/confirm/" in part
        assert "1 Quay Street" in part
        assert "spam.example" not in part
        assert "best of all" not in part
        assert "/u/" not in part
    assert "List-Unsubscribe" not in message


def test_the_headers_say_who_writes_and_that_it_is_a_machine(publication, mailoutbox):
    make_notice(publication)
    notices.sweep()
    message = sent_message(mailoutbox)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["From"] == "Harbour Watch <brief@harbour.example>"
    assert message["Reply-To"] == "desk@harbour.example"
    assert message["To"] == "ada@example.com"
    assert message["Message-ID"].endswith("@harbour.example>")
    for name in ("From", "To", "Date", "Subject", "Message-ID", "MIME-Version", "Content-Type"):
        assert len(message.get_all(name)) == 1
    kinds = [part.get_content_type() for part in message.iter_parts()]
    assert kinds == ["text/plain", "text/html"]


def test_a_welcome_can_be_left_with_one_click(publication, mailoutbox):
    make_notice(publication, kind="welcome")
    notices.sweep()
    raw = mailoutbox[0].message().as_bytes()
    assert re.search(
        rb"^List-Unsubscribe: <http://127\.0\.0\.1:8000/u/[\w-]+>\r?$", raw, re.MULTILINE
    )
    assert re.search(rb"^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r?$", raw, re.MULTILINE)
    assert all(len(line) <= 998 for line in raw.splitlines())


def test_a_welcome_is_written_in_the_language_of_the_publication(mailoutbox):
    make_notice(make_publication(language="de"), kind="welcome")
    notices.sweep()
    assert 'lang="de"' in mailoutbox[0].alternatives[0][0]


@pytest.mark.parametrize(
    "name",
    [
        "Harbour\r\nBcc: everybody@example.com",
        "Harbour\u2028Bcc: everybody@example.com",
        "=?utf-8?q?x=0ABcc:_everybody@example.com?=",
        "Überseehafen " * 40,
        "W" * 5000,
        "🚢" * 300,
    ],
)
def test_no_name_of_a_publication_makes_a_second_header(publication, name, mailoutbox):
    publication.name = publication.sender_name = name
    notice = make_notice(publication)
    notice.subscription.publication = publication
    letters.confirmation(notice).send()
    raw = mailoutbox[0].message().as_bytes()
    head = raw.replace(b"\r\n", b"\n").split(b"\n\n")[0]
    assert b"\nBcc" not in head
    assert all(len(line) <= 998 for line in head.splitlines())
    assert all(len(word) <= 75 for word in re.findall(rb"=\?utf-8\?[qb]\?[^?]*\?=", head))
    assert len(mailoutbox[0].subject) <= 200
    assert message_from_bytes(raw, policy=policy.default)["Bcc"] is None


def test_a_sender_with_an_umlaut_and_a_comma_arrives_whole(mailoutbox):
    make_notice(make_publication(sender_name='Übersee, "Hafen" GmbH'))
    notices.sweep()
    sender = sent_message(mailoutbox)["From"].addresses[0]
    assert sender.display_name == 'Übersee, "Hafen" GmbH'
    assert sender.addr_spec == "brief@harbour.example"


def test_without_a_sender_the_site_itself_writes(settings, mailoutbox):
    settings.SITE_HOST = "brief.example.org"
    make_notice(make_publication(sender_address="", sender_name=""))
    notices.sweep()
    assert mailoutbox[0].from_email == "Harbour Watch <no-reply@brief.example.org>"


def test_a_notice_is_sent_once(publication, mailoutbox):
    notice = make_notice(publication)
    assert notices.send(notice)
    assert not notices.send(notice)
    notice.refresh_from_db()
    assert notices.sweep() == 0
    assert (notice.status, notice.attempts) == ("sent", 1)
    assert notice.sent_at is not None
    assert len(mailoutbox) == 1


def test_a_claim_that_dies_costs_a_delay_and_not_the_mail(publication, mailoutbox, monkeypatch):
    with time_machine.travel("2026-04-06 06:00Z", tick=False) as clock:
        notice = make_notice(publication)
        names = []

        def die(self, **_options):
            names.append(self.extra_headers["Message-ID"])
            raise KeyboardInterrupt  # as when the process is killed: nothing is written

        with monkeypatch.context() as patched:
            patched.setattr(EmailMessage, "send", die)
            with pytest.raises(KeyboardInterrupt):
                notices.send(notice)
        assert notices.sweep() == 0
        clock.shift(6 * 60)
        assert notices.sweep() == 1
        assert mailoutbox[0].extra_headers["Message-ID"] == names[0]


def test_trouble_is_tried_again_ever_more_slowly_and_then_given_up(publication, monkeypatch):
    def refuse(*_args, **_options):
        raise ConnectionRefusedError("port 25 is closed")

    monkeypatch.setattr(EmailMessage, "send", refuse)
    with time_machine.travel("2026-04-06 06:00Z", tick=False) as clock:
        notice = make_notice(publication)
        waits = []
        while notice.status == "unsent":
            assert notices.sweep() == 0
            notice.refresh_from_db()
            waits.append((notice.due_at - timezone.now()).total_seconds())
            clock.move_to(notice.due_at)
    assert len(waits) == 8
    assert waits == sorted(waits)
    assert notice.status == "failed"
    assert notice.error == "ConnectionRefusedError: port 25 is closed"


def test_an_address_that_does_not_exist_is_not_tried_again(publication, monkeypatch):
    def refuse(*_args, **_options):
        raise smtplib.SMTPRecipientsRefused({"ada@example.com": (550, b"5.1.1 No such user")})

    monkeypatch.setattr(EmailMessage, "send", refuse)
    notice = make_notice(publication)
    notices.sweep()
    notice.refresh_from_db()
    assert notice.status == "failed"
    assert "No such user" in notice.error


@pytest.mark.parametrize("reply", [(451, b"4.3.0 Later"), (550, b"5.7.1 Not allowed to relay")])
def test_a_server_that_may_change_its_mind_is_asked_again(publication, monkeypatch, reply):
    def refuse(*_args, **_options):
        raise smtplib.SMTPRecipientsRefused({"ada@example.com": reply})

    monkeypatch.setattr(EmailMessage, "send", refuse)
    notice = make_notice(publication)
    notices.sweep()
    notice.refresh_from_db()
    assert notice.status == "unsent"


def test_a_real_server_gets_the_mail_and_its_refusal_is_kept(publication, smtp_server, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    smtp_server.refuse("eve@example.com", "550 5.1.1 No such user")
    good = make_notice(publication)
    bad = make_notice(publication, address="eve@example.com")
    assert notices.sweep() == 1
    good.refresh_from_db()
    bad.refresh_from_db()
    (received,) = smtp_server.to("ada@example.com")
    assert received.sender == "brief@harbour.example"
    assert good.status == "sent"
    assert bad.status == "failed"
    assert "No such user" in bad.error
    assert EmailBackend().timeout == 30


def test_a_confirmation_that_is_no_longer_needed_is_not_sent(publication, mailoutbox):
    notice = make_notice(publication)
    consent.confirm(notice.subscription, source="form")
    consent.unsubscribe(notice.subscription, source="page")
    assert notices.sweep() == 0
    assert mailoutbox == []
    assert set(Notice.objects.values_list("status", flat=True)) == {"failed"}


def test_nothing_goes_to_a_suppressed_address(publication, mailoutbox):
    notice = make_notice(publication)
    suppress("ada@example.com", "complaint")
    notices.sweep()
    notice.refresh_from_db()
    assert mailoutbox == []
    assert notice.error == "The address is suppressed."


def test_an_address_that_a_header_cannot_carry_fails_with_the_reason(publication, mailoutbox):
    notice = make_notice(publication, address="josé@example.com")
    notices.sweep()
    notice.refresh_from_db()
    assert mailoutbox == []
    assert notice.status == "failed"
    assert "beyond ASCII" in notice.error


def test_one_broken_notice_does_not_hold_up_the_others(publication, mailoutbox):
    make_notice(publication, address="josé@example.com")
    make_notice(publication)
    assert notices.sweep() == 1


def test_a_notice_that_is_not_due_waits(publication, mailoutbox):
    notice = make_notice(publication)
    Notice.objects.filter(pk=notice.pk).update(due_at=timezone.now() + dt.timedelta(hours=1))
    notice.refresh_from_db()
    assert not notices.send(notice)
    assert notices.sweep() == 0


def test_a_word_goes_to_who_looks_after_the_publication_and_links_to_the_desk(
    publication, mailoutbox
):
    owner = make_member(publication, "owner", email="olga@harbour.example")
    make_member(publication, "writer")
    make_member(make_publication(), "owner")
    assert (
        notices.tell_editors(publication, "Paused:\r\nHormuz", "The relay refused.\n\nLook.") == 1
    )
    assert (
        notices.tell_editors(publication, "Paused:\r\nHormuz", "The relay refused.\n\nLook.") == 0
    )
    assert notices.sweep() == 1
    message = sent_message(mailoutbox)
    assert message["To"] == owner.email
    assert message["Subject"] == "Paused: Hormuz"
    assert message["Auto-Submitted"] == "auto-generated"
    for kind in ("plain", "html"):
        words = message.get_body((kind,)).get_content()
        assert "The relay refused." in words
        assert "http://127.0.0.1:8000/admin/" in words


def test_where_a_publication_has_no_one_the_site_is_told(publication, mailoutbox):
    make_user(email="root@harbour.example", is_superuser=True)
    make_user(email="gone@harbour.example", is_superuser=True, is_active=False)
    assert notices.tell_editors(publication, "Paused", "Why") == 1
    notices.sweep()
    assert mailoutbox[0].to == ["root@harbour.example"]


def test_a_welcome_brings_the_latest_brief_where_the_publication_wants_it(publication, mailoutbox):
    brief = make_brief(publication, headline="The Port’s New Cranes", slug="cranes")
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()
    make_notice(publication, kind="welcome")
    notices.sweep()
    assert "New Cranes" not in mailoutbox[0].body
    publication.welcome_shows_latest = True
    publication.save()
    make_notice(publication, kind="welcome", address="eve@example.com")
    make_brief(publication, headline="Not published yet")
    notices.sweep()
    html = mailoutbox[1].alternatives[0][0]
    for part in (mailoutbox[1].body, html):
        assert "The Port’s New Cranes" in part
        assert "Two cranes arrived" in part
        assert f"http://127.0.0.1:8000{brief.web_path()}" in part
        assert "Not published" not in part
    assert "A second paragraph follows" in html
