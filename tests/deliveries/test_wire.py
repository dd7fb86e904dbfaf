"""The bytes that go over the wire (RFC 5322, 2045, 2047)."""

import email
import email.policy
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries import wire

VALUES = {
    wire.TO: b"ada@example.com",
    wire.DATE: b"Mon, 06 Apr 2026 06:00:00 +0000",
    wire.MESSAGE_ID: b"abc@harbour.example",
    wire.LIST_UNSUBSCRIBE: b"https://harbour.example/u/abc",
}


def encoded(text="Text", html="<p>Text</p>", slots=(), values=None, subject="Subject"):
    built = wire.encode(
        headers=[
            ("From", wire.mailbox("From", "Harbour", "brief@harbour.example")),
            ("Subject", wire.unstructured("Subject", subject)),
        ],
        text=text,
        html=html,
        slots=list(slots),
    )
    return built.fill({**VALUES, **(values or {})})


def parsed(raw: bytes):
    return email.message_from_bytes(raw, policy=email.policy.default)


def assert_clean(raw: bytes):
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", raw), "a bare CR, LF or NUL"
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert not re.search(rb"(?m)^\.", raw), "a leading dot"
    raw.decode("ascii")


@given(st.text(max_size=300), st.text(max_size=300))
def test_any_text_comes_back_as_it_was(text, html):
    text, html = (s.encode("utf-8", "ignore").decode().replace("\x00", "") for s in (text, html))
    raw = encoded(text, html)
    assert_clean(raw)
    message = parsed(raw)
    for subtype, expected in (("plain", text), ("html", html)):
        part = message.get_body((subtype,))
        content = part.get_payload(decode=True).decode()
        assert content.replace("\r\n", "\n") == expected.replace("\r\n", "\n").replace("\r", "\n")


@given(
    st.lists(st.text(max_size=90), min_size=2, max_size=4),
    st.from_regex(r"[A-Za-z0-9_-]{15,40}", fullmatch=True),
)
def test_a_slot_is_filled_wherever_it_stands(around, token):
    around = [s.encode("utf-8", "ignore").decode().replace("\x00", "") for s in around]
    around = [s.replace("\r", "") for s in around]
    name = "ib0123456789abx000"
    body = name.join(around)
    raw = encoded(body, body, slots=[name], values={name: token.encode()})
    assert_clean(raw)
    content = parsed(raw).get_body(("plain",)).get_payload(decode=True).decode()
    assert content.replace("\r\n", "\n") == token.join(around)


@given(st.text(max_size=200))
def test_a_subject_is_one_header_whatever_it_holds(subject):
    subject = subject.encode("utf-8", "ignore").decode()
    raw = encoded(subject=subject)
    assert_clean(raw)
    head = raw.partition(b"\r\n\r\n")[0]
    assert len(re.findall(rb"(?m)^[A-Za-z-]+:", head)) == 9
    for word in re.findall(rb"=\?[^?]+\?[bq]\?[^?]*\?=", head):
        assert len(word) <= 75
    value = str(parsed(raw)["Subject"])
    wanted = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", subject)
    assert "".join(value.split()) == "".join(wanted.split())


@pytest.mark.parametrize(
    "name",
    [
        "Ada",
        "Ada Lovelace, Countess",
        'Ada "the first" Lovelace',
        "Grüße aus Köln",
        "x" * 120,
        "名" * 100,
        "a\r\nBcc: evil@example.com",
    ],
)
def test_a_name_stays_a_name(name):
    value = wire.mailbox("To", name, "ada@example.com")
    raw = f"To: {value}\r\nX-Next: 1\r\n\r\n".encode()
    assert_clean(raw)
    message = parsed(raw)
    (address,) = message["To"].addresses
    assert address.addr_spec == "ada@example.com"
    # The parser keeps the folds between encoded words, against RFC 2047, 6.2.
    assert "".join(address.display_name.split()) == "".join(name.split())
    assert list(message) == ["To", "X-Next"]
    # A quoted word of a hundred letters cannot be folded (RFC 5322, 2.2.3).
    assert max(map(len, raw.split(b"\r\n"))) <= (78 if " " in name or len(name) < 60 else 200)


@given(st.text(max_size=60))
def test_any_name_comes_back_as_people_read_it(name):
    name = name.encode("utf-8", "ignore").decode()
    raw = f"To: {wire.mailbox('To', name, 'ada@example.com')}\r\n\r\n".encode()
    assert_clean(raw)
    (address,) = parsed(raw)["To"].addresses
    assert address.addr_spec == "ada@example.com"
    wanted = re.sub(r"[\x00-\x1f\x7f\u2028\u2029]+", " ", name)
    assert "".join(address.display_name.split()) == "".join(wanted.split())
