"""The services that the tests themselves run on."""

import smtplib

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from briefs.models import Publication


@pytest.mark.django_db
def test_the_suite_runs_on_the_database_that_was_asked_for(pytestconfig):
    expected = {"sqlite": "sqlite", "postgres": "postgresql"}
    assert connection.vendor == expected[pytestconfig.getoption("database")]


@pytest.mark.django_db(transaction=True)
def test_another_process_sees_the_test_database(processes):
    Publication.objects.create(name="Harbour", slug="harbour")
    script = "from briefs.models import Publication as P; print(P.objects.get().slug)"
    done = processes.manage("shell", "-v", "0", "-c", script)
    assert done.stdout.strip() == "harbour", done.stderr


def test_the_cache_is_a_real_valkey():
    cache.set("greeting", "hello")
    assert cache.get("greeting") == "hello"


def test_mail_reaches_the_recording_server(smtp_server):
    lane = settings.PROVIDERS["main"]
    assert lane == {"provider": "smtp", "url": f"smtp://127.0.0.1:{smtp_server.port}"}
    smtp_server.refuse("nobody@example.com")
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        client.sendmail("a@example.org", ["ada@example.com"], b"Subject: Hi\r\n\r\n.dot\r\n")
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@example.org", ["nobody@example.com"], b"Subject: Hi\r\n\r\n")
    (received,) = smtp_server.messages
    assert received.to == ("ada@example.com",)
    assert received.message["Subject"] == "Hi"
    assert received.raw.endswith(b"\r\n.dot\r\n")
