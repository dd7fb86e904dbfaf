"""The pages of the reports and their tables: who may see them, and that they hold what comes."""

import csv
import datetime as dt
import io

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from analytics import figures, rates, rollups, tables, weeks
from analytics.models import DomainDay, ReaderDay
from briefs.models import Publication
from deliveries import tallies
from deliveries.models import DeliveryEvent, Link
from subscribers.models import Subscriber, Subscription
from tests.analytics.conftest import ended
from tests.make import (
    make_edition,
    make_member,
    make_publication,
    make_subscription,
    make_user,
)

pytestmark = pytest.mark.django_db


def client_of(publication: Publication, role: str) -> Client:
    client = Client()
    client.force_login(make_member(publication, role))
    return client


def rows_of(answer) -> list[dict[str, str]]:
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def paths(edition) -> list[str]:
    of_edition = [[edition.pk, name] for name in tables.OF_EDITION]
    of_publication = [[edition.publication_id, name] for name in tables.OF_PUBLICATION]
    return [
        reverse("admin:analytics_edition_report", args=[edition.pk]),
        reverse("admin:analytics_publication_report", args=[edition.publication_id]),
        *(reverse("admin:analytics_edition_csv", args=one) for one in of_edition),
        *(reverse("admin:analytics_publication_csv", args=one) for one in of_publication),
    ]


def test_who_has_no_part_in_a_publication_sees_none_of_its_numbers(edition):
    stranger = client_of(make_publication(name="Elsewhere"), "owner")
    nobody, reader = Client(), Client()
    reader.force_login(make_user(is_staff=False))
    for path in paths(edition):
        assert stranger.get(path).status_code == 404, path
        assert nobody.get(path).status_code == 302, path
        assert reader.get(path).status_code == 302, path
    assert stranger.post(paths(edition)[1], {"weekly": "off"}).status_code == 404
    listed = stranger.get(reverse("admin:analytics_editionfigures_changelist"), follow=True)
    assert edition.publication.name not in listed.content.decode()


def test_a_writer_sees_numbers_and_no_address(edition):
    writer = client_of(edition.publication, "writer")
    bounces = reverse("admin:analytics_edition_csv", args=[edition.pk, "bounces"])
    assert writer.get(bounces).status_code == 403
    for path in paths(edition):
        if path != bounces:
            answer = writer.get(path)
            assert answer.status_code == 200, path
            assert b"@example.com" not in answer.getvalue(), path
    publisher = client_of(edition.publication, "publisher")
    found = rows_of(publisher.get(bounces))
    assert len(found) == 4
    assert {row["reason"] for row in found} == {"no-mailbox", "full", "disabled"}
    assert all(row["address"].endswith("@example.com") for row in found)


def test_no_cell_of_a_table_runs_as_a_formula(edition):
    edition.brief.headline = "=1+1"
    edition.brief.save()
    DeliveryEvent.objects.update(words="=cmd()")
    Link.objects.filter(edition=edition).update(corrected_url="https://example.com/@x")
    publisher = client_of(edition.publication, "publisher")
    for path in paths(edition)[2:]:
        for row in rows_of(publisher.get(path)):
            assert not any(cell.startswith(("=", "@")) for cell in row.values()), path
    names = {publisher.get(path)["Content-Disposition"] for path in paths(edition)[2:]}
    assert len(names) == len(paths(edition)[2:])


def test_what_was_not_measured_is_an_empty_cell(edition):
    off = ended(make_publication(tracking="off"))
    publisher = client_of(off.publication, "publisher")
    table = reverse("admin:analytics_publication_csv", args=[off.publication_id, "editions"])
    [row] = rows_of(publisher.get(table))
    assert row["opens_human"] == row["clicked"] == row["delivered"] == ""
    page = publisher.get(reverse("admin:analytics_edition_report", args=[off.pk]))
    assert "not measured" in page.content.decode()


def test_an_edition_that_has_not_started_has_a_report_and_no_number():
    edition = make_edition()
    writer = client_of(edition.publication, "writer")
    for path in paths(edition):
        if not path.endswith("bounces.csv"):
            assert writer.get(path).status_code == 200, path
    found = writer.get(paths(edition)[0]).context
    assert {rate["share"] for rate in rates.of(found["figures"]).values()} == {None}


def test_of_few_readers_no_percent_is_shown():
    publication = make_publication(tracking="per-reader")
    for _number in range(3):
        make_subscription(publication)
    edition = ended(publication)
    page = client_of(publication, "writer").get(
        reverse("admin:analytics_edition_report", args=[edition.pk])
    )
    notes = {tile["key"]: tile["note"] for tile in page.context["tiles"]}
    assert notes["accepted"] == "of 3"
    assert not any("%" in note for note in notes.values())


def test_the_pages_ask_a_bounded_number_of_times(edition, django_assert_max_num_queries):
    for hours in range(110, 125):
        ended(edition.publication, hours=hours)
    tallies.keep()
    figures.keep()
    writer = client_of(edition.publication, "writer")
    with django_assert_max_num_queries(40):
        writer.get(paths(edition)[0])
    with django_assert_max_num_queries(40):
        writer.get(paths(edition)[1])


# --- the publication -----------------------------------------------------------


def test_growth_is_told_by_the_week_and_by_its_sources():
    publication = make_publication(time_zone="Pacific/Auckland")
    now = timezone.now()
    for source, days, status in (
        ("form", 30, "active"), ("form", 29, "unconfirmed"), ("embed", 30, "active"),
        ("import 7", 300, "active"), ("by hand", 400, "active"), ("form", 200, "unsubscribed"),
    ):  # fmt: skip
        at = now - dt.timedelta(days=days)
        link = make_subscription(publication, status=status)
        Subscription.objects.filter(pk=link.pk).update(
            source=source, requested_at=at, confirmed_at=at if link.confirmed_at else None,
            unsubscribed_at=now if status == "unsubscribed" else None,
        )  # fmt: skip
    rollups.roll_up(publication, 4)
    found = weeks.growth(publication)
    assert sum(week["joined"] for week in found) == 4
    assert sum(week["asked"] for week in found) == 5
    assert (found[-1]["left"], found[-1]["active"]) == (1, 4)
    sources = {row["source"]: (row["asked"], row["confirmed"]) for row in weeks.sources(found)}
    assert sources == {"form": (3, 2), "embed": (1, 1), "import": (1, 1)}
    page = client_of(publication, "writer").get(
        reverse("admin:analytics_publication_report", args=[publication.pk])
    )
    assert "sign-up page" in page.content.decode()


def test_who_never_confirmed_has_asked_all_the_same():
    publication = make_publication()
    for _number in range(2):
        link = make_subscription(publication, status="unconfirmed")
        Subscription.objects.filter(pk=link.pk).update(source="form")
    rollups.roll_up(publication, 0)
    Subscriber.objects.all().delete()
    rollups.roll_up(publication, 0)
    today = ReaderDay.objects.filter(publication=publication).latest("day")
    assert (today.asked, today.sources) == (2, {"form": [2, 0]})


def test_a_confirmation_of_a_week_ago_is_noted_on_the_day_that_asked():
    publication = make_publication()
    link = make_subscription(publication, status="unconfirmed")
    asked = timezone.now() - dt.timedelta(days=5)
    Subscription.objects.filter(pk=link.pk).update(source="embed", requested_at=asked)
    rollups.roll_up(publication, 0)
    Subscription.objects.update(status="active", confirmed_at=timezone.now())
    rollups.roll_up(publication, 1)
    day = ReaderDay.objects.get(publication=publication, day=timezone.localdate(asked))
    assert day.sources == {"embed": [1, 1]}


def test_losses_are_those_of_ones_own_mail(edition):
    DeliveryEvent.objects.create(
        delivery=edition.deliveries.first(), type="complained", key="c", source="x",
        at=timezone.now(),
    )  # fmt: skip
    rollups.roll_up(edition.publication, 30)
    rollups.roll_up(make_publication(), 30)
    today = ReaderDay.objects.filter(publication=edition.publication).latest("day")
    assert (today.bounced, today.complained) == (3, 1)
    others = ReaderDay.objects.exclude(publication=edition.publication)
    assert not others.filter(bounced__gt=0).exists()


def test_domains_are_added_up_by_the_week():
    publication = make_publication()
    today = timezone.localdate()
    for back, bounced in ((0, 5), (7, 1), (200, 9)):
        DomainDay.objects.create(
            publication=publication, day=today - dt.timedelta(days=back), domain="large.example",
            sent=100, delivered=100 - bounced, bounced=bounced,
        )  # fmt: skip
    DomainDay.objects.create(publication=publication, day=today, domain="*", sent=7)
    large, rest = weeks.domains(publication, today)
    assert (large["sent"], large["bounced"], rest["domain"]) == (200, 6, "*")
    assert [week and week["bounced"] for week in large["weeks"][-2:]] == [1, 5]
    page = client_of(publication, "writer").get(
        reverse("admin:analytics_publication_report", args=[publication.pk])
    )
    assert "bounced: from 1 % to 5 %" in page.content.decode()
