"""Deliveries of old editions go; what was counted of them stays, and pages say what is gone."""

import datetime as dt
import json
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from analytics import domains, figures, retention
from analytics.models import DomainDay, EditionFigures
from briefs.models import Brief, Publication
from deliveries import control, corrections, pruning, reports, segments, tallies, whereabouts
from deliveries.models import (
    Batch,
    CompiledMail,
    Delivery,
    DeliveryEvent,
    Edition,
    HitCount,
    ReaderHit,
    Segment,
)
from subscribers.models import Notice, Subscriber
from tests.make import make_brief, make_edition, make_publication, make_readers, make_user

pytestmark = pytest.mark.django_db

DEFAULT = ("delivered", "delivered", "sent", "bounced", "complained", "failed", "skipped")
REASONS = {"failed": "refused", "skipped": "unsubscribed", "in-doubt": "no-reply"}


def make_past(days: int = 100, statuses: tuple[str, ...] = DEFAULT) -> Edition:
    """Store an edition that ended *days* ago, and what became of each reader's copy."""
    publication = make_publication()
    make_readers(publication, len(statuses))
    edition = make_edition(make_brief(publication))
    at = timezone.now() - dt.timedelta(days=days)
    Edition.objects.filter(pk=edition.pk).update(
        status="finished",
        send_at=at,
        started_at=at,
        frozen_at=at,
        finished_at=at,
        audience=len(statuses),
    )
    batch = Batch.objects.create(edition=edition, number=0, not_before=at, done_at=at, sent=5)
    CompiledMail.objects.create(edition=edition, subject="S", html="H", text="T", slot_prefix="x")
    readers = Subscriber.objects.filter(subscriptions__publication=publication).order_by("pk")
    rows = Delivery.objects.bulk_create(
        Delivery(
            edition=edition,
            subscriber=reader,
            batch=batch,
            status=status,
            reason=REASONS.get(status, ""),
            changed_at=at,
        )
        for reader, status in zip(readers, statuses, strict=True)
    )
    for row in rows:
        if row.status in ("bounced", "complained"):
            DeliveryEvent.objects.create(
                delivery=row, type=row.status, key="k", at=at, source="mail", reason="no-mailbox"
            )
    ReaderHit.objects.create(delivery=rows[0], position=-1, is_machine=False, first_at=at)
    HitCount.objects.create(edition=edition, position=-1, hour=at, human=1)
    edition.refresh_from_db()
    return edition


def kept(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key not in ("at", "seconds")}


def told(edition: Edition, capsys: Any) -> dict[str, Any]:
    """Return what `edition report` tells, but for when it was counted."""
    call_command("edition", "report", str(edition.pk), "--json")
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return {**found, "figures": kept(found["figures"])}


def test_the_numbers_of_an_edition_stay_as_they_are_when_its_rows_go(admin_client, capsys) -> None:
    edition = make_past()
    report, shown = kept(figures.count(edition)), reports.summary(edition)
    said_before = told(edition, capsys)
    assert retention.keep() == len(DEFAULT)
    edition.refresh_from_db()
    assert edition.pruned_at is not None
    for model in (Delivery, DeliveryEvent, ReaderHit, Batch, CompiledMail):
        assert not model.objects.exists()
    assert kept(figures.of(edition)) == report
    assert reports.summary(edition) == shown == tallies.of(edition)
    assert told(edition, capsys) == said_before
    tallies.stale([edition.pk])  # whoever says so now: there is nothing to be counted any more
    tallies.keep()
    assert reports.summary(edition) == shown
    assert DomainDay.objects.get().bounced == 1
    domains.roll_up(edition)
    assert DomainDay.objects.get().bounced == 1

    page = admin_client.get(f"/admin/deliveries/edition/{edition.pk}/change/")
    assert "these are the final numbers" in page.content.decode()
    assert page.context["figures"]["counts"] == shown["statuses"]
    assert page.context["figures"]["lanes"][0]["sent"] == 5
    assert not page.context["figures"]["verbs"]  # three failed, and nobody can be tried again
    shows = admin_client.get(reverse("admin:analytics_edition_report", args=[edition.pk]))
    assert shows.status_code == 200
    ledger = admin_client.get(f"/admin/deliveries/delivery/?edition__id__exact={edition.pk}")
    assert "not kept that long" in ledger.content.decode()
    call_command("edition", "report", str(edition.pk))
    said = capsys.readouterr().out
    assert "final numbers" in said
    assert "bounced   1" in said


def test_what_is_young_open_or_undecided_stays(settings) -> None:
    young, doubtful = make_past(days=60), make_past(statuses=("sent", "in-doubt"))
    retention.keep()
    assert Delivery.objects.filter(edition=young).count() == len(DEFAULT)
    assert Delivery.objects.filter(edition=doubtful).count() == 2
    mine = frozenset({doubtful.publication_id})
    assert pruning.waiting_for_a_word(mine) == [doubtful]
    control.leave(doubtful, make_user())
    retention.keep()
    assert not Delivery.objects.filter(edition=doubtful).exists()
    assert reports.left(tallies.of(Edition.objects.get(pk=doubtful.pk))) == 1
    settings.DELIVERY_DAYS = 0  # for ever
    Edition.objects.filter(pk=young.pk).update(finished_at=timezone.now() - dt.timedelta(days=999))
    assert retention.keep() == 0


def test_a_crash_between_two_steps_costs_nothing() -> None:
    edition = make_past()
    report = kept(figures.count(edition))
    assert retention.settle(edition)
    assert pruning._Steps(edition.pk).delete(3)[0] == 3  # and its process dies
    edition = Edition.objects.get(pk=edition.pk)
    assert kept(figures.of(edition)) == report
    assert tallies.of(edition)["audience"] == len(DEFAULT)
    Subscriber.objects.all()[0].delete()  # a reader who was erased has a row, too
    assert retention.keep() == len(DEFAULT) - 3
    assert not Delivery.objects.exists()
    assert retention.keep() == 0


def test_what_changes_while_it_is_counted_for_good_is_counted_again() -> None:
    edition = make_past()
    sealed = pruning.seal(edition)
    assert sealed is not None
    Delivery.objects.filter(edition=edition, status="sent").update(status="delivered")
    tallies.stale([edition.pk], at_once=False)
    assert not pruning.begin(edition, sealed)
    EditionFigures.objects.create(  # and a crash has left figures from before
        edition=edition, figures={}, counted_at=timezone.now(), is_final=True
    )
    retention.keep()
    edition.refresh_from_db()
    assert edition.is_pruned
    assert figures.of(edition)["statuses"]["delivered"] == 3


def test_while_mail_goes_out_one_short_step_is_all(monkeypatch) -> None:
    edition = make_past()
    monkeypatch.setattr(pruning, "LEAST_ROWS", 2)
    monkeypatch.setattr(pruning, "is_sending", lambda: True)
    assert retention.settle(edition)
    assert pruning.prune(edition, 5) == 2
    other = make_past(days=99)
    assert retention.keep() == 2
    assert Delivery.objects.filter(edition=other).count() == len(DEFAULT)


def test_nobody_is_mailed_by_what_the_ledger_no_longer_knows() -> None:
    edition = make_past()
    reader = Subscriber.objects.order_by("pk")[0]
    rule = {"fact": "edition", "is": "not-got", "value": str(edition.pk)}
    segment = Segment.objects.create(publication=edition.publication, name="New", rules=[rule])
    assert segments.rules_of(segment)
    asked = make_edition(make_brief(edition.publication))
    Edition.objects.filter(pk=asked.pk).update(rules=[rule])
    retention.keep()  # an open edition asks who got it: it stays
    assert Delivery.objects.filter(edition=edition).exists()
    Edition.objects.filter(pk=asked.pk).update(status="withdrawn", finished_at=timezone.now())
    retention.keep()
    edition.refresh_from_db()
    with pytest.raises(segments.UnknownRule, match="too long ago"):
        segments.rules_of(segment)
    assert control.retry_failed(edition) == 0
    [line] = [
        one
        for one in whereabouts.latest(reader, [edition.publication_id])
        if one.edition == edition
    ]
    assert "not kept any more" in line.why_not_there
    assert line.why_not_again
    assert corrections.reach(Brief.objects.get(pk=edition.brief_id)).editions == ()


def test_late_hits_old_notices_and_domains_are_tidied() -> None:
    gone, there = make_past(), make_past(days=5)
    retention.keep()
    first = Delivery.objects.filter(edition=there).order_by("pk")[0].pk
    ReaderHit.objects.create(
        delivery_id=first - 1, position=0, is_machine=False, first_at=timezone.now()
    )
    user, publication = make_user(), Publication.objects.get(pk=gone.publication_id)
    old = timezone.now() - dt.timedelta(days=100)
    for status, at in (("sent", old), ("unsent", old), ("sent", timezone.now())):
        Notice.objects.create(
            kind="editor",
            user=user,
            publication=publication,
            subject="S",
            text="T",
            status=status,
            created_at=at,
            sent_at=at,
        )
    retention.keep()
    assert not ReaderHit.objects.filter(delivery=first - 1).exists()
    assert ReaderHit.objects.filter(delivery__edition=there).exists()
    assert Notice.objects.count() == 2


def test_large_domains_have_a_row_a_day_and_small_ones_share_one(monkeypatch) -> None:
    monkeypatch.setattr(domains, "LEAST_LETTERS", 2)
    edition = make_past(days=1)
    readers = list(Subscriber.objects.order_by("pk"))
    a, gmail = "a.example", "gmail.com"
    for reader, domain in zip(readers, [a, a, "b", gmail, gmail, gmail, a], strict=True):
        Subscriber.objects.filter(pk=reader.pk).update(domain=domain)
    domains.roll_up(edition)
    domains.roll_up(edition)  # a repeat counts nothing twice
    rows = {row.domain: row for row in DomainDay.objects.all()}
    assert set(rows) == {a, gmail, "*"}
    there = rows[gmail]
    assert (there.sent, there.bounced, there.complained, there.failed) == (2, 1, 1, 1)
    assert (rows[a].delivered, rows["*"].sent) == (2, 1)
