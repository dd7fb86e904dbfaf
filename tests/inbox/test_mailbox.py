"""The folder of the local inbox."""

import smtplib
import subprocess
import sys
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intelbrief.inbox import mailbox, server


def a_letter(subject="Harbour closed", to="ada@example.com", html="<p>Hello</p>") -> bytes:
    message = EmailMessage()
    message["From"] = "Meridian Daily <brief@meridian.example>"
    message["To"] = to
    message["Subject"] = subject
    message.set_content("Hello from the harbour")
    message.add_alternative(html, subtype="html")
    return message.as_bytes()


def test_a_message_is_kept_as_it_came_below_its_envelope(tmp_path):
    raw = a_letter()
    path = server.store(tmp_path, "bounce@meridian.example", ["ada@example.com"], raw)
    head = b"Return-Path: <bounce@meridian.example>\r\nDelivered-To: ada@example.com\r\n"
    assert path.read_bytes() == head + raw


def test_an_envelope_cannot_bring_further_header_lines(tmp_path):
    path = server.store(tmp_path, "a@b\r\nBcc: eve@example.com", ["x\ny@z"], b"\r\nHi\r\n")
    assert path.read_bytes().startswith(
        b"Return-Path: <a@bBcc: eve@example.com>\r\nDelivered-To: xy"
    )


def test_the_newest_message_comes_first(tmp_path):
    for subject in ("one", "two", "three"):
        server.store(tmp_path, "", ["ada@example.com"], a_letter(subject))
    assert [entry.subject for entry in mailbox.entries(tmp_path)] == ["three", "two", "one"]
    assert mailbox.count(tmp_path) == 3


def test_an_encoded_subject_is_listed_decoded(tmp_path):
    server.store(tmp_path, "", ["ada@example.com"], a_letter("Veldhaven’s ferries — naïve?"))
    (entry,) = mailbox.entries(tmp_path)
    assert entry.subject == "Veldhaven’s ferries — naïve?"


def test_search_finds_reader_subject_and_text(tmp_path):
    server.store(tmp_path, "", ["ada@example.com"], a_letter())
    server.store(tmp_path, "", ["grace@example.com"], a_letter("Other"))
    assert len(mailbox.entries(tmp_path, "GRACE")) == 1
    assert len(mailbox.entries(tmp_path, "closed")) == 1
    assert len(mailbox.entries(tmp_path, "from the harbour")) == 2
    assert mailbox.entries(tmp_path, "nowhere") == []


def test_a_message_is_taken_apart(tmp_path):
    server.store(tmp_path, "", ["ada@example.com"], a_letter())
    (entry,) = mailbox.entries(tmp_path)
    letter = mailbox.read(tmp_path, entry.id)
    assert letter is not None
    assert letter.text == "Hello from the harbour\n"
    assert letter.html == "<p>Hello</p>\n"
    assert ("Subject", "Harbour closed") in letter.headers
    assert letter.attachments == ()


@pytest.mark.parametrize("name", ["../secret", "..", "", "x" * 29, "1" * 20 + "-zzzzzzzz"])
def test_only_our_own_names_reach_the_disk(tmp_path, name):
    (tmp_path.parent / "secret.eml").write_bytes(a_letter())
    assert mailbox.read(tmp_path, name) is None


def test_a_folder_that_does_not_exist_is_an_empty_inbox(tmp_path):
    assert mailbox.entries(tmp_path / "none") == []
    assert mailbox.empty(tmp_path / "none") == 0


BROKEN = [
    b"",
    b"\r\n",
    b"no headers at all",
    b"Subject: =?utf-8?b?!!!?=\r\nFrom: <<<>>>@\r\nTo: \xff\xfe\r\n\r\nx",
    b"Subject: =?no-such-charset?q?abc?=\r\nContent-Type: text/html; charset=xx\r\n\r\n\xff<b>",
    b"Content-Type: multipart/mixed\r\n\r\nno boundary",
    b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/plain\r\n",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n%%%not base64",
    b"Content-Type: text/plain\r\nContent-Transfer-Encoding: uuencode\r\n\r\nbegin\r\nzzz",
    b"Content-Type: ;;;==\"\r\nContent-Disposition: attachment; filename*=x''%zz\r\n\r\nx",
    b"Content-Disposition: attachment; filename*0*=utf-16''a%00; filename*1=b\r\n\r\nx",
    b"Date: tomorrow\r\nMessage-ID: [<x\r\nSubject:\r\n" + b" a\r\n" * 500 + b"\r\nx",
    b"Content-Type: message/rfc822\r\n\r\n" * 60,
    b"Subject: \x00\x01\r\n\r\n\x00",
]


@pytest.mark.parametrize("raw", BROKEN)
def test_a_broken_message_is_shown_all_the_same(tmp_path, raw):
    server.store(tmp_path, "", ["ada@example.com"], raw)
    (entry,) = mailbox.entries(tmp_path, "")
    letter = mailbox.read(tmp_path, entry.id)
    assert letter is not None
    assert letter.raw.endswith(raw)
    assert mailbox.entries(tmp_path, "zzz-not-there") == []


PIECES = st.sampled_from(
    [
        b"Subject: ",
        b"Content-Type: multipart/alternative; boundary=b\r\n",
        b"Content-Type: text/html; charset=",
        b"Content-Transfer-Encoding: ",
        b"base64\r\n",
        b"quoted-printable\r\n",
        b"--b\r\n",
        b"--b--\r\n",
        b"\r\n",
        b"=?utf-8?q?",
        b"?=",
        b"filename*0*=utf-8''",
        b";",
        b'"',
        b"<x@y>",
        b"Content-Disposition: attachment; ",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=12)), max_size=25).map(b"".join))
def test_no_message_whatever_breaks_the_inbox(tmp_path_factory, raw):
    folder = tmp_path_factory.mktemp("inbox")
    server.store(folder, "", [], raw)
    (entry,) = mailbox.entries(folder)
    letter = mailbox.read(folder, entry.id)
    assert letter is not None
    assert letter.html.encode(errors="replace") is not None


def test_the_server_keeps_what_comes_by_smtp_and_says_where_it_listens(tmp_path):
    port_file = tmp_path / "inbox.port"
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "intelbrief.inbox.server"),
            *("--folder", str(tmp_path / "mail"), "--port-file", str(port_file)),
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        assert "keeps mail to 127.0.0.1:" in process.stdout.readline()
        with smtplib.SMTP("127.0.0.1", int(port_file.read_text())) as client:
            client.sendmail("a@b.example", ["ada@example.com", "grace@example.com"], a_letter())
            client.mail("a@b.example", ["SMTPUTF8"])
            client.rcpt("jürgen@example.com")
            client.data(a_letter("an address beyond ASCII"))
        entries = mailbox.entries(tmp_path / "mail")
        assert [entry.to for entry in entries] == [
            "jürgen@example.com",
            "ada@example.com, grace@example.com",
        ]
    finally:
        process.terminate()
        assert process.wait(10) == 0
        process.stdout.close()
