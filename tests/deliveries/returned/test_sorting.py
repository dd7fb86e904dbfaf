"""Every shape of mail that comes back is sorted into its kind; none ends in an exception."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deliveries.returned import rules, sorting
from tests.deliveries.returned import shapes

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize("shape", shapes.ALL, ids=lambda shape: shape.name)
def test_a_mail_is_sorted_into_its_kind(shape):
    found = sorting.sort(shape.raw)
    assert found.kind == shape.kind, found
    if found.kind != sorting.NOT_A_BOUNCE:
        assert (found.address, found.status) == (shape.address, shape.status)


@pytest.mark.parametrize(
    "change",
    [
        lambda raw: raw.replace(b"\r\n", b"\n"),
        lambda raw: raw.replace(b"\r\n", b"\r"),
        lambda raw: b"From MAILER-DAEMON Mon Nov 23 17:34:15 2026\r\n" + raw,
        lambda raw: b"\xef\xbb\xbf" + raw,
        lambda raw: raw.decode("utf-8", "replace").encode("utf-16"),
        lambda raw: raw.replace(b"Reporting-MTA", b"\0Reporting-MTA"),
        lambda raw: raw.rpartition(b"--b1--")[0],
        lambda raw: raw + b"x" * 3_000_000,
    ],
    ids=["LF", "CR", "mbox", "BOM", "UTF-16", "NUL", "truncated", "large"],
)
def test_a_report_is_read_however_it_is_written(change):
    found = sorting.sort(change(shapes.dsn("failed", "5.1.1", "550 5.1.1 User unknown")))
    assert (found.kind, found.address) == ("permanent", shapes.ADA)


def test_the_mail_that_is_returned_decides_nothing():
    raw = shapes.mail("550 5.1.1 User unknown", "Undelivered", "MAILER-DAEMON@example.com")
    attached = b"Content-Type: message/rfc822\r\n\r\n" + raw
    note = (
        b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n\r\nSee below.\r\n--b\r\n"
    )
    assert sorting.sort(note + attached + b"\r\n--b--").kind == sorting.NOT_A_BOUNCE


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from(shapes.ALL), st.integers(0, 2000))
def test_nothing_raises(noise, shape, place):
    raw = shape.raw[:place] + noise + shape.raw[place:]
    assert sorting.sort(raw).kind in sorting.KINDS


@pytest.mark.parametrize(
    "raw",
    [
        b"Content-Type: multipart/mixed; boundary=a\n\n"
        + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n" * 2000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(300)
        ),
        b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + b"@" * 100_000,
        b"From: MAILER-DAEMON@x\nSubject: failure notice\n\n" + b"-" * 100_000,
        b"Content-Type: text/plain; charset=no-such-charset\n\nM\xfcller",
        b"Content-Type: text/plain; charset=rot13\n\nMueller",
        b"Subject: =?utf-8?b?broken\nFrom: =?x?q?=FF?= <>\n\n",
        b"PK\x03\x04" + bytes(range(256)) * 200,
    ],
    ids=["one boundary", "many boundaries", "at", "dashes", "charset", "codec", "words", "zip"],
)
def test_what_is_no_mail_is_no_bounce_and_ends(raw):
    assert sorting.sort(raw).kind in sorting.KINDS


@pytest.mark.parametrize(
    ("code", "words", "permanent", "reason"),
    [
        ("5.1.1", "", True, "no-mailbox"),
        ("5.2.2", "", False, "full"),
        ("", "552 over quota", False, "full"),
        ("5.7.515", "", True, "auth"),
        ("", "550 5.7.1 relaying denied", True, "relay"),
        ("", "554 blocked using zen.spamhaus.org", True, "blocked"),
        ("5.3.4", "message too big", True, "too-large"),
        ("4.4.1", "", False, "unreachable"),
        ("5.0.0", "retry timeout exceeded", False, "unreachable"),
        ("", "", False, "unknown"),
        ("", "550 sender address rejected: domain not found", True, "auth"),
        ("", "usuario desconocido", True, "no-mailbox"),
    ],
)
def test_a_refusal_is_judged_by_code_and_words(code, words, permanent, reason):
    judged = rules.judge(code, words)
    assert (judged.is_permanent, judged.reason) == (permanent, reason)
    assert judged.is_senders_fault == (reason in rules.SENDERS_FAULT)
