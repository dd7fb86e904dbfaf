"""What a fault tells Sentry, and what it must not."""

import json
import logging

import pytest
import sentry_sdk
from sentry_sdk.transport import Transport

from intelbrief import checks
from intelbrief.observing import checks as watched
from intelbrief.observing import sentry

pytestmark = pytest.mark.sqlite_only

DSN = "https://0123456789abcdef@sentry.example/42"
TOKEN = "AwO1LcCbEwJFQcfZkL9x"
VISITOR = {"email": "ada@example.com", "ip_address": "203.0.113.7"}
SECRETS = ("ada@", "Ada@", "hunter2", TOKEN, "of-a-session", "203.0.113.7")


class Kept(Transport):
    """Keeps what would go out."""

    def __init__(self):
        super().__init__()
        self.events = []

    def capture_envelope(self, envelope):
        self.events += [item.get_event() for item in envelope.items if item.get_event()]


@pytest.fixture
def sent():
    """Report to nobody, by the options of the product, for one test."""
    kept = Kept()
    given = {**sentry.options(DSN, "test"), "transport": kept, "default_integrations": False}
    with sentry_sdk.isolation_scope() as scope:
        scope.set_client(sentry_sdk.Client(**given))
        yield kept.events
    # Its own handler writes only while it is debugged, which the options turn off.
    logging.getLogger("sentry_sdk.errors").handlers.clear()


def fail():
    reader, password = VISITOR["email"], SECRETS[2] * 2
    raise ValueError(f"550 <{reader}> at redis://:{password}@redis.internal, see /u/{TOKEN}")


def test_a_fault_is_reported_without_addresses_tokens_and_secrets(sent):
    with sentry_sdk.new_scope() as scope:
        scope.set_user(VISITOR)
        scope.set_extra(
            "reader", {VISITOR["email"].title(): [f"https://briefs.example.org/v/{TOKEN}"]}
        )
        scope.add_breadcrumb(message=f"To {VISITOR['email']}", data={"url": f"/s/confirm/{TOKEN}/"})
        scope.add_event_processor(_with_request)
        try:
            fail()
        except ValueError:
            sentry_sdk.capture_exception()
    (event,) = sent
    told = json.dumps(event)
    assert not [secret for secret in SECRETS if secret in told]
    assert "redis.internal" in told
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert frames[-1]["function"] == "fail"
    assert not any("vars" in frame for frame in frames)
    assert event["request"] == {"method": "POST", "url": "https://briefs.example.org/u/•••"}
    assert event["environment"] == "test"
    assert "user" not in event
    assert not sentry_sdk.get_client().options["send_default_pii"]


def _with_request(event, _hint):
    event["request"] = {
        "method": "POST",
        "url": f"https://briefs.example.org/u/{TOKEN}",
        "query_string": "address=ada@example.com",
        "data": {"address": "ada@example.com"},
        "cookies": {"sessionid": "of-a-session"},
        "headers": {"Cookie": "sessionid=of-a-session", "X-Forwarded-For": "203.0.113.7"},
    }
    return event


def test_a_secret_of_the_settings_is_in_no_report(sent, settings):
    sentry_sdk.capture_message(f"key {settings.SECRET_KEY}, hook {settings.WEBHOOK_SECRET}")
    assert settings.SECRET_KEY not in json.dumps(sent)
    assert settings.WEBHOOK_SECRET not in json.dumps(sent)


def test_the_package_is_an_extra_and_its_lack_is_said_at_the_start(settings, monkeypatch):
    settings.SENTRY_DSN = DSN
    assert list(watched.look()) == []
    monkeypatch.setattr(sentry, "is_installed", lambda: False)
    sentry.start(DSN, "test")  # nothing happens
    with pytest.raises(SystemExit, match="pip install sentry-sdk"):
        checks.refuse_to_start()


def test_an_address_that_is_none_is_said_without_telling_it(settings):
    settings.SENTRY_DSN = "https://hunter2hunter2.sentry.example"
    (found,) = watched.look()
    assert found.id == "intelbrief.E032"
    assert "hunter2" not in str(found)
