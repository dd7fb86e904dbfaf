"""How the mail of the invented newsroom fares: records of its domain, and a week of mailboxes."""

import datetime as dt

from django.utils import timezone

from analytics.models import DomainCheck, DomainDay, Trouble
from briefs.models import Publication

# Of each mailbox house: letters, bounces and complaints a day.
HOUSES = {
    "gmail.com": (410, 3, 0),
    "outlook.com": (160, 14, 0),
    "yahoo.com": (170, 1, 1),
    "gmx.de": (90, 1, 0),
    "skarnvik.example": (24, 0, 0),
    "*": (120, 2, 0),
}


def fare(publication: Publication) -> None:
    """Store what the DNS says of the sender, and a week of what mailboxes did."""
    domain = publication.sender_address.rpartition("@")[2]
    now = timezone.now()
    DomainCheck.objects.create(
        domain=domain,
        found={
            "spf": ["v=spf1 include:spf.mtasv.net ~all"],
            "dkim": None,
            "dmarc": "",
            "dmarc_at": "",
            "bounce_domain": domain,
            "mx": [f"mx.{domain}"],
            "relays": {},
        },
        has_had=["dmarc", "spf"],
        checked_at=now - dt.timedelta(hours=3),
        changed_at=now - dt.timedelta(days=1),
    )
    today = timezone.localdate()
    for name, (sent, bounced, complained) in HOUSES.items():
        DomainDay.objects.bulk_create(
            DomainDay(
                publication=publication,
                day=today - dt.timedelta(days=back),
                domain=name,
                sent=sent,
                delivered=sent - bounced,
                bounced=bounced,
                complained=complained,
            )
            for back in range(7)
        )
    for kind, about in (("bounces", "Outlook.com"), ("complaints", "Yahoo"), ("dmarc", domain)):
        Trouble.objects.create(
            publication=publication,
            kind=kind,
            about=about,
            words="",
            since=now,
            seen_at=now,
            told_at=now,
        )
