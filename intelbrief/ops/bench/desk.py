"""How long each page of the desk takes where there are many readers and briefs."""

import logging
import statistics
import time
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.contrib import admin
from django.test import Client, RequestFactory
from django.urls import NoReverseMatch, reverse

from analytics import rollups
from briefs.models import Brief, Publication, User
from deliveries import planning, readership, tallies
from deliveries.models import Edition, Segment
from intelbrief.ops import population
from intelbrief.ops.bench import messages, newsroom
from intelbrief.ops.scratch import CannotRun
from subscribers.models import Subscriber

ROUNDS = 3
BRIEFS = 5_000
# What a page may take, in milliseconds, and a list of readers that is searched.
MOST, MOST_SEARCHING = 300, 1_000
# Searches and filters of the long lists.
LISTS = {
    "readers, last page": "subscribers/subscriber/?p=50",
    "readers by address": "subscribers/subscriber/?q=reader77%40d27.example",
    "readers by part": "subscribers/subscriber/?q=reader777",
    "readers by nothing": "subscribers/subscriber/?q=nobody-has-this",
    "readers, active": "subscribers/subscriber/?status=active",
    "readers, unsubscribed": "subscribers/subscriber/?status=unsubscribed",
    "subscriptions, active": "subscribers/subscription/?status__exact=active",
    "subscriptions, left": "subscribers/subscription/?status__exact=unsubscribed",
    "subscriptions by part": "subscribers/subscription/?q=reader777",
    "briefs by word": "briefs/brief/?q=brief+4711",
    "briefs, drafts": "briefs/brief/?status__exact=draft",
    "briefs, last page": "briefs/brief/?p=50",
    "editions by word": "deliveries/edition/?q=brief",
    "deliveries by address": "deliveries/delivery/?q=reader77%40d27.example",
    "calendar": "deliveries/edition/calendar/",
    "one reader, empty": "deliveries/edition/reader/",
    "one reader": "deliveries/edition/reader/?q=reader77%40d27.example",
}
SEARCHES = ("by part", "by nothing", "by address")


def run(readers: int) -> dict[str, Any]:
    """Return the median milliseconds of each page with *readers* and an edition to all of them.

    Each is asked for by who may do everything and by the owner of one
    publication, whose lists are narrowed; the slower of the two counts.
    """
    population.make_readers(readers)
    publication = population.make_publication(readers)
    root = newsroom.furnish(publication, BRIEFS)
    past = population.schedule(messages.make(publication, "sample"))
    planning.start_due()
    newsroom.end(past)
    now = population.schedule(messages.make(publication, "sample"))
    planning.start_due()
    population.tell_the_planner()
    readership.keep()
    while tallies.keep():
        pass
    rollups.keep()
    settings.ALLOWED_HOSTS = ["testserver"]
    # That the owner is refused some pages is no news.
    logging.getLogger("django.request").setLevel(logging.CRITICAL)
    clients = [_logged_in(root), _logged_in(User.objects.get(email=newsroom.OWNER))]
    took = {
        name: max(_milliseconds(client, url) for client in clients)
        for name, url in _pages(root, publication, past, now)
    }
    slow = [name for name, ms in took.items() if ms > _allowed(name)]
    return {"audience": readers, "briefs": BRIEFS, "slow": slow, **took}


def _logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def _allowed(name: str) -> int:
    return MOST_SEARCHING if name.endswith(SEARCHES) else MOST


def _pages(
    root: User, publication: Publication, past: Edition, now: Edition
) -> Iterator[tuple[str, str]]:
    """Yield the name and address of every page of the desk."""
    yield "dashboard", reverse("admin:index")
    yield from _of_models(root)
    for name, path in LISTS.items():
        yield name, reverse("admin:index") + path
    brief = Brief.objects.filter(publication=publication).order_by("-pk")[0]
    segment = Segment.objects.all()[0]
    reader = Subscriber.objects.order_by("pk")[0]
    ledger = reverse("admin:deliveries_delivery_changelist")
    of_past = f"{ledger}?edition__id__exact={past.pk}"
    named = {
        "send screen": ("deliveries_send", brief.pk),
        "who gets it when": ("deliveries_plan", brief.pk),
        "edition on its way": ("deliveries_edition_change", now.pk),
        "its figures": ("deliveries_progress", now.pk),
        "edition that is over": ("deliveries_edition_change", past.pk),
        "erase a reader": ("deliveries_erase", reader.pk),
        "segment": ("deliveries_segment_change", segment.pk),
        "change of password": ("password_change",),
    }
    for name, (view, *arguments) in named.items():
        yield name, reverse(f"admin:{view}", args=arguments)
    yield "ledger of an edition", of_past
    yield "ledger, the failed", f"{of_past}&status__exact=failed"
    yield "ledger, the sent", f"{of_past}&status__exact=sent"


def _of_models(root: User) -> Iterator[tuple[str, str]]:
    """Yield the list, the new and the last row, and its history, of each model of the desk."""
    request = RequestFactory().get("/")
    request.user = root
    for model, page in admin.site._registry.items():
        name, path = str(model._meta.verbose_name_plural), model._meta.label_lower.replace(".", "_")
        if not page.has_view_permission(request):
            continue
        yield f"{name}: list", reverse(f"admin:{path}_changelist")
        if page.has_add_permission(request):
            yield f"{name}: new", reverse(f"admin:{path}_add")
        row = model._default_manager.order_by("-pk").first()
        if row is None:
            continue
        yield f"{name}: one", reverse(f"admin:{path}_change", args=[row.pk])
        try:
            yield f"{name}: history", reverse(f"admin:{path}_history", args=[row.pk])
        except NoReverseMatch:
            continue


def _milliseconds(client: Client, url: str) -> float:
    """Return the median time of *url* in milliseconds, the first visit left out."""
    times = []
    for _round in range(ROUNDS + 1):
        began = time.perf_counter()
        response = client.get(url, follow=True, secure=settings.SECURE_SSL_REDIRECT)
        times.append(time.perf_counter() - began)
        if response.status_code == 403:
            return 0.0  # the owner of one publication does not have every page
        if response.status_code != 200:
            raise CannotRun(f"{url} answered {response.status_code}.")
    return round(statistics.median(times[1:]) * 1000, 1)
