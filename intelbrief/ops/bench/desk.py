"""How long the desk's pages take where there are many readers."""

import statistics
import time
from typing import Any

from django.conf import settings
from django.test import Client

from briefs.models import User
from deliveries import planning
from intelbrief.ops import population
from intelbrief.ops.bench import messages
from intelbrief.ops.scratch import CannotRun

ROUNDS = 5
PAGES = {
    "dashboard": "/admin/",
    "readers": "/admin/subscribers/subscriber/",
    "readers_last_page": "/admin/subscribers/subscriber/?p=50",
    "readers_by_address": "/admin/subscribers/subscriber/?q=reader77%40d27.example",
    "readers_by_part": "/admin/subscribers/subscriber/?q=reader777",
    "readers_by_nothing": "/admin/subscribers/subscriber/?q=nobody-has-this",
    "readers_active": "/admin/subscribers/subscriber/?status=active",
    "readers_unsubscribed": "/admin/subscribers/subscriber/?status=unsubscribed",
    "subscriptions": "/admin/subscribers/subscription/",
    "subscriptions_active": "/admin/subscribers/subscription/?status__exact=active",
    "subscriptions_left": "/admin/subscribers/subscription/?status__exact=unsubscribed",
    "subscriptions_by_part": "/admin/subscribers/subscription/?q=reader777",
    "consent": "/admin/subscribers/consentrecord/",
    "suppressions": "/admin/subscribers/suppression/",
    "edition": "/admin/deliveries/edition/{edition}/change/",
}


def run(readers: int) -> dict[str, Any]:
    """Return the median milliseconds of each page with *readers* and one edition to all."""
    population.make_readers(readers)
    publication = population.make_publication(readers)
    edition = population.schedule(messages.make(publication, "sample"))
    planning.start_due()
    User.objects.create_superuser("desk@bench.example", "not-a-secret")
    settings.ALLOWED_HOSTS = ["testserver"]
    client = Client()
    client.force_login(User.objects.get())
    return {"audience": readers} | {
        name: _milliseconds(client, url.format(edition=edition.pk)) for name, url in PAGES.items()
    }


def _milliseconds(client: Client, url: str) -> float:
    """Return the median time of *url* in milliseconds, the first visit left out."""
    times = []
    for _round in range(ROUNDS + 1):
        began = time.perf_counter()
        response = client.get(url, secure=settings.SECURE_SSL_REDIRECT)
        times.append(time.perf_counter() - began)
        if response.status_code != 200:
            raise CannotRun(f"{url} answered {response.status_code}.")
    return round(statistics.median(times[1:]) * 1000, 1)
