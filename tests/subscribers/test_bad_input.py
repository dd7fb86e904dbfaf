"""What comes through the form: stored clean or refused with a message, never a 500."""

import pytest
from django.db import connection
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from subscribers.models import Subscriber

pytestmark = pytest.mark.django_db

HOSTILE = [
    "ada@example.com\r\nBcc: everybody@example.com",
    "ada\x00@example.com",
    "\x00",
    "a" * 10_240,
    "a" * 65 + "@example.com",
    "ada@" + "a" * 300 + ".com",
    "🚢@example.com",
    "josé@example.com",
    "ada@example.com\u202e",
    "\u202eada@example.com",
    '"<script>"@example.com',
    "a@[127.0.0.1]",
    "a@127.0.0.1",
    "a@localhost",
    "ada@example.com,eve@example.com",
    "ada@example.com;eve@example.com",
    "<ada@example.com>",
    "Ada <ada@example.com>",
    "ada@exam\u00adple.com",
    "ada@-example.com",
    "ada..b@example.com",
    "' OR 1=1 --@example.com",
    "\ud800@example.com".encode("utf-8", "surrogatepass").decode("latin-1"),
]


@pytest.mark.parametrize("address", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_address_is_refused_with_a_message(fill_in, address):
    answer = fill_in(address)
    assert answer.status_code == 422
    assert 'id="address-error"' in answer.content.decode()
    assert b"<script>" not in answer.content
    assert not Subscriber.objects.exists()


NAMES = [
    ("x" * 10_240, None),
    ("Ada\r\nBcc: everybody@example.com", None),
    ("Ada\x00", None),
    ("Ada\u202eadA", "AdaadA"),
    ("\u2067Ada\u2069\u2028Lovelace\u202c", "Ada Lovelace"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ("🚢" * 120, "🚢" * 120),
    ("  Ada   Lovelace ", "Ada Lovelace"),
    ("{{settings.SECRET_KEY}}", "{{settings.SECRET_KEY}}"),
]


@pytest.mark.parametrize(("name", "stored"), NAMES, ids=range(len(NAMES)))
def test_a_hostile_name_is_stored_clean_or_refused(fill_in, name, stored):
    answer = fill_in(name=name)
    if stored is None:
        assert answer.status_code == 422
        assert 'id="name-error"' in answer.content.decode()
        assert not Subscriber.objects.exists()
    else:
        assert answer.status_code == 303
        assert Subscriber.objects.get().name == stored


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(address=st.text(max_size=80), name=st.text(max_size=150))
def test_whatever_is_typed_is_answered(fill_in, address, name):
    assert fill_in(address, name=name).status_code in (303, 422)


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/x-www-form-urlencoded"),
        (b"\xff\xfe%00%ff=%zz&&&===", "application/x-www-form-urlencoded"),
        (b"address=a%00b%40example.com", "application/x-www-form-urlencoded"),
        (b"no boundary", "multipart/form-data"),
        (b"--x\r\nbroken", "multipart/form-data; boundary=x"),
        (b'{"address": "ada@example.com"}', "application/json"),
        (b"address=" + b"a" * 3_000_000, "application/x-www-form-urlencoded"),
        (b"&".join(b"f%d=1" % n for n in range(2000)), "application/x-www-form-urlencoded"),
        (b"address=ada", "application/x-www-form-urlencoded; charset=nonsense"),
        (b"address=ada", "application/x-www-form-urlencoded; charset=utf-16"),
    ],
)
def test_a_broken_body_is_answered(client, publication, body, content_type):
    url = reverse("subscribers:subscribe", args=[publication.slug])
    answer = client.generic("POST", url, body, content_type=content_type)
    assert answer.status_code in (400, 413, 422)


def test_other_methods_are_refused(client, publication):
    url = reverse("subscribers:subscribe", args=[publication.slug])
    for method in ("put", "patch", "delete", "options", "trace"):
        assert getattr(client, method)(url).status_code == 405


def test_a_strange_host_changes_no_link(client, publication):
    url = reverse("subscribers:subscribe", args=[publication.slug])
    assert client.get(url, HTTP_HOST="evil.example").status_code == 400
    assert connection.is_usable()
