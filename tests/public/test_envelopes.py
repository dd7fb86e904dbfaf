"""What a request says about its body, before anybody reads it."""

from typing import Any

import pytest
from django.core import signals
from django.db import close_old_connections
from django.http import HttpResponse
from django.test import Client, RequestFactory

from intelbrief.clean_input import LARGEST, LARGEST_AT_THE_DESK
from intelbrief.wsgi import application
from subscribers import tokens
from subscribers.models import Subscriber
from tests.make import make_publication

pytestmark = pytest.mark.django_db
PARTS = (
    b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n\\ud800\r\n'
    b'--x\r\nContent-Disposition: form-data; name="address"\r\n\r\nada@example.com\r\n--x--\r\n'
)


@pytest.fixture
def pages():
    token = tokens.unsubscribe.make(1, 0)
    return ["/admin/login/", f"/s/{make_publication().slug}/", f"/u/{token}"]


@pytest.mark.parametrize(
    "charset",
    ["rot13", "hex", "idna", "undefined", "punycode", "unicode_escape", "raw_unicode_escape",
     "utf-16", "utf-7", "zlib", "base64", "nonsense", "x" * 5000],
)  # fmt: skip
def test_a_charset_that_no_form_has_is_refused(client, pages, charset):
    for url in pages:
        for kind in ("multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
            answer = client.generic("POST", url, PARTS, f"{kind}; charset={charset}")
            assert answer.status_code == 400, (url, kind)
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("charset", "asked"),
    [("=rot13", "q=%C3%A4"), ("=idna", "q=%C3%A4"), ("=undefined", "q=%C3%A4"),
     ("=utf-8", "&".join(f"f{number}=" for number in range(2000)))],
)  # fmt: skip
def test_an_address_that_cannot_be_read_is_refused_before_django_fails(charset, asked):
    # The handler that granian calls: the test client makes its requests without it.
    answers: list[str] = []
    environ = RequestFactory().get("/").environ
    environ["QUERY_STRING"] = asked
    environ["CONTENT_TYPE"] = f"a/b; charset{charset}"
    body = application(environ, lambda status, _headers: answers.append(status))
    assert answers == ["400 Bad Request"]
    assert list(body) == [b"This address cannot be read."]


@pytest.mark.parametrize("charset", ["utf-8", "UTF-8", '"utf-8"', "us-ascii", "ISO-8859-1", ""])
def test_the_charsets_of_browsers_and_mail_programs_are_read(client, pages, charset):
    strict = Client(raise_request_exception=False)
    for url in pages:
        kind = f"multipart/form-data; boundary=x; charset={charset}"
        answer = strict.generic("POST", url, PARTS.replace(b"\\ud800", "ä".encode()), kind)
        assert answer.status_code < 500, url


class Unread:
    """A body whose reading is a failure."""

    def read(self, *size: int) -> bytes:
        pytest.fail("The body was read.")

    readline = read


def post_of(client, url, octets, kind="multipart/form-data; boundary=x"):
    return client.generic(
        "POST", url, b"", kind, **{"wsgi.input": Unread(), "CONTENT_LENGTH": str(octets)}
    )


def test_a_large_upload_by_anybody_is_refused_unread(client, pages):
    for url in [*pages, "/s/confirm/x", "/", "/nothing/"]:
        for octets in (LARGEST + 1, 50_000_000, 10**30):
            answer = post_of(client, url, octets)
            assert answer.status_code == 413, url
            assert "Content-Security-Policy" in answer


def test_the_desk_takes_a_logo_and_no_film(client):
    url = "/admin/briefs/publication/1/change/"
    assert post_of(client, url, LARGEST_AT_THE_DESK + 1).status_code == 413
    assert client.post(url, {"name": "x" * LARGEST}).status_code == 302  # to the log-in


@pytest.mark.parametrize("length", ["x", "-5", "9" * 5000])
def test_a_length_that_is_no_number_is_refused(client, pages, length):
    for url in pages:
        answer = client.post(url, b"", content_type="a/b", CONTENT_LENGTH=length)
        assert answer.status_code in (400, 413)


def test_an_address_in_any_script_is_read_as_it_was_asked_for(monkeypatch):
    read: list[str] = []
    monkeypatch.setattr(
        application, "get_response", lambda request: read.append(request.path) or HttpResponse()
    )
    # A connection of the test shall not be taken for an old one.
    signals.request_started.disconnect(close_old_connections)
    environ: dict[str, Any] = {**RequestFactory().get("/").environ}
    # As a server hands it over (PEP 3333): the octets of UTF-8, each as a character.
    environ["PATH_INFO"] = "/мост/é/🚢/".encode().decode("latin-1")
    try:
        application._through_django(environ, lambda _status, _headers: None)
    finally:
        signals.request_started.connect(close_old_connections)
    assert read == ["/мост/é/🚢/"]
