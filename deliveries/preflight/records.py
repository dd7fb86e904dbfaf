"""What the DNS says of a sender's domain: SPF, DKIM and DMARC (RFC 7208, 6376, 7489)."""

import re
from typing import NamedTuple

import dns.exception
import dns.resolver
from django.conf import settings

from briefs import hosts
from deliveries import lanes, outside
from deliveries.preflight.lookups import Known

GOOD_SECONDS = 600
BAD_SECONDS = 120
# Under which names those providers publish keys that have one name for all their customers.
_SELECTORS = {
    "brevo": ("brevo1", "brevo2", "mail"),
    "mailersend": ("mlsend", "mlsend2"),
    "mailjet": ("mailjet",),
    "mandrill": ("mte1", "mte2", "mandrill"),
    "resend": ("resend",),
    "sendgrid": ("s1", "s2"),
}


class Records(NamedTuple):
    """What was found for a domain; None is for what could not be looked up."""

    spf: tuple[str, ...] | None  # of the domain that bounces go to
    dkim: bool | None
    dmarc: str | None
    dmarc_at: str = ""  # the domain that DMARC stands at, which alignment goes by


def is_asked(domain: str) -> bool:
    """Tell whether there is anything to be asked: not for a try-out or a made-up name."""
    return bool(domain) and not settings.LOCAL_INBOX and not hosts.is_made_up(domain)


def key_of(domain: str) -> str:
    """Return under which key the records of *domain* are remembered."""
    return f"mail-domain:{domain}:{bounce_domain(domain)}:{','.join(selectors())}"


def bounce_domain(domain: str) -> str:
    """Return the domain that SPF is looked up for: that of the envelope's sender."""
    for lane in lanes.names():
        if own := lanes.options(lane).get("bounce_domain"):
            return str(own).strip().lower()
    return settings.BOUNCE_DOMAIN or domain


def selectors() -> tuple[str, ...]:
    """Return the names that DKIM keys may stand under; empty where nobody knows."""
    if settings.DKIM_SELECTORS:
        return tuple(settings.DKIM_SELECTORS)
    providers = {lanes.options(lane)["provider"] for lane in lanes.names()}
    return tuple(name for provider in sorted(providers) for name in _SELECTORS.get(provider, ()))


def ask(domain: str) -> Known:
    """Look the records of *domain* up."""
    spf = _texts(bounce_domain(domain), "v=spf1")
    dmarc, at = _dmarc(domain)
    records = Records(spf, _has_key(domain), dmarc, at)
    whole = spf and dmarc and records.dkim is not False
    return Known(records, GOOD_SECONDS if whole else BAD_SECONDS)


def _dmarc(domain: str) -> tuple[str | None, str]:
    """Return the record, and the domain that it stands at: its own or one above (RFC 9989)."""
    labels = domain.split(".")
    for first in range(max(1, len(labels) - 1)):
        at = ".".join(labels[first:])
        found = _texts(f"_dmarc.{at}", "v=DMARC1")
        if found is None:
            return None, ""
        if found:
            return found[0], at
    return "", ""


def _has_key(domain: str) -> bool | None:
    if not selectors():
        return None
    found = [_texts(f"{selector}._domainkey.{domain}", "") for selector in selectors()]
    keys = [text for texts in found for text in texts or ()]
    # An empty p= says that the key was withdrawn (RFC 6376, 3.6.1).
    if any(re.search(r"\bp=\s*[^;\s]", text) for text in keys):
        return True
    return None if None in found else False


def _texts(name: str, begins: str) -> tuple[str, ...] | None:
    """Return the TXT records of *name* that begin so; None where nobody answered."""
    try:
        rows = outside.records(name, "TXT")
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    except (dns.exception.DNSException, OSError, ValueError):
        return None
    texts = [b"".join(row.strings).decode("utf-8", "replace") for row in rows]
    return tuple(text for text in texts if text.lower().startswith(begins.lower()))
