"""The way of the mail: whether each provider lets us in, and what the sender's domain publishes."""

from collections.abc import Callable, Iterator

import requests
from django.conf import settings

from analytics import sender_records
from briefs.models import Publication
from deliveries import lanes
from deliveries.lanes import LaneTrouble, LogInRefused
from deliveries.preflight import records
from deliveries.providers.opening import Timeouts, open_connection
from deliveries.relay import Relay
from intelbrief.observing import readiness
from intelbrief.ops.doctor import Severity, Trouble, examination

PATIENCE = 5.0
MOST_DOMAINS = 5


def _bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


# ESPs that tell whether a key is right without a letter: where, by which setting, in which header.
_ASK: dict[str, tuple[str, str, str, Callable[[str], dict[str, str]]]] = {
    "postmark": (
        *("https://api.postmarkapp.com/", "server", "POSTMARK_SERVER_TOKEN"),
        lambda key: {"X-Postmark-Server-Token": key, "Accept": "application/json"},
    ),
    "sendgrid": ("https://api.sendgrid.com/v3/", "scopes", "SENDGRID_API_KEY", _bearer),
    "brevo": (
        *("https://api.brevo.com/v3/", "account", "BREVO_API_KEY"),
        lambda key: {"api-key": key},
    ),
    "resend": ("https://api.resend.com/", "domains", "RESEND_API_KEY", _bearer),
    "sparkpost": (
        *("https://api.sparkpost.com/api/v1/", "account", "SPARKPOST_API_KEY"),
        lambda key: {"Authorization": key},
    ),
}


@examination("provider", needs=("checks",))
def provider() -> Iterator[Trouble]:
    """Find out whether each provider can be reached, and whether it refused again and again."""
    if not lanes.names():
        yield Trouble(
            "No mail can go out: there is no provider.", "Set EMAIL_PROVIDER or EMAIL_URL."
        )
    for lane in lanes.names():
        if words := readiness.provider(lane):
            cure = "Look at its address, at the firewall, and at what it said."
            yield Trouble(words, _inbox() or cure, lane)


def _inbox() -> str:
    return "It is part of ./run: start that." if settings.LOCAL_INBOX else ""


@examination("log-in", needs=("checks", "provider"))
def log_in() -> Iterator[Trouble]:
    """Log in at each provider, without sending anything: a password that is wrong or expired stops
    all mail."""
    for lane in lanes.names():
        if lanes.options(lane)["provider"] == "smtp":
            yield from _smtp(lane)
        else:
            yield from _esp(lane)


def _smtp(lane: str) -> Iterator[Trouble]:
    relay = Relay.parse(str(lanes.options(lane).get("url") or ""))
    waits = Timeouts(connect=PATIENCE, command=PATIENCE, data=PATIENCE, dot=PATIENCE)
    try:
        opened = open_connection(relay, waits, None)
    except LogInRefused as error:
        cure = "Look at user and password in EMAIL_URL or PROVIDERS; @ in them is written %40."
        yield Trouble(f"The mail server refuses the log-in: {error}", cure, lane)
    except LaneTrouble as error:
        cure = "Look at its address and port: 587 wants submission://, 465 smtps://."
        yield Trouble(str(error), cure, lane)
    else:
        opened.sock.close()


def _esp(lane: str) -> Iterator[Trouble]:
    name = lanes.options(lane)["provider"]
    if name not in _ASK:
        return
    usual, path, setting, headers = _ASK[name]
    key = str(settings.ANYMAIL.get(setting, ""))
    base = str(settings.ANYMAIL.get(f"{name.upper()}_API_URL") or usual)
    try:
        answer = requests.get(f"{base.rstrip('/')}/{path}", headers=headers(key), timeout=PATIENCE)
    except (requests.RequestException, ValueError) as error:
        what = f"{name} does not answer: {type(error).__name__}."
        cure = "Look at the network and at https://status pages of the provider."
        yield Trouble(what, cure, lane, Severity.WARNING)
        return
    # 403: the key is right, and may send and nothing else.
    if answer.status_code == 401 or (answer.status_code == 422 and name == "postmark"):
        cure = f"Set {setting} or {setting}_FILE to what the provider shows, and restart."
        yield Trouble(f"{name} does not take the key.", cure, lane)


@examination("sender-domain", Severity.WARNING, needs=("migrations", "checks"))
def sender_domain() -> Iterator[Trouble]:
    """Ask the DNS for SPF, DKIM and DMARC of the senders' domains, and for the mail server's name:
    without them the large mailboxes refuse the mail."""
    if not settings.CHECK_OUTSIDE:
        return
    rows = Publication.objects.exclude(sender_address="").order_by("pk")
    addresses = rows.values_list("sender_address", flat=True)
    domains = list(dict.fromkeys(one.rpartition("@")[2].lower() for one in addresses))
    for domain in [one for one in domains if records.is_asked(one)][:MOST_DOMAINS]:
        for one in sender_records.findings(domain, sender_records.ask(domain)):
            if one.is_wrong:
                publish = f" Publish at {one.host}: {one.record}" if one.record else ""
                severity = Severity.BROKEN if one.tone == "danger" else None
                yield Trouble(
                    f"{one.name}: {one.state}.", f"{one.words}{publish}", domain, severity
                )
