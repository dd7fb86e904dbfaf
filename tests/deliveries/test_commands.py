"""The command line: publish, edition, import_brief."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from briefs.models import Brief
from deliveries import planning, recovery, sending
from deliveries.models import Edition
from tests.make import (
    make_brief,
    make_edition,
    make_publication,
    make_readers,
    make_subscription,
)

pytestmark = pytest.mark.django_db

PLAIN = """\
March 3, 2026

Harbour Brief: The Dredger’s Long Way Home

• The dredger left the yard on Monday
• Its captain expects two weeks of weather
• The channel stays closed\u00a0until April
• Insurers have not yet said who pays

The dredger left the yard on Monday, a week later than was planned.

Nobody in the port was surprised—least of all its pilots.

For questions about this brief, please contact:

Subscribe to the Harbour Brief
"""


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_publish_schedules_an_edition_for_now():
    brief = make_brief()
    answer = json.loads(run("publish", str(brief.pk), "--json"))
    edition = Edition.objects.get()
    assert answer["edition"] == edition.pk
    assert answer["status"] == "scheduled"
    assert planning.start_due() == 1


def test_publish_at_a_time_is_meant_in_the_publications_zone():
    brief = make_brief(make_publication(time_zone="Europe/Berlin"))
    run("publish", str(brief.pk), "--at", "2030-07-01T06:00:00")
    assert Edition.objects.get().send_at.isoformat() == "2030-07-01T04:00:00+00:00"


@pytest.mark.parametrize("at", ["six o'clock", "2026-13-45T99:00", ""])
def test_publish_refuses_what_is_no_time(at):
    brief = make_brief()
    with pytest.raises(CommandError, match="no time"):
        run("publish", str(brief.pk), "--at", at or "tomorrow")


def test_publish_on_each_readers_wall_names_the_moments():
    publication = make_publication(time_zone="Europe/Berlin")
    make_subscription(publication, time_zone="Asia/Tokyo")
    make_subscription(publication)
    brief = make_brief(publication)
    by_clock = ("--at", "2030-07-01T06:00", "--clock", "reader")
    answer = json.loads(run("publish", str(brief.pk), *by_clock, "--json"))
    assert answer["send_at"] == "2030-06-30T21:00:00+00:00"
    assert [moment["zones"] for moment in answer["moments"]] == [
        {"Asia/Tokyo": 1},
        {"Europe/Berlin": 1},
    ]
    assert Edition.objects.get().local_time == "2030-07-01T06:00"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--clock", "reader"], "add --at"),
        (["--clock", "reader", "--at", "2030-07-01T06:00+02:00"], "without a zone"),
        (["--clock", "reader", "--at", "2020-07-01T06:00"], "in every zone"),
        (["--segment", "Freinds"], "no segment “Freinds”"),
    ],
)
def test_publish_refuses_what_would_go_out_otherwise_than_meant(arguments, words):
    with pytest.raises(CommandError, match=words):
        run("publish", str(make_brief().pk), *arguments)
    assert not Edition.objects.exists()


def test_those_who_missed_their_time_are_sent_or_skipped_by_command():
    publication = make_publication()
    make_readers(publication, 2)
    edition = make_edition(make_brief(publication), clock="reader")
    planning.start(edition)
    late = timezone.now() - dt.timedelta(hours=2)
    edition.batches.update(planned_at=late, missed_at=timezone.now())
    assert json.loads(run("edition", "send-missed", str(edition.pk), "--json"))["done"] == 2
    assert json.loads(run("edition", "send-missed", str(edition.pk), "--json"))["done"] == 0
    edition.batches.update(planned_at=late, missed_at=timezone.now())
    answer = json.loads(run("edition", "skip-missed", str(edition.pk), "--json"))
    assert answer["reasons"] == {"missed": 2}


def test_publish_says_what_stands_against_it():
    brief = make_brief(make_publication(postal_address=""))
    with pytest.raises(CommandError, match="postal address"):
        run("publish", str(brief.pk))


def test_publish_twice_names_the_open_edition():
    brief = make_brief()
    run("publish", str(brief.pk))
    with pytest.raises(CommandError, match="already"):
        run("publish", str(brief.pk))


def test_publish_once_more_after_the_end_has_to_be_asked_for():
    brief = make_brief()
    run("publish", str(brief.pk))
    Edition.objects.update(status="finished", finished_at=timezone.now())
    with pytest.raises(CommandError, match="--again"):
        run("publish", str(brief.pk))
    run("publish", str(brief.pk), "--again")
    Edition.objects.filter(status="scheduled").update(status="withdrawn")
    run("publish", str(brief.pk))
    assert Edition.objects.count() == 3


def test_publish_of_nothing_is_a_message():
    with pytest.raises(CommandError, match="no brief 77"):
        run("publish", "77")


def test_the_report_is_a_partition_of_the_audience(smtp_server):
    publication = make_publication()
    readers = make_readers(publication, 4)
    smtp_server.refuse(readers[0])
    edition = make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    report = json.loads(run("edition", "report", str(edition.pk), "--json"))
    assert report["audience"] == sum(report["statuses"].values()) == 4
    assert set(report["statuses"]) == {
        "pending",
        "sending",
        "sent",
        "delivered",
        "bounced",
        "complained",
        "failed",
        "skipped",
        "in-doubt",
    }
    assert report["statuses"]["sent"] == 3
    assert report["reasons"] == {"refused": 1}


def test_an_edition_is_taken_in_hand_by_its_verbs():
    edition = make_edition()
    run("edition", "withdraw", str(edition.pk))
    edition.refresh_from_db()
    assert edition.status == "withdrawn"
    with pytest.raises(CommandError, match="cannot pause"):
        run("edition", "pause", str(edition.pk))


def test_those_in_doubt_are_named_written_to_a_file_left_and_sent_it_again(smtp_server, tmp_path):
    publication = make_publication()
    readers = make_readers(publication, 3)
    edition = make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    recovery.sweep()
    edition.deliveries.update(status="in-doubt", reason="no-reply", reply="=HYPERLINK()")

    def verb(name, *options):
        return json.loads(run("edition", name, str(edition.pk), "--json", *options))

    assert [row["address"] for row in verb("report", "--names", "2")["in_doubt"]] == readers[:2]
    assert "and 1 more" in run("edition", "report", str(edition.pk), "--names", "2")
    file = tmp_path / "doubt.csv"
    verb("report", "--csv", str(file))
    assert file.stat().st_mode & 0o77 == 0, "addresses are for who asked"
    lines = file.read_text().splitlines()
    assert len(lines) == 4
    assert lines[1].startswith(f"{readers[0]},no-reply,'=HYPERLINK(),")
    assert verb("leave")["done"] == 3
    assert verb("leave")["done"] == 0
    assert verb("report")["reasons"] == {"left: no-reply": 3}
    assert verb("again")["done"] == 3
    assert verb("again")["done"] == 0, "a repeat is no error"
    assert verb("report")["status"] == "finishing"


def test_a_repeated_verb_is_no_error():
    edition = make_edition()
    planning.start_due()
    for name in ("pause", "pause", "resume", "resume", "cancel", "cancel"):
        run("edition", name, str(edition.pk))
    edition.refresh_from_db()
    assert edition.status == "cancelled"
    for name in ("pause", "resume", "withdraw", "retry", "again"):
        with pytest.raises(CommandError, match=f"cannot {name}"):
            run("edition", name, str(edition.pk))


def test_a_plain_text_brief_becomes_a_draft(tmp_path):
    publication = make_publication()
    file = tmp_path / "brief.txt"
    file.write_text(PLAIN)
    answer = json.loads(run("import_brief", str(file), "--publication", publication.slug, "--json"))
    brief = Brief.objects.get()
    assert answer == {
        "id": brief.pk,
        "date": "2026-03-03",
        "series": "Harbour Brief",
        "headline": "The Dredger’s Long Way Home",
        "key_points": 4,
        "paragraphs": 2,
        "warnings": answer["warnings"],
    }
    assert len(answer["warnings"]) == 1
    assert "contact" in answer["warnings"][0]
    assert brief.status == "draft"
    assert [point.text for point in brief.key_points.all()][2] == (
        "The channel stays closed until April"
    )


def test_an_unfinished_contact_line_stops_the_brief_until_it_is_filled_in(tmp_path):
    publication = make_publication()
    file = tmp_path / "brief.txt"
    file.write_text(PLAIN)
    run("import_brief", str(file), "--publication", publication.slug)
    brief = Brief.objects.get()
    with pytest.raises(CommandError, match="contact"):
        run("publish", str(brief.pk))
    Brief.objects.update(contact_block="Questions? desk@harbour.example")
    run("publish", str(brief.pk))


@pytest.mark.parametrize("content", [b"", b"   \n", b"\x00\x01\x02" * 100, b"PK\x03\x04\x00\x00"])
def test_an_unreadable_file_stores_nothing(tmp_path, content):
    publication = make_publication()
    file = tmp_path / "brief.txt"
    file.write_bytes(content)
    with pytest.raises(CommandError):
        run("import_brief", str(file), "--publication", publication.slug)
    with pytest.raises(CommandError, match="cannot be read"):
        run("import_brief", str(tmp_path / "none.txt"), "--publication", publication.slug)
    with pytest.raises(CommandError, match="no publication"):
        run("import_brief", str(file), "--publication", "nobody")
    assert not Brief.objects.exists()
