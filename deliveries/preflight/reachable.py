"""Whether the providers can be reached from here."""

import socket
from urllib.parse import urlsplit

from django.conf import settings

from deliveries import lanes
from deliveries.preflight.lookups import Known
from deliveries.relay import Relay

GOOD_SECONDS = 120
BAD_SECONDS = 30
CONNECT_SECONDS = 3.0
# Where Anymail sends to, if its settings name nothing else.
_INTERFACES = {
    "brevo": "api.brevo.com",
    "mailersend": "api.mailersend.com",
    "mailgun": "api.mailgun.net",
    "mailjet": "api.mailjet.com",
    "mandrill": "mandrillapp.com",
    "postmark": "api.postmarkapp.com",
    "resend": "api.resend.com",
    "sendgrid": "api.sendgrid.com",
    "sparkpost": "api.sparkpost.com",
}


def place(lane: str) -> tuple[str, int] | None:
    """Return host and port that *lane* hands its mail to; None where nobody knows."""
    options = lanes.options(lane)
    provider = options["provider"]
    if provider == "smtp":
        try:
            relay = Relay.parse(str(options.get("url") or ""))
        except ValueError:
            return None  # which a system check tells
        return relay.host, relay.port
    given = urlsplit(str(settings.ANYMAIL.get(f"{provider.upper()}_API_URL", "")))
    if given.hostname:
        return given.hostname, given.port or (80 if given.scheme == "http" else 443)
    known = _INTERFACES.get(provider)
    return (known, 443) if known else None


def key_of(lane: str) -> str:
    """Return under which key it is remembered whether *lane* can be reached."""
    where = place(lane)
    return f"reachable:{lane}:{where[0]}:{where[1]}" if where else f"reachable:{lane}"


def ask(lane: str) -> Known:
    """Open a connection to where *lane* leads; return why that failed, empty if it did not.

    Whoever runs the site has named that host, so it may well be an inner one.
    """
    where = place(lane)
    if where is None:
        return Known("", GOOD_SECONDS)
    try:
        socket.create_connection(where, timeout=CONNECT_SECONDS).close()
    except OSError as error:
        return Known(f"{where[0]}:{where[1]}: {error.strerror or error}", BAD_SECONDS)
    return Known("", GOOD_SECONDS)
