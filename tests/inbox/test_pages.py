"""The page of the local inbox."""

import pytest
from django.test import Client

from intelbrief.inbox import mailbox, preview, server
from tests.inbox.test_mailbox import BROKEN, a_letter


@pytest.fixture
def folder(settings, tmp_path):
    settings.INBOX_DIR = tmp_path
    return tmp_path


@pytest.fixture
def letter_id(folder):
    server.store(folder, "", ["ada@example.com"], a_letter(html="<h1>Brief</h1>"))
    return mailbox.entries(folder)[0].id


def test_an_empty_inbox_says_what_it_is_for(client, folder):
    page = client.get("/inbox/")
    assert "Nothing has come yet" in page.content.decode()


def test_the_list_and_the_message_stand_side_by_side(client, letter_id):
    page = client.get(f"/inbox/{letter_id}/").content.decode()
    assert "ada@example.com" in page
    assert page.count("Harbour closed") >= 2
    assert f'src="/inbox/{letter_id}/html/?scheme=light"' in page


@pytest.mark.parametrize(
    ("tab", "words"),
    [
        ("text", "Hello from the harbour"),
        ("headers", '<th scope="row">Delivered-To</th><td>ada@example.com</td>'),
        ("raw", "Content-Type: multipart/alternative"),
        ("nonsense", "<iframe"),
    ],
)
def test_each_part_has_its_tab(client, letter_id, tab, words):
    assert words in client.get(f"/inbox/{letter_id}/?show={tab}").content.decode()


def test_the_page_runs_no_script_and_frames_nothing_strange(client, letter_id):
    policy = client.get(f"/inbox/{letter_id}/")["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-src 'self'" in policy


def test_the_mail_itself_is_sandboxed_by_its_own_policy(client, letter_id):
    response = client.get(f"/inbox/{letter_id}/html/?scheme=dark")
    assert "<h1>Brief</h1>" in response.content.decode()
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups")
    assert "allow-scripts" not in policy
    assert "allow-same-origin" not in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"


def test_a_subject_cannot_become_markup(client, folder):
    server.store(folder, "", ["<b>@x"], a_letter("<script>alert(1)</script>"))
    page = client.get("/inbox/").content.decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize("raw", BROKEN)
def test_a_broken_message_has_all_its_pages(client, folder, raw):
    server.store(folder, "", ["ada@example.com"], raw)
    (entry,) = mailbox.entries(folder)
    assert client.get("/inbox/?q=zzz").status_code == 200
    for address in ("", "?show=text", "?show=headers", "?show=raw", "html/", "message.eml"):
        assert client.get(f"/inbox/{entry.id}/{address}").status_code == 200


def test_the_download_is_the_message_to_the_byte(client, folder, letter_id):
    response = client.get(f"/inbox/{letter_id}/message.eml")
    assert response.content == (folder / f"{letter_id}.eml").read_bytes()
    assert response["Content-Type"] == "message/rfc822"


def test_the_inbox_is_emptied_by_post_from_our_own_page_only(client, folder, letter_id):
    assert client.get("/inbox/empty/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/inbox/empty/").status_code == 403
    assert mailbox.count(folder) == 1
    assert client.post("/inbox/empty/").status_code == 302
    assert mailbox.count(folder) == 0


@pytest.mark.django_db
def test_there_is_no_inbox_where_a_provider_carries_the_mail(client, settings, letter_id):
    settings.LOCAL_INBOX = False
    for address in ("", f"{letter_id}/", f"{letter_id}/html/", f"{letter_id}/message.eml"):
        assert client.get(f"/inbox/{address}").status_code == 404
    assert client.post("/inbox/empty/").status_code == 404


def test_a_message_that_is_gone_is_not_found(client, folder):
    assert client.get(f"/inbox/{'1' * 20}-{'a' * 8}/").status_code == 404


MAIL = """<!DOCTYPE html><html><head><meta name="color-scheme" content="light dark">
<style>:root{color-scheme:light dark} @media (prefers-color-scheme:dark){p{color:#fff}}</style>
</head><body><a href="https://example.com/">x</a></body></html>"""


def test_the_dark_view_answers_the_mails_own_media_queries():
    dark, light = preview.as_seen(MAIL, "dark"), preview.as_seen(MAIL, "light")
    assert "@media (min-width: 0){p" in dark
    assert "@media (max-width: 0){p" in light
    assert ":root{color-scheme: dark}" in dark
    assert '<meta name="color-scheme" content="light">' in light
    assert "light dark" not in dark


def test_links_of_a_mail_open_beside_it():
    assert preview.as_seen(MAIL, "light").index('<base target="_blank">') < MAIL.index("<style>")
    assert preview.as_seen("<p>bare</p>", "light").endswith('<base target="_blank"><p>bare</p>')


@pytest.mark.parametrize(
    "header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"]
)
def test_a_proxy_shows_the_inbox_to_nobody(client, letter_id, header):
    for url in ("/inbox/", f"/inbox/{letter_id}/", f"/inbox/{letter_id}/message.eml"):
        assert client.get(url, headers={header: "127.0.0.1"}).status_code == 404
    assert client.post("/inbox/empty/", headers={header: "127.0.0.1"}).status_code == 404


@pytest.mark.parametrize(
    ("address", "status"),
    [("127.0.0.1", 200), ("::1", 200), ("::ffff:127.0.0.1", 200),
     ("192.0.2.7", 404), ("::ffff:192.0.2.7", 404), ("2001:db8::1", 404), ("", 404)],
)  # fmt: skip
def test_only_this_machine_reads_the_inbox(client, folder, address, status):
    assert client.get("/inbox/", REMOTE_ADDR=address).status_code == status


NESTED = b"Subject: nested\r\n" + b"".join(
    b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (number, number)
    for number in range(2000)
)
IN_ENVELOPES = b"Subject: nested\r\n" + b"Content-Type: message/rfc822\r\n\r\n" * 1500
HALF = (
    b"Subject: half\r\nContent-Type: text/plain; charset=unicode_escape\r\n\r\n\\ud800 Harbour\r\n"
)


@pytest.mark.parametrize("raw", [NESTED, IN_ENVELOPES, HALF], ids=["parts", "mails", "half"])
def test_a_hostile_mail_is_shown_and_spoils_no_search(client, folder, raw):
    server.store(folder, "", ["ada@example.com"], raw + b"\r\n\r\nHarbour\r\n")
    hostile = mailbox.entries(folder)[0].id
    server.store(folder, "", ["ada@example.com"], a_letter())
    for tab in ("html", "text", "headers", "raw"):
        assert client.get(f"/inbox/{hostile}/?show={tab}").status_code == 200
    for path in ("html/", "message.eml"):
        assert client.get(f"/inbox/{hostile}/{path}").status_code == 200
    assert "Harbour closed" in client.get("/inbox/?q=Harbour").content.decode()
    assert client.get("/inbox/?q=zzz").status_code == 200
