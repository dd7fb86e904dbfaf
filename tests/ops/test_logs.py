"""What must not be found in a log."""

import logging

import pytest
from django.conf import settings

from intelbrief.logs import MaskingFormatter
from subscribers import tokens

LINE = settings.LOGGING["formatters"]["console"]["format"]


@pytest.fixture
def logged(monkeypatch):
    """Return what the site's own handler wrote."""
    written: list[str] = []
    handler = logging.Handler()
    handler.setFormatter(MaskingFormatter(LINE))
    monkeypatch.setattr(handler, "emit", lambda record: written.append(handler.format(record)))
    root = logging.getLogger()
    root.addHandler(handler)
    yield written
    root.removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("purpose", "path"),
    [
        (tokens.unsubscribe, "/u/{}"),
        (tokens.unsubscribe, "/u/{}/"),
        (tokens.unsubscribe, "/u/{}."),
        (tokens.view, "/v/{}"),
        (tokens.click, "/c/{}"),
        (tokens.pixel, "/o/{}"),
        (tokens.confirm, "/s/confirm/{}"),
        (tokens.unsubscribe, "/s/prefs/{}"),
        (tokens.own, "/s/own/{}/nothing"),
        (tokens.undo, "/s/undo/{}/"),
        (tokens.address, "/s/address/{}/"),
        (tokens.reading, "/s/read/{}/"),
        (tokens.invitation, "/s/invitation/{}/"),
    ],
    ids=[
        *(
            "u",
            "u-and-slash",
            "u-and-dot",
            "v",
            "c",
            "o",
            "confirm",
            "prefs",
            "own",
            "undo",
            "address",
        ),
        *("reading", "invitation"),
    ],
)
def test_no_token_of_a_reader_is_written_to_the_log(client, logged, purpose, path):
    token = purpose.make(*[3] * purpose.size)
    client.post(path.format(token), b"x", content_type="application/x-www-form-urlencoded")
    client.post(path.format(token + "x"), b"", content_type="a/b")
    assert logged
    assert all("•••" in line for line in logged)
    assert token not in "\n".join(logged)


def test_no_token_stands_in_a_traceback_either(logged):
    token = tokens.unsubscribe.make(3, 7)
    try:
        int(f"http://127.0.0.1:8000/u/{token}?x=1")
    except ValueError:
        logging.getLogger("anything").exception("At %s", f"/u/{token}")
    assert token not in logged[0]
    assert "/u/•••?x=1" in logged[0]
    assert "Traceback" in logged[0]


def test_paths_that_are_no_link_of_a_reader_stay_readable(logged):
    logging.getLogger("anything").warning("Not Found: /c/short and /s/harbour-brief-of-today/")
    assert logged == ["WARNING anything Not Found: /c/short and /s/harbour-brief-of-today/"]


def test_everything_that_is_logged_goes_through_the_mask():
    # The loggers that the settings and Django set up: libraries of other tests have their own.
    handlers = {
        handler
        for name in (None, "django", "django.server", *settings.LOGGING.get("loggers", {}))
        for handler in logging.getLogger(name).handlers
        if type(handler) is logging.StreamHandler
    }
    assert handlers
    assert {type(handler.formatter) for handler in handlers} == {MaskingFormatter}


def test_no_address_of_a_reader_stands_in_the_log(logged):
    try:
        int("550 <ada.lovelace+brief@mail.example.co.uk>: no such user")
    except ValueError:
        logging.getLogger("anything").exception("Refused: %s", {"zoé@example.com": 550})
    logging.getLogger("anything").warning("Lane at smtp://relay.example:25 rests; 3 @ 5 a second")
    assert not any(part in logged[0] for part in ("ada", "lovelace", "example", "zoé"))
    assert "no such user" in logged[0]
    assert logged[1] == "WARNING anything Lane at smtp://relay.example:25 rests; 3 @ 5 a second"
