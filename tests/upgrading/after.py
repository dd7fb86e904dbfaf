"""Migrates the database that DATABASE_URL names, and prints what its rows mean now, as JSON.

A process of its own, as an upgrade is: `python -m tests.upgrading.after TOKEN`.
"""

import json
import sys

import django

django.setup()

from django.core.management import call_command  # noqa: E402  (all of it needs the apps)
from django.test import Client  # noqa: E402

from briefs import roles  # noqa: E402
from briefs.addresses import normalise  # noqa: E402
from briefs.models import Brief, Publication, User  # noqa: E402
from deliveries.models import Edition  # noqa: E402
from subscribers import suppression, tokens  # noqa: E402
from subscribers.models import ConsentRecord, Subscription  # noqa: E402


def main(token: str) -> None:
    """Migrate, look, and use a link that was mailed before."""
    call_command("migrate", verbosity=0, interactive=False)
    publication = Publication.objects.get(slug="harbour")
    sent = Edition.objects.get(revision__brief__headline="The Port’s New Cranes")
    planned = Edition.objects.get(revision__brief__headline="Far Away")
    names = ("ada", "bob", "dora", "eve", "gus")
    hashes = {n: suppression.address_hash(normalise(f"{n}@reader.example").key) for n in names}
    olga = User.objects.get(email="olga@harbour.example")
    before = _subscriptions()
    browser = Client(SERVER_NAME="127.0.0.1")
    page = browser.get("/harbour/2026/04/06/the-ports-new-cranes/")
    left = browser.post(f"/u/{token}", {"List-Unsubscribe": "One-Click"})
    found = {
        "sent": [sent.status, _deliveries(sent)],
        "planned": [planned.status, planned.send_at.isoformat()],
        "subscriptions": before,
        "consent": list(ConsentRecord.objects.order_by("pk").values_list("kind", flat=True)),
        "suppressed": [n for n in names if suppression.is_suppressed(hashes[n], publication)],
        "token": tokens.unsubscribe.load(token)[0],
        "page": [page.status_code, "The Port’s New Cranes" in page.content.decode()],
        "left": [left.status_code, _subscriptions()["ada"]],
        "drafts": sorted(Brief.objects.filter(status="draft").values_list("headline", flat=True)),
        "may publish": roles.can(olga, "publish", publication),
    }
    sys.stdout.write(json.dumps(found))


def _subscriptions() -> dict[str, str]:
    rows = Subscription.objects.values_list("subscriber__address", "status")
    return {address.partition("@")[0]: status for address, status in rows}


def _deliveries(edition: Edition) -> dict[str, str]:
    rows = edition.deliveries.values_list("subscriber__address", "status")
    return {address.partition("@")[0]: status for address, status in rows}


main(sys.argv[1])
