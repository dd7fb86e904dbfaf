"""What came back of the invented newsroom's editions, and the year that it has behind it."""

import datetime as dt
import random
from typing import Any

from django.utils import timezone

from analytics import figures
from analytics.models import DomainDay, EditionFigures, ReaderDay
from briefs import revisions
from briefs.models import Brief, KeyPoint, Publication, User
from deliveries.models import PIXEL, Delivery, DeliveryEvent, Edition, HitCount, Link, Tally
from subscribers.models import ConsentRecord
from tests.browser import arriving

HEADLINES = (
    "Who Owns the Quay", "A Pilot’s Pay", "Cold Iron", "The Tug That Stayed", "Dredging for Votes",
    "Cranes on Credit", "The Long Way Round", "Nobody Insures a Rumour", "Salt and Diesel",
    "Berth Nineteen", "What the Harbour Master Knew", "Fog, by the Hour",
)  # fmt: skip
# Part of a day's opens that fall into each hour after six in the morning.
RHYTHM = (30, 24, 14, 9, 7, 6, 7, 5, 4, 4, 5, 5, 4, 4, 3, 2, 1, 1, 0, 0, 0, 1, 2, 4)


def fill(publication: Publication, edition: Edition, by: User) -> None:
    """Store the answers to *edition*, a dozen editions before it, and a year of readers."""
    _answer(edition)
    settled = figures.count(edition)
    for number, headline in enumerate(HEADLINES):
        _old_edition(publication, settled, headline, edition.send_at, number, by)
    _readers(publication)
    _domains(publication)


def _answer(edition: Edition) -> None:
    """Let servers give reasons, readers open, click and leave."""
    reasons = ("no-mailbox", "no-mailbox", "full", "disabled", "no-mailbox", "blocked")
    for number, copy in enumerate(edition.deliveries.filter(status="bounced").order_by("pk")):
        reason = reasons[number % len(reasons)]
        DeliveryEvent.objects.create(
            delivery=copy, type="bounced", key="1", at=edition.send_at, source="mail",
            is_permanent=reason not in ("full", "blocked"), reason=reason, words=copy.reply,
        )  # fmt: skip
    whys = ("too-often", "", "not-for-me", "", "no-time", "too-often", "")
    stayed = Delivery.objects.filter(edition=edition, status="sent").order_by("pk")
    for why, copy in zip(whys, stayed, strict=False):
        ConsentRecord.objects.create(
            subscriber=copy.subscriber, address_hash="x", publication=edition.publication,
            kind="unsubscribed", source="page", delivery_id=copy.pk,
            details={"why": why} if why else {},
        )  # fmt: skip
    begin = edition.send_at.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    weights = {PIXEL: 6.0}
    weights |= {link.position: 1.1 / (link.position + 1) for link in _links(edition)}
    rows = []
    for hour in range(60):
        share = RHYTHM[hour % 24] / (1 if hour < 24 else 5)
        for position, weight in weights.items():
            human = round(share * weight * random.uniform(0.8, 1.2) * 0.55)
            machine = round(human * random.uniform(0.2, 0.4)) + (40 if hour == 0 else 0)
            rows.append(
                HitCount(
                    edition=edition, position=position, hour=begin + dt.timedelta(hours=hour),
                    human=human, machine=machine if human or not hour else 0,
                )
            )  # fmt: skip
    HitCount.objects.bulk_create(rows)


def _links(edition: Edition) -> list[Link]:
    return list(Link.objects.filter(edition=edition).order_by("position"))


def _old_edition(
    publication: Publication,
    like: dict[str, Any],
    headline: str,
    before: dt.datetime,
    number: int,
    by: User,
) -> None:
    """Store an edition whose copies are gone and whose figures are kept."""
    at = before - dt.timedelta(days=number + 1 + 2 * (number // 5))
    brief = Brief.objects.create(
        publication=publication, headline=headline, series=publication.series, created_by=by,
        date=at.date(), body="It was a long day on the quay.",
    )  # fmt: skip
    KeyPoint.objects.create(brief=brief, position=0, text="It was a long day")
    revision = revisions.take(brief)
    Brief.objects.filter(pk=brief.pk).update(
        status="published", published_at=at, published_revision=revision
    )
    times = {"send_at": at, "started_at": at, "frozen_at": at, "finished_at": at}
    edition = Edition.objects.create(
        brief=brief, revision=revision, publication=publication, status="finished",
        audience=like["audience"], pruning_at=timezone.now(), pruned_at=timezone.now(), by=by,
        **times,
    )  # fmt: skip
    share = random.uniform(0.75, 1.2)
    hits = {
        what: {who: round(count * share) for who, count in counted.items()}
        for what, counted in like["hits"].items()
    }
    hours = [[round(count * share) for count in hour] for hour in like["curve"]["hours"]]
    bounced = max(like["bounced"] - random.randint(-3, 4), 1)
    left = max(like["unsubscribed"]["readers"] - random.randint(-3, 5), 0)
    counts = like["statuses"] | {"bounced": bounced}
    counts["sent"] = like["audience"] - sum(
        count for status, count in counts.items() if status != "sent"
    )
    theirs = like | {
        "started_at": at.isoformat(),
        "statuses": counts,
        "accepted": counts["sent"] + bounced,
        "bounced": bounced,
        "unsubscribed": {"readers": left, "reasons": {"": left}},
        "hits": hits,
        "curve": {"from": at.isoformat(), "hours": hours},
        "links": [],
    }
    EditionFigures.objects.create(
        edition=edition, figures=theirs, counted_at=timezone.now(), is_final=True
    )
    Tally.objects.create(
        edition=edition, report=_tally(theirs), counted_at=timezone.now(), is_final=True
    )


def _tally(theirs: dict[str, Any]) -> dict[str, Any]:
    counted = {name: theirs[name] for name in ("audience", "statuses", "reasons", "status")}
    why = [[status, "", count] for status, count in theirs["statuses"].items()]
    return {
        **counted, "why": why, "counters": {"sent": 0, "refused": 0}, "words": [], "domains": [],
        "moments": [], "at": timezone.now().isoformat(), "seconds": 0.1,
    }  # fmt: skip


def _readers(publication: Publication) -> None:
    """Store a year of days, which end with the readers that there are."""
    active = publication.subscriptions.filter(status="active").count()
    today, rows = timezone.localdate(), []
    for back in range(371):
        fair = 5 if 120 <= back < 127 else 1
        asked = [round(random.uniform(1, 5) * fair), random.randint(0, 2), 0, random.randint(0, 1)]
        if back == 200:
            asked[2] = 60
        done = [
            round(number * share) for number, share in zip(asked, (0.82, 0.6, 1, 1), strict=True)
        ]
        names = ("form", "embed", "import", "by hand")
        left, bounced = random.choice((0, 0, 1, 1, 2)), random.choice((0, 0, 0, 1))
        rows.append(
            ReaderDay(
                publication=publication, day=today - dt.timedelta(days=back), active=active,
                joined=sum(done), left=left, asked=sum(asked), bounced=bounced,
                sources={
                    name: [one, two]
                    for name, one, two in zip(names, asked, done, strict=True) if one
                },
            )
        )  # fmt: skip
        active = max(active - sum(done) + left, 40)
    ReaderDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["publication", "day"],
        update_fields=["active", "joined", "left", "asked", "bounced", "sources"],
    )


def _domains(publication: Publication) -> None:
    """Store the weeks before the last one, which has its own story to tell."""
    today, rows = timezone.localdate(), []
    for back in range(8, 84):
        day = today - dt.timedelta(days=back)
        if day.weekday() >= 5:
            continue
        for domain, (sent, usual, complained) in arriving.HOUSES.items():
            trouble = 4 if domain == "gmx.de" and 20 < back < 42 else 1
            bounced = min(round(usual * trouble * random.uniform(0.1, 1)), sent)
            rows.append(
                DomainDay(
                    publication=publication, day=day, domain=domain, sent=sent, bounced=bounced,
                    delivered=sent - bounced, complained=complained * random.randint(0, 1),
                    failed=1 if random.random() < 0.2 else 0,
                )
            )  # fmt: skip
    DomainDay.objects.bulk_create(rows, ignore_conflicts=True)
