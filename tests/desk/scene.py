"""A desk with something on every page, and the list of its pages."""

import datetime as dt
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from unittest import mock

from django.contrib import admin
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image as Pillow

from analytics.models import DomainCheck, Trouble
from api.hooks import endpoints
from api.models import HookAttempt
from briefs import audit, drafts, images, revisions, workflow
from briefs.models import Author, Brief, ClientGroup, Comment, Publication, Snippet, Topic, User
from briefs.preflight import Findings
from deliveries import planning, preflight, recovery, sending
from deliveries.models import Delivery, DeliveryEvent, Edition, Link, Segment
from subscribers.importing import running
from subscribers.models import GroupMember, ImportRun, Notice, Subscriber
from subscribers.suppression import suppress
from tests.api.hooking import make_endpoint
from tests.make import make_brief, make_edition, make_member, make_publication, make_subscription

DRAFT = "A draft"


def make(words: str = "") -> Publication:
    """Store something for every page to show, with *words* in all that somebody may type.

    One brief was sent, one is scheduled, one is a draft with a comment.
    """
    publication = make_publication(
        name=f"Harbour {words}", series=words[:80], tagline=words, description=words,
        header=words, footer=words, sender_name=f"Desk {words}", postal_address=f"Quay 1 {words}",
        consent_wording=f"Send it. {words}", contact_block=f"Write to us. {words}",
        hold_seconds=0,
    )  # fmt: skip
    colleague = make_member(publication, "owner", name=f"Olga {words}")
    topic = Topic.objects.create(publication=publication, name=f"Ports {words}"[:80], slug="ports")
    author = Author.objects.create(name=f"Ines {words}", slug="ines", about=words)
    Segment.objects.create(publication=publication, name=f"Germans {words}", rules=[])
    Snippet.objects.create(publication=publication, name=f"Desk {words}"[:80], text=words or "Us.")
    for number in range(3):
        make_subscription(publication, f"r{number}@example.com", name=f"Ada {words}")
    suppress("gone@example.com", "manual")
    sent = make_brief(publication, **_texts("Sent", words))
    # The preflight refuses some of such words: what gets past it has to be harmless all the same.
    with mock.patch.object(preflight, "check_revision", return_value=Findings([], [])):
        edition = make_edition(sent)
        planning.start_due()
        later = timezone.now() + dt.timedelta(days=1)
        make_edition(make_brief(publication, headline="Later"), send_at=later)
    sending.drain("main")
    recovery.sweep()
    failed = Delivery.objects.filter(edition=edition).order_by("pk")[:1]
    Delivery.objects.filter(pk__in=failed).update(
        status="failed", reason="refused", reply=f"550 {words}"
    )
    Edition.objects.filter(pk=edition.pk).update(word=f"It was paused. {words}")
    draft = make_brief(publication, **_texts(DRAFT, words))
    draft.topics.add(topic)
    draft.authors.add(author)
    revisions.take(draft)
    workflow.text_changed(draft, colleague)
    Comment.objects.create(brief=draft, by=colleague, text=f"Is it so? {words}", quote=words)
    audit.record("commented", brief=draft, by=colleague, words=words)
    Notice.objects.create(
        kind="editor", user=colleague, publication=publication, subject="S", text=f"T {words}"
    )
    picture = BytesIO()
    Pillow.new("RGB", (8, 8)).save(picture, "PNG")
    picture.seek(0)
    picture.name = f"{words or 'crane'}.png"
    images.store(picture, publication=publication, alt=f"A crane {words}", by=colleague)
    for one in User.objects.filter(is_superuser=True):
        typed = {"headline": f"Never saved {words}", "body": words}
        drafts.keep(one, draft, drafts.new_key(), typed, base=draft.text_version, turn=0)
    _import(publication, words)
    _let_others_speak(publication, edition, words)
    return publication


def _let_others_speak(publication: Publication, edition: Edition, words: str) -> None:
    """Let servers, the DNS and mailed invitations say *words*, and links lead there."""
    now = timezone.now()
    told = {"words": f"550 {words}", "reason": words[:30], "code": words[:10], "at": now}
    for delivery in Delivery.objects.filter(edition=edition):
        DeliveryEvent.objects.create(
            delivery=delivery, type="bounced", key="1", source="mail", is_permanent=True, **told
        )
    Link.objects.create(edition=edition, position=90, url=f"https://x.example/?{words}")
    group = ClientGroup.objects.create(publication=publication, name=f"Clients {words}"[:80])
    GroupMember.objects.create(group=group, address=f"x{words}@example.com", key=f"x{words}")
    Trouble.objects.create(
        publication=publication, kind="spf", about=f"x{words}", words=words, since=now, seen_at=now
    )
    told_of = endpoints.ping(make_endpoint(publication, description=f"A list {words}"[:120]))
    HookAttempt.objects.create(message=told_of, status=500, ms=12, answer=words, error=words)
    domain = publication.sender_address.rpartition("@")[2]
    found = {
        "spf": [f"v=spf1 {words}"],
        "dkim": [words],
        "dmarc": f"v=DMARC1; p=none; rua={words}",
        "dmarc_at": domain,
        "bounce_domain": words,
        "mx": [words],
        "relays": {words: words},
    }
    DomainCheck.objects.update_or_create(
        domain=domain, defaults={"found": found, "checked_at": now}
    )


def _import(publication: Publication, words: str) -> None:
    """Import a file whose name, columns and rows hold *words*, and receive another."""
    cell = '"' + words.replace('"', '""') + '"'
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        file.write(f"email,name,{cell}\nnew@example.com,{cell},x\n{cell},No address,x\n")
        file.flush()
        for is_run in (True, False):
            run = running.receive(publication, Path(file.name), name=f"{words}.csv", by=None)
            if is_run:
                running.start(run, basis=f"They asked. {words}", by=None)
                running.work(5)


def _texts(headline: str, words: str) -> dict[str, Any]:
    link = "[x](javascript:alert(3))"
    return {
        "headline": f"{headline} {words}",
        "preheader": f"In short {words}",
        "body": f"It **came** by barge.[^1] {words}\n\n{link}\n\n[^1]: {words}",
        "contact_block": f"The desk. {words}",
        "key_points": (f"One {words}", "Two"),
    }


def draft() -> Brief:
    """Return the draft of the scene."""
    return Brief.objects.get(headline__startswith=DRAFT)


def _paths() -> Iterator[str]:
    yield "/admin/"
    for model, page in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        first: Any = page.model._default_manager.order_by("pk").first()
        if first is not None:
            yield reverse(f"{name}_change", args=[first.pk])
    yield reverse("admin:briefs_brief_change", args=[draft().pk])
    reader = Subscriber.objects.first()
    assert reader is not None
    edition = Edition.objects.filter(started_at__isnull=False).order_by("pk").first()
    assert edition is not None
    named: dict[str, list[int]] = {
        "analytics_edition_report": [edition.pk],
        "analytics_publication_report": [edition.publication_id],
        "briefs_brief_revisions": [draft().pk],
        "briefs_brief_compare": [draft().pk, 1, 0],
        "deliveries_correct": [edition.brief_id],
        "deliveries_links": [edition.pk],
        "deliveries_send": [draft().pk],
        "deliveries_calendar": [],
        "deliveries_one_reader": [],
        "deliveries_installation": [],
        "deliveries_erase": [reader.pk],
        "briefs_snippet_delete": [Snippet.objects.latest("pk").pk],
        "subscribers_importrun_change": [ImportRun.objects.latest("pk").pk],
    }
    for name, arguments in named.items():
        yield reverse(f"admin:{name}", args=arguments)
    yield reverse("admin:deliveries_one_reader", query={"reader": reader.pk})
    ledger = reverse("admin:deliveries_delivery_changelist")
    yield f"{ledger}?edition__id__exact={edition.pk}"  # without, it leads there


def pages() -> list[str]:
    """Return every page of the desk that may be looked at: rows of evidence cannot be added."""
    client = Client()
    client.force_login(User.objects.filter(is_superuser=True).get())
    refused = {
        path for path in _paths() if path.endswith("/add/") and client.get(path).status_code != 200
    }
    return [path for path in dict.fromkeys(_paths()) if path not in refused]
