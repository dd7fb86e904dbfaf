"""Policies × channels: no sentence reaches who may not read it, wherever it could come from.

A new channel is one more function in CHANNELS: it asks for everything that the
site gives a visitor there and returns the bytes. A new policy is one more row.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from django.db import transaction
from django.test import Client
from django.utils import timezone

from briefs import access, old_addresses, pdf, renditions, revisions, tasks, workflow
from briefs.models import Author, Brief, ClientGroup, Publication, Topic
from briefs.pdf import printing
from deliveries import audience, digests, embargo, planning
from deliveries.models import Delivery, Edition
from subscribers import feeds, groups, letters, reading, tokens
from subscribers.models import FeedToken, Notice, Subscription
from tests.make import (
    make_brief,
    make_edition,
    make_publication,
    make_subscription,
    make_user,
)

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
# What of a brief only its readers may see; topics stand on the sign-up form, for everybody.
SECRETS = (
    "Kestrel lands at noon",
    "the preheader whispers",
    "a point about kestrels",
    "the body of the matter",
    "a note below the kestrel",
    "Kay Strel",
)


class Scene(NamedTuple):
    """A brief under one policy, and who comes for it."""

    brief: Brief
    edition: Edition
    people: dict[str, Subscription | None]


# Who may read it by which policy; `when` is where it is in its time.
READERS = {
    "public": {"stranger", "subscriber", "member", "left"},
    "subscribers": {"subscriber", "member"},
    "groups": {"member"},
    "private": {"subscriber", "member"},
}
# A member may read whatever anybody may: outside of its time the two ends are enough.
PEOPLE = {
    "embargo": ("stranger", "member"),
    "open": ("stranger", "subscriber", "member", "left"),
    "over": ("stranger", "member"),
}
TIMES = {"embargo": (+1, None), "open": (-1, +1), "over": (-2, -1)}
# Of the four, groups ask a database the most.
POLICIES = [
    policy if policy == "groups" else pytest.param(policy, marks=pytest.mark.sqlite_only)
    for policy in READERS
]


def make_scene(policy: str) -> Scene:
    """Store a published and mailed brief under *policy*."""
    publication = make_publication(is_public=policy != "private", welcome_shows_latest=True)
    open_one = make_publication(name="Open Water")
    make_brief(open_one, headline="Nothing secret")
    topic = Topic.objects.create(publication=publication, name="Kestrel watching", slug="kes")
    author = Author.objects.create(name="Kay Strel", slug="kay")
    brief = make_brief(
        publication,
        headline="Kestrel lands at noon",
        slug="k",
        preheader="the preheader whispers",
        key_points=("a point about kestrels",),
        body="Here is the body of the matter.[^1]\n\n[^1]: a note below the kestrel",
        access="public" if policy == "private" else policy,
    )
    brief.topics.add(topic)
    brief.authors.add(author)
    group = ClientGroup.objects.create(publication=publication, name="Falconers")
    brief.groups.add(group)
    people: dict[str, Subscription | None] = {
        "stranger": None,
        "subscriber": make_subscription(publication, "sub@example.com"),
        "member": make_subscription(publication, "member@guild.example"),
        "left": make_subscription(publication, "left@guild.example"),
    }
    groups.add(group, "@guild.example", make_user())
    edition = make_edition(brief)
    planning.start_due()
    Subscription.objects.filter(subscriber__address="left@guild.example").update(
        status="unsubscribed", unsubscribed_at=timezone.now()
    )
    # Who left, and who is no member, got no copy of it; that one must not open either.
    for one in people.values():
        if one is not None:
            Delivery.objects.get_or_create(edition=edition, subscriber=one.subscriber)
    old_addresses.leave("/an/old/address/", brief)
    beside = make_brief(publication, headline="Beside it", slug="beside")
    workflow.publish(beside, revisions.take(beside), timezone.now() - 3 * HOUR)
    return Scene(brief, edition, people)


def move_to(scene: Scene, when: str) -> None:
    """Let it be before, within or after the time in which the brief may be read."""
    from_, until = (now_and(hours) for hours in TIMES[when])
    Brief.objects.filter(pk=scene.brief.pk).update(embargo_until=from_, readable_until=until)
    scene.brief.refresh_from_db()
    scene.edition.refresh_from_db()


def now_and(hours: int | None) -> dt.datetime | None:
    return None if hours is None else timezone.now() + hours * HOUR


Channel = Callable[[Client, Scene, Subscription | None], bytes]


def page_of_the_brief(client: Client, scene: Scene, _who: Subscription | None) -> bytes:
    return got(client, scene.brief.web_path())


def front(client: Client, _scene: Scene, _who: Subscription | None) -> bytes:
    return got(client, "/")


def publication(client: Client, scene: Scene, _who: Subscription | None) -> bytes:
    home = f"/{scene.brief.publication.slug}/"
    return got(client, home) + got(client, f"/s{home}")


def lists(client: Client, scene: Scene, _who: Subscription | None) -> bytes:
    home = f"/{scene.brief.publication.slug}/"
    paths = ("archive/", "topics/kes/", "authors/kay/", "2026/04/")
    return b"".join(got(client, home + path) for path in paths)


def searches(client: Client, scene: Scene, _who: Subscription | None) -> bytes:
    """Look for its words, for a mistyped one, and for all that has its author."""
    home = f"/{scene.brief.publication.slug}"
    asked = ("/search/?q=matter", "/search/?q=kestral", f"{home}/search/?author=kay")
    return b"".join(got(client, path) for path in asked)


def neighbours(client: Client, scene: Scene, _who: Subscription | None) -> bytes:
    """Read the page of a brief that stands beside it, which all may read."""
    return got(client, f"/{scene.brief.publication.slug}/2026/04/06/beside/")


def old_address(client: Client, _scene: Scene, _who: Subscription | None) -> bytes:
    answer = client.get("/an/old/address/")
    return answer.content + answer.headers.get("Location", "").encode()


def mail_in_browser(client: Client, scene: Scene, who: Subscription | None) -> bytes:
    copy = scene.edition.deliveries.get(subscriber=who.subscriber).pk if who else 0
    return got(client, f"/v/{tokens.view.make(scene.edition.pk, copy)}")


def mail(_client: Client, scene: Scene, who: Subscription | None) -> bytes:
    """Say the whole text if a mail of it would go to this reader now, by the rule of the freeze."""
    if who is None or not audience.of_edition(scene.edition).filter(pk=who.pk).exists():
        return b""
    try:
        embargo.require_over_now(scene.edition)
    except workflow.WrongStatus:
        return b""
    return "\n".join(SECRETS).encode()


def digest(_client: Client, scene: Scene, who: Subscription | None) -> bytes:
    """Return what the digest of the week brings to this reader."""
    if who is None or who.status != "active":
        return b""
    home = scene.brief.publication
    words = b""
    with transaction.atomic():
        Subscription.objects.filter(publication=home).update(rhythm="weekly")
        if digests.make(home, timezone.now()):
            made = Edition.objects.get(kind="digest")
            is_got = audience.of_edition(made).filter(pk=who.pk).exists()
            words = made.brief.body.encode() if is_got else b""
        transaction.set_rollback(True)  # once a week there is one, and the next reader wants it too
    return words


def welcome(_client: Client, scene: Scene, who: Subscription | None) -> bytes:
    if who is None or who.status != "active":
        return b""
    notice = Notice.objects.create(kind="welcome", subscription=who)
    return str(letters.welcome(notice).message()).encode()


def feed_of_all(client: Client, scene: Scene, who: Subscription | None) -> bytes:
    """Read the feeds that stand on the site, and the reader's own, whose key outlives them."""
    home = f"/{scene.brief.publication.slug}/"
    words = b"".join(
        got(client, f"{home}{place}feed.{written}")
        for place in ("", "topics/kes/", "authors/kay/")
        for written in ("atom", "json")
    )
    if who is None:
        return words
    key, _is_new = FeedToken.objects.get_or_create(subscription=who, revoked_at=None)
    return words + b"".join(
        got(client, address.partition(":8000")[2]) for address in feeds.addresses(key, who).values()
    )


def for_machines(client: Client, scene: Scene, _who: Subscription | None) -> bytes:
    """Read the sitemap; a picture that is given says the headline."""
    card = client.get(f"{scene.brief.web_path()}card.png")
    said = scene.brief.headline.encode() if card.status_code == 200 else b""
    return got(client, "/sitemap.xml") + got(client, "/sitemap-1.xml") + said


def print_edition(client: Client, scene: Scene, _who: Subscription | None) -> bytes:
    """Ask for the PDF, let it be made as a worker does, and ask again."""
    path = f"{scene.brief.web_path()}brief.pdf"
    asked = got(client, path)
    renditions.make_due(10)
    return asked + got(client, path)


@pytest.fixture(autouse=True)
def _quick_press(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a PDF be the document that it is made of: tests/public/test_pdf.py reads real ones."""
    monkeypatch.setattr(pdf, "trouble", lambda: "")
    monkeypatch.setattr(printing, "print_sheet", lambda sheet: b"%PDF-" + sheet.html.encode())
    monkeypatch.setattr(tasks, "ring", lambda: None)


CHANNELS: list[Channel] = [
    page_of_the_brief,
    front,
    publication,
    lists,
    searches,
    neighbours,
    old_address,
    mail_in_browser,
    mail,
    digest,
    welcome,
    feed_of_all,
    for_machines,
    print_edition,
]
# Where who may read finds the text itself: without these, a site that shows nothing would pass.
WITH_TEXT = {page_of_the_brief, searches, mail_in_browser, feed_of_all, print_edition}


def got(client: Client, path: str) -> bytes:
    answer = client.get(path)
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers.items())
    return headers.encode() + answer.content


@pytest.mark.parametrize("policy", POLICIES)
def test_no_sentence_reaches_who_may_not_read_it(policy: str) -> None:
    scene, client = make_scene(policy), Client()
    found: list[tuple[str, ...]] = []
    for when in TIMES:
        move_to(scene, when)
        for name in PEOPLE[when]:
            may = name in READERS[policy] and when == "open"
            who = scene.people[name]
            found += [(when, name, *fault) for fault in faults(client, scene, who, may)]
    assert found == []


def faults(
    client: Client, scene: Scene, who: Subscription | None, may: bool
) -> Iterator[tuple[str, str]]:
    """Yield each channel that says what it must not, or hides what it should say."""
    client.cookies.clear()
    reader = access.ANONYMOUS
    if who is not None:
        who.refresh_from_db()
        reader = groups.reader_of(who.subscriber)
        client.get(reading.url(who).partition(":8000")[2])
    if access.may_read(scene.brief, reader, timezone.now()) != may:
        yield "policy", "decides otherwise"
    for channel in CHANNELS:
        words = channel(client, scene, who).decode()
        if not may:
            yield from ((channel.__name__, secret) for secret in SECRETS if secret in words)
        elif channel in WITH_TEXT and "the body of the matter" not in words:
            yield channel.__name__, "hides it"


@pytest.mark.sqlite_only
def test_a_publication_is_not_told_of_by_what_is_not_public() -> None:
    scene = make_scene("private")
    assert Publication.objects.count() == 2
    assert scene.brief.publication.name.encode() not in got(Client(), scene.brief.web_path())
