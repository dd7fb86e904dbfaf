"""The provider that carries the mail is told to set no pixel and no links of its own."""

import pytest
from django.core.mail import EmailMultiAlternatives

from deliveries.providers.esp.sessions import backend_of

pytestmark = pytest.mark.sqlite_only

KEYS = (
    *("MAILGUN_API_KEY", "MAILJET_API_KEY", "MAILJET_SECRET_KEY", "MANDRILL_API_KEY"),
    *("POSTMARK_SERVER_TOKEN", "SENDGRID_API_KEY", "SPARKPOST_API_KEY", "UNISENDER_GO_API_KEY"),
)
SERVER = {"UNISENDER_GO_API_URL": "https://go1.unisender.ru/en/transactional/api/v1/"}


def written(name):
    """Return what Anymail makes of a message."""
    backend = backend_of(name)
    message = EmailMultiAlternatives("A", "b", "a@harbour.example", ["b@example.com"])
    return str(backend.build_message_payload(message, backend.send_defaults).data)


@pytest.mark.filterwarnings("ignore::anymail.exceptions.AnymailWarning")
@pytest.mark.parametrize(
    ("name", "clicks", "opens"),
    [
        ("mailgun", "'o:tracking-clicks': 'no'", "'o:tracking-opens': 'no'"),
        ("mailjet", "'TrackClicks': 'disabled'", "'TrackOpens': 'disabled'"),
        ("mandrill", "'track_clicks': False", "'track_opens': False"),
        ("postmark", "'TrackLinks': 'None'", "'TrackOpens': False"),
        ("sendgrid", "'click_tracking': {'enable': False}", "'open_tracking': {'enable': False}"),
        ("sparkpost", "'click_tracking': False", "'open_tracking': False"),
        ("unisender_go", "'track_links': 0", "'track_read': 0"),
    ],
)
def test_an_esp_does_not_tell_readers_apart_behind_our_back(settings, name, clicks, opens):
    settings.ANYMAIL = {**dict.fromkeys(KEYS, "a-key"), **SERVER}
    said = written(name)
    assert clicks in said
    assert opens in said
    # Who operates the installation may want it.
    settings.ANYMAIL["SEND_DEFAULTS"] = {"track_opens": True}
    assert opens not in written(name)
    assert clicks in written(name)
