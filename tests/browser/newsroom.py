"""An invented newsroom with something on every page, for the pictures of the desk.

`fill()` runs in an installation that `manage.py up` has just set up, with its
workers at work; it prints the numbers that the addresses of its pages need.
"""

import datetime as dt
import json
import random
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.hashers import make_password
from django.contrib.contenttypes.models import ContentType
from django.utils import timezone
from PIL import Image as Pillow
from PIL import ImageDraw

from briefs import comments, drafts, images, revisions, workflow
from briefs.models import (
    Author,
    Brief,
    KeyPoint,
    Membership,
    Publication,
    Snippet,
    Topic,
    User,
)
from deliveries import corrections, planning, recovery, sending, tallies
from deliveries.admin.send import TEST_SENT
from deliveries.models import Batch, Delivery, Edition, Segment
from intelbrief.ops import demo
from subscribers import consent
from subscribers.importing import running
from subscribers.models import ImportRun, Subscriber, Subscription
from subscribers.notices import tell_editors
from subscribers.suppression import address_hash, suppress
from tests.browser import arriving, past

READERS = 1240
ZONES = ("Europe/Brussels", "Europe/London", "America/New_York", "")
NAMES = ["Ada", "Grace", "Katherine", "Ines", "Tomas", "Lena", "Omar", "Yuki", "Paul", "Zoe"]
DOMAINS = ("example.com", "example.net", "example.org", "mail.example")
BODY = """The first ice of the season closed the strait on Tuesday night, **eleven days earlier**
than in any year since the pilots began to keep a log.[^1] Six ships wait outside.

> Nobody plans for November. We shall have to learn to.

What it costs a day, by the harbour’s own figures:

| Ship | Cargo | A day |
|:--|:--|--:|
| Alma Rosa | grain | 31,000 |
| Nordrin Star | fruit | 44,500 |

The ministry has asked the [ice service](https://ice.example/reports) for a second breaker. It
can be there within four days, if the crew that was sent home on Friday comes back.

[^1]: The log has been kept since 1951.
"""
POINTS = (
    "The strait is closed eleven days earlier than ever noted",
    "Six ships wait outside, two of them with fruit",
    "A second breaker can come within four days",
)
ROUGH = """TODO: ask the pilots once more.

The strait may open on [Friday](http://ice.example/friday), says the ice service, [[first_name]].
TK of the six ships have turned back.
"""


def fill(password: str) -> None:
    """Fill the demonstration; colleagues log in with *password*. Print what was made, as JSON."""
    random.seed(7)
    publication = _publication()
    people = _people(publication, password)
    readers(publication)
    made = {**_briefs(publication, people), **_sent(publication, people)}
    made |= {**_scheduled(publication, people), **_around(publication, people)}
    arriving.fare(publication)
    past.fill(publication, Edition.objects.get(pk=made["finished"]), people["paula"])
    print(json.dumps(made | {"publication": publication.pk}))


def _publication() -> Publication:
    publication = Publication.objects.get(slug=demo.SLUG)
    Publication.objects.filter(pk=publication.pk).update(
        needs_approval=True, header="Monday to Friday, at six", hold_seconds=0
    )
    for name, kind in (("Shipping", "subject"), ("Energy", "subject"), ("The North", "region")):
        slug = name.lower().replace(" ", "-")
        Topic.objects.create(publication=publication, name=name, slug=slug, kind=kind)
    publication.default_topics.set(Topic.objects.filter(name="Shipping"))
    publication.refresh_from_db()
    return publication


def _people(publication: Publication, password: str) -> dict[str, User]:
    """Store who works here; whoever looks after the site is one of them."""
    admin = User.objects.get(is_superuser=True)
    User.objects.filter(pk=admin.pk).update(name="Ines Hollander", time_zone="Europe/Brussels")
    User.objects.filter(pk=admin.pk).update(password=make_password(password))
    admin.refresh_from_db()
    people = {"ines": admin}
    for name, role in (
        ("Wanda Bremer", "writer"),
        ("Edgar Sundt", "editor"),
        ("Paula Okafor", "publisher"),
        ("Olga Meier", "owner"),
    ):
        first = name.split()[0].lower()
        people[first] = user = User.objects.create(
            email=f"{first}@meridian.example",
            name=name,
            is_staff=True,
            time_zone="Europe/Brussels" if first != "paula" else "America/New_York",
            password=make_password(password),
        )
        Membership.objects.create(user=user, publication=publication, role=role)
    Author.objects.create(name="Wanda Bremer", slug="wanda-bremer", user=people["wanda"],
                          about="Writes about ports and ice.")  # fmt: skip
    Author.objects.create(name="Ines Hollander", slug="ines-hollander", user=admin)
    return people


def readers(publication: Publication) -> None:
    """Store a month of readers: most active, some unconfirmed, a few gone."""
    now = timezone.now()
    found = [_reader(number) for number in range(READERS)]
    Subscriber.objects.bulk_create(found)
    rows = []
    for number, subscriber in enumerate(found):
        asked = now - dt.timedelta(days=30 * random.random() ** 0.6, minutes=3)
        status = {0: "unconfirmed", 1: "unsubscribed", 2: "paused"}.get(number % 40, "active")
        rows.append(
            Subscription(
                subscriber=subscriber,
                publication=publication,
                status=status,
                source="form",
                rhythm="weekly" if number % 17 == 5 else "each",
                requested_at=asked,
                confirmed_at=None if status == "unconfirmed" else asked + dt.timedelta(minutes=2),
                unsubscribed_at=now if status == "unsubscribed" else None,
            )
        )
    Subscription.objects.bulk_create(rows)


def _reader(number: int) -> Subscriber:
    name = random.choice(NAMES)
    domain = DOMAINS[number % len(DOMAINS)]
    address = f"{name.lower()}.{number}@{domain}"
    return Subscriber(
        address=address,
        address_key=address,
        address_hash=address_hash(address),
        domain=domain,
        name=name if number % 3 else "",
        language="en" if number % 5 else "de",
        time_zone=ZONES[number % len(ZONES)],
    )


# --- what is being written ------------------------------------------------------


def write(publication: Publication, headline: str, by: User, **fields: Any) -> Brief:
    """Store a draft of *by*."""
    brief: Brief = Brief.objects.create(
        publication=publication,
        headline=headline,
        created_by=by,
        series=publication.series,
        **{
            "date": timezone.localdate(),
            "preheader": "The strait is closed, and the breaker is two ports away.",
            "body": BODY,
            **fields,
        },
    )
    KeyPoint.objects.bulk_create(
        KeyPoint(brief=brief, position=position, text=text) for position, text in enumerate(POINTS)
    )
    workflow.text_changed(brief, by)
    return brief


def _briefs(publication: Publication, people: dict[str, User]) -> dict[str, int]:
    """Store a brief in each state of its sign-off, and one with faults."""
    wanda, edgar, ines = people["wanda"], people["edgar"], people["ines"]
    due = timezone.now() + dt.timedelta(hours=3)
    writing = write(publication, "Ice Closes the Strait Eleven Days Early", ines)
    writing.topics.set(Topic.objects.filter(name__in=["Shipping", "The North"]))
    writing.authors.set(Author.objects.filter(user=ines))
    faulty = write(publication, "When Will the Strait Open?", ines, body=ROUGH, preheader="")
    unsaved = write(publication, "Fruit Rots Where Ships Wait", ines)
    busy = write(publication, "Fruit, by the Ton", people["wanda"])
    typed = {
        "headline": "Fruit Rots While Ships Wait",
        "body": BODY.replace("Six ships", "Seven ships, one of them with fruit,"),
    }
    drafts.keep(ines, unsaved, drafts.new_key(), typed, base=unsaved.text_version, turn=0)
    review = write(publication, "Who Pays for a Second Breaker", wanda, due_at=due)
    workflow.submit(review, wanda)
    comments.add(review, edgar, "Is that the figure of this year?", quote="44,500")
    settled = comments.add(review, wanda, "The ministry confirmed it by telephone.")
    comments.settle(settled, edgar)
    _note_test(review, ines)
    approved = write(publication, "The Pilots’ Log, Seventy Years On", wanda, due_at=due)
    workflow.approve(workflow.submit(approved, wanda), edgar)
    changed = write(publication, "A Harbour Without Cranes", wanda, due_at=due)
    workflow.approve(workflow.submit(changed, wanda), edgar)
    _change(changed, wanda, "Six ships wait", "Six ships, all laden, wait")
    return {
        "writing": writing.pk,
        "faulty": faulty.pk,
        "unsaved": unsaved.pk,
        "busy": busy.pk,
        "review": review.pk,
        "approved": approved.pk,
        "changed": changed.pk,
    }


def _note_test(brief: Brief, by: User) -> None:
    """Note that a test was sent: the desk stops to speak of first steps."""
    LogEntry.objects.create(
        user=by,
        content_type=ContentType.objects.get_for_model(Brief),
        object_id=str(brief.pk),
        object_repr=str(brief),
        action_flag=CHANGE,
        change_message=TEST_SENT,
    )


def _change(brief: Brief, by: User, old: str, new: str) -> None:
    brief.refresh_from_db()
    brief.body = brief.body.replace(old, new)
    brief.save()
    workflow.text_changed(brief, by)


# --- what went out --------------------------------------------------------------


def _approved(brief: Brief, people: dict[str, User]) -> None:
    writer = brief.created_by
    assert writer is not None
    workflow.approve(workflow.submit(brief, writer), people["edgar"])
    brief.refresh_from_db()


def _send(brief: Brief, people: dict[str, User], **options: Any) -> Edition:
    """Send *brief* and wait until nothing more goes out for now."""
    _approved(brief, people)
    edition = planning.schedule(revisions.take(brief), by=people["paula"], **options)
    planning.start_due()
    while sending.drain("main", 60):
        pass
    recovery.sweep()
    edition.refresh_from_db()
    return edition


def _sent(publication: Publication, people: dict[str, User]) -> dict[str, int]:
    """Send four briefs: one whole, one to be corrected, one corrected, one still on its way."""
    wanda, paula = people["wanda"], people["paula"]
    today = timezone.localdate()
    brief = write(publication, "Grain, Ice and the Northern Route", wanda,
                  date=today - dt.timedelta(days=3))  # fmt: skip
    finished = _send(brief, people)
    _trouble(finished, whole=True)
    corrected = write(publication, "The Strait Reopens, on Terms Nobody Signed", wanda,
                      date=today - dt.timedelta(days=2))  # fmt: skip
    _send(corrected, people)
    _change(corrected, wanda, "Six ships", "Seven ships")
    _approved(corrected, people)
    notice = "We wrote that six ships wait outside. They are seven."
    corrections.issue(corrected, notice, paula, by_mail=True)
    planning.start_due()
    wrong = write(publication, "What the Ice Charts Leave Out", wanda,
                  date=today - dt.timedelta(days=1))  # fmt: skip
    _send(wrong, people)
    _change(wrong, wanda, "within four days", "within six days")
    _approved(wrong, people)
    local = timezone.now().astimezone(ZoneInfo(publication.time_zone))
    moving = write(publication, "Six Ships Outside the Ice", wanda)
    edition = _send(moving, people, clock="reader", local_time=f"{local:%Y-%m-%dT%H:%M}")
    _trouble(edition, whole=False)
    _backdate(publication, {brief: 3, corrected: 2, wrong: 1})
    return {
        "sent": brief.pk,
        "finished": finished.pk,
        "corrected": corrected.pk,
        "wrong": wrong.pk,
        "moving": edition.pk,
    }


def _backdate(publication: Publication, days: dict[Brief, int]) -> None:
    """Do as if editions that ended had gone out at six, so many *days* ago."""
    now = timezone.now().astimezone(ZoneInfo(publication.time_zone))
    for brief, ago in days.items():
        at = now.replace(hour=6, minute=0, second=0, microsecond=0) - dt.timedelta(days=ago)
        Brief.objects.filter(pk=brief.pk).update(published_at=at)
        for edition in brief.editions.order_by("pk"):
            end = at + dt.timedelta(seconds=6)
            times = {"send_at": at, "started_at": at, "frozen_at": at, "finished_at": end}
            Edition.objects.filter(pk=edition.pk, status="finished").update(**times)
            Delivery.objects.filter(edition=edition).update(changed_at=end)
            at += dt.timedelta(hours=6)


def _trouble(edition: Edition, *, whole: bool) -> None:
    """Let some of the readers' servers have refused, as real ones do."""
    sent = Delivery.objects.filter(edition=edition, status="sent").order_by("pk")
    pks = list(sent.values_list("pk", flat=True))
    words: tuple[tuple[str, str, str], ...] = (
        ("bounced", "mailbox unknown", "550 5.1.1 No such user here"),
        ("failed", "refused", "554 5.7.1 Message refused by policy"),
        ("failed", "mailbox full", "552 5.2.2 Over quota"),
        ("in-doubt", "connection lost", ""),
    )
    for number, pk in enumerate(pks[:: 40 if whole else 60]):
        status, reason, reply = words[min(number % 7, 3) if number % 7 < 3 else number % 2]
        if number == 5:
            status, reason, reply = words[3]
        Delivery.objects.filter(pk=pk).update(status=status, reason=reason, reply=reply)
    if not whole:  # the rest of what is done went by a second lane
        done = Batch.objects.filter(edition=edition, done_at__isnull=False).order_by("pk")
        Batch.objects.filter(pk__in=done[:1]).update(refused=9)
    tallies.stale([edition.pk])


def _scheduled(publication: Publication, people: dict[str, User]) -> dict[str, int]:
    """Schedule two briefs of another publication, and one of this."""
    harbour: Publication = Publication.objects.create(
        name="Harbour Weekly", slug="harbour", series="Harbour Weekly", colour="#7a3b12",
        sender_name="Harbour Weekly", sender_address="weekly@meridian.example",
        postal_address=publication.postal_address, contact_block=publication.contact_block,
        time_zone="America/New_York", consent_wording="Send me the weekly.",
        tagline="What came in, what went out, and what it cost. On Saturdays.",
    )  # fmt: skip
    Subscription.objects.bulk_create(
        Subscription(subscriber=one, publication=harbour, status="active", source="form",
                     confirmed_at=timezone.now() - dt.timedelta(days=30 * random.random()))
        for one in Subscriber.objects.order_by("pk")[:400]
    )  # fmt: skip
    for days, headline in ((2, "Cranes for Hire"), (9, "The Price of a Berth")):
        brief = write(harbour, headline, people["wanda"])
        planning.schedule(
            revisions.take(brief),
            send_at=timezone.now() + dt.timedelta(days=days),
            by=people["olga"],
        )
    tomorrow = write(publication, "Four Days, or Six", people["wanda"],
                     date=timezone.localdate() + dt.timedelta(days=1))  # fmt: skip
    _approved(tomorrow, people)
    local = timezone.now().astimezone(ZoneInfo(publication.time_zone)) + dt.timedelta(days=1)
    at = local.replace(hour=6, minute=0, second=0, microsecond=0)
    later = planning.schedule(revisions.take(tomorrow), send_at=at, by=people["paula"])
    return {"later": later.pk, "harbour": harbour.pk}


# --- what lies around -----------------------------------------------------------


def _around(publication: Publication, people: dict[str, User]) -> dict[str, Any]:
    """Store snippets, a picture, a segment, suppressions, sign-ups, and three imports."""
    for name, kind, text in (
        ("The desk", "contact", "Write to [the desk](mailto:desk@meridian.example)."),
        ("Not advice", "disclaimer", "*What stands here is no advice to buy or to sell.*"),
        ("Nordrin Lines", "sponsor", "Nordrin Lines: by night boat to [Skarn](https://nordrin.example)."),
    ):  # fmt: skip
        Snippet.objects.create(publication=publication, name=name, kind=kind, text=text)
    images.store(_picture(), publication=publication, alt="A breaker", by=people["wanda"])
    rules = [{"fact": "language", "is": "equal", "value": "de"}]
    segment = Segment.objects.create(publication=publication, name="Readers of German", rules=rules)
    suppress("gone@example.com", "manual")
    suppress("tomas.4@example.com", "complaint", note="By way of the provider’s report.")
    subscription = Subscription.objects.filter(publication=publication, status="active").first()
    assert subscription is not None
    reader = Delivery.objects.filter(status="failed").first()
    assert reader is not None
    assert reader.subscriber is not None
    for address in ("mina@example.org", "jon@example.net"):
        consent.add_by_hand(publication, address, basis="Signed a list at the fair.",
                            by=people["paula"])  # fmt: skip
    tell_editors(publication, "“Who Pays for a Second Breaker” waits for you", "Wanda Bremer asks.")
    return {
        "segment": segment.pk,
        "subscription": subscription.pk,
        "reader": reader.subscriber.pk,
        "address": reader.subscriber.address,
        **_imports(publication, people["paula"]),
    }


def _picture() -> BytesIO:
    picture = Pillow.new("RGB", (1200, 500), "#c9d8e2")
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 330, 1200, 500), fill="#eef3f6")
    draw.polygon([(300, 330), (360, 260), (820, 260), (900, 330)], fill="#7a3b12")
    draw.rectangle((480, 190, 640, 260), fill="#ffffff")
    file = BytesIO()
    picture.save(file, "PNG")
    file.seek(0)
    file.name = "breaker.png"
    return file


def _imports(publication: Publication, by: User) -> dict[str, int]:
    """Receive a file three times: with its columns to be told, checked, and run."""
    lines = ["email,name,notes,town"]
    lines += [f"guest.{number}@example.net,Guest {number},,Port {number % 5}"
              for number in range(180)]  # fmt: skip
    lines += ["not an address,Nobody,,", "gone@example.com,Gone,,"]
    made = {}
    steps: dict[str, Callable[[ImportRun], object]] = {
        "mapping": lambda run: None,
        "checked": running.check,
        "imported": lambda run: running.start(
            run, basis="Asked for it at the harbour fair, on paper.", by=by
        ),
    }
    for name, step in steps.items():
        with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
            file.write("\n".join([*lines, f"{name}@example.org,{name.title()},,"]) + "\n")
            file.flush()
            run = running.receive(publication, Path(file.name), name=f"{name}.csv", by=by)
        step(run)
        running.work(30)
        made[name] = run.pk
    return made
