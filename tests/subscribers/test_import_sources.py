"""Imports: other houses' files are recognised, and what they say is honoured in any order."""

import json
import re
import tempfile
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from subscribers import consent, moving
from subscribers.importing import files, forgetting, running
from subscribers.models import (
    ConsentRecord,
    ImportRun,
    Notice,
    Subscriber,
    Subscription,
    Suppression,
)
from subscribers.suppression import release, suppress
from tests.make import make_publication, make_subscription, make_user
from tests.subscribers.exports import POSTS, READERS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.SHARED_DIR = tmp_path


def import_text(publication, capsys, folder, text, *options, name="readers.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    capsys.readouterr()
    call_command(
        "import_subscribers", str(path), "--publication", publication.slug, "--json", *options
    )
    return json.loads(capsys.readouterr().out)


@pytest.fixture
def publication():
    return make_publication()


@pytest.fixture
def run_import(publication, capsys, tmp_path):
    def run(text, *options, **names):
        return import_text(publication, capsys, tmp_path, text, *options, **names)

    return run


def statuses():
    rows = Subscription.objects.values_list("subscriber__address", "status")
    return {address.partition("@")[0]: status for address, status in rows}


@pytest.mark.parametrize("name", READERS)
def test_an_export_is_recognised_mapped_and_counted(run_import, name):
    source, text, outcomes = READERS[name]
    told = run_import(text, "--dry-run", name=name)
    assert told["source"] == source
    assert list(told["mapping"].values()).count("address") == 1
    counts = {key: told[key] for key in ("created", "unsubscribed", "suppressed", "refused")}
    assert {key: count for key, count in counts.items() if count} == outcomes
    assert told["rows"] == sum(outcomes.values())
    assert not Subscriber.objects.exists()
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("name", READERS)
def test_a_run_does_what_its_dry_run_said(run_import, name):
    _source, text, _outcomes = READERS[name]
    assert run_import(text, "--dry-run", name=name) == run_import(text, name=name)


@pytest.mark.parametrize("house", POSTS)
def test_a_list_of_posts_is_refused_as_such(run_import, house):
    with pytest.raises(CommandError, match=f"list of posts from {house}"):
        run_import(POSTS[house])
    assert not ImportRun.objects.exists()


def test_what_a_house_knows_of_a_reader_is_kept(run_import):
    run_import(READERS["mailchimp_subscribed.csv"][1], "--basis", "double opt-in on the old site")
    reader = Subscriber.objects.get()
    subscription = reader.subscriptions.get()
    records = list(ConsentRecord.objects.all())
    assert (reader.name, reader.time_zone, reader.domain) == (
        "Eve E",
        "Europe/Berlin",
        "harbour.example",
    )
    assert sorted(subscription.topics.values_list("name", flat=True)) == ["EU", "Editors"]
    assert subscription.confirmed_at.isoformat() == "2023-04-21T11:17:10+00:00"
    assert [record.kind for record in records] == ["imported", "imported"]
    assert [record.ip for record in records] == ["203.0.113.10", "203.0.113.9"]
    assert records[0].basis == "double opt-in on the old site"
    assert records[0].details["row"] == 1
    assert records[0].details["asked_at"] == "2023-04-21T11:16:57+00:00"


def test_a_formula_that_another_house_disarmed_is_a_name_again(run_import):
    run_import(READERS["ghost.csv"][1])
    assert Subscriber.objects.get(address="lea@harbour.example").name == "=cmd"


def test_a_second_import_of_the_same_file_changes_nothing(run_import):
    for name in READERS:
        run_import(READERS[name][1], name=name)
    before = statuses(), ConsentRecord.objects.count()
    for name in READERS:
        told = run_import(READERS[name][1], name=name)
        assert (told["created"], told["updated"], told["unsubscribed"], told["suppressed"]) == (
            *(0, 0, 0, 0),
        )
    assert (statuses(), ConsentRecord.objects.count()) == before


@pytest.mark.parametrize("status", ["active", "subscribed", "yes", "ACTIVE"])
def test_who_left_does_not_come_back(publication, run_import, status):
    subscription = make_subscription(publication, "ana@harbour.example")
    consent.unsubscribe(subscription, source="one-click")
    told = run_import(f"email,status\nANA@harbour.example,{status}\n")
    assert told["reasons"] == {"left": 1}
    assert statuses() == {"ana": "unsubscribed"}


@pytest.mark.parametrize("reason", ["bounce", "complaint", "manual", "erasure"])
def test_who_is_suppressed_does_not_come_back(run_import, reason):
    suppress("ana@harbour.example", reason)
    told = run_import("email,status\nana@harbour.example,active\n")
    assert told["reasons"] == {reason: 1}
    assert not Subscriber.objects.exists()


def test_of_who_was_erased_nothing_is_written_down(run_import):
    suppress("ana@harbour.example", "erasure")
    run_import("email,name\nana@harbour.example,Ana Reis\nbad@,B\n")
    run = ImportRun.objects.get()
    refused = files.refused_of(run).read_text()
    assert "ana" not in refused.lower()
    assert "bad@" in refused
    assert "ana@" not in json.dumps(run.samples)
    assert not files.table_of(run).exists()


def test_a_forgotten_reader_is_in_no_file_of_an_import(run_import):
    run_import("email,name,status\nana@harbour.example,Ana,nonsense\nbo@harbour.example,Bo,odd\n")
    run = ImportRun.objects.get()
    size = files.refused_of(run).stat().st_size
    forgetting.forget("ana@harbour.example")
    text = files.refused_of(run).read_text()
    run.refresh_from_db()
    assert "ana@" not in text.lower()
    assert "Ana" not in text
    assert "bo@harbour.example" in text
    assert files.refused_of(run).stat().st_size == size
    assert len(run.samples) == 2  # the samples of refused rows name nobody


def test_a_forgotten_readers_record_of_several_lines_is_forgotten_whole(run_import):
    run_import(
        "name,note,email,last,status\n"
        'Bo,"one\ntwo",bo@harbour.example,B,odd\n'
        'Quetzal,"one\ntwo",ana@harbour.example,"Love\nlace",odd\n'
        'Cy,"one\ntwo",cy@harbour.example,C,odd\n'
    )
    path = files.refused_of(ImportRun.objects.get())
    size = path.stat().st_size
    forgetting.forget("ana@harbour.example")
    text = path.read_text()
    assert not [word for word in ("Quetzal", "ana@", "Love", "lace") if word in text]
    assert [word for word in ("Bo", "bo@", "Cy", "cy@", "two") if word in text] == [
        *("Bo", "bo@", "Cy", "cy@", "two")
    ]
    assert path.stat().st_size == size


@pytest.mark.sqlite_only
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-16-be"])
def test_an_upload_in_any_encoding_forgets_a_reader(encoding):
    path = files.folder() / "1.table"
    text = "email,name\nana@harbour.example,Quetzal\nbo@harbour.example,Bo\n"
    path.write_bytes(text.encode(encoding))
    forgetting.forget("ana@harbour.example")
    left = path.read_bytes().decode(encoding)
    assert "Quetzal" not in left
    assert "bo@harbour.example,Bo" in left
    assert len(left) == len(text)


@pytest.mark.sqlite_only
@pytest.mark.parametrize("escapes", [True, False])
def test_a_json_upload_forgets_a_reader_however_the_address_is_escaped(escapes):
    path = files.folder() / "1.table"
    people = [
        {"email_address": "zoë/a@harbour.example", "fields": {"name": "Quetzal"}},
        {"email_address": "joana@harbour.example", "first_name": "Jo"},
    ]
    text = json.dumps({"subscribers": people}, ensure_ascii=escapes, indent=1)
    path.write_text(text.replace("/a@", r"\/a\u0040"))
    forgetting.forget("zoë/a@harbour.example")
    assert json.loads(path.read_bytes()) == {"subscribers": [{}, people[1]]}
    assert "Quetzal" not in path.read_text()


def test_who_has_a_longer_address_is_not_forgotten_along():
    path = files.folder() / "1.table"
    path.write_text("email\njoana@harbour.example\nana@harbour.example\n")
    forgetting.forget("ana@harbour.example")
    assert path.read_text() == "email\njoana@harbour.example\n" + "x" * 19 + "\n"


@pytest.mark.sqlite_only
def test_a_quote_that_is_never_closed_takes_no_other_reader_along():
    path = files.folder() / "1.table"
    rows = "".join(f"r{number}@harbour.example,R\n" for number in range(600))
    path.write_text(f'email,name\n"{rows}')
    forgetting.forget("r300@harbour.example")
    assert path.read_text().count("@") == 599


def test_who_asked_and_did_not_confirm_waits_unless_the_file_says_when_they_did(
    publication, run_import
):
    make_subscription(publication, "ana@harbour.example", status="unconfirmed")
    assert run_import("email,status\nana@harbour.example,active\n")["reasons"] == {"waiting": 1}
    file = "email,status,confirmed_at\nana@harbour.example,active,2024-01-05 10:00\n"
    assert run_import(file)["updated"] == 1
    assert statuses() == {"ana": "active"}


def test_a_file_without_a_status_confirms_nobody(publication, run_import):
    make_subscription(publication, "ana@harbour.example", status="unconfirmed")
    run_import("email,confirmed_at\nana@harbour.example,2024-01-05 10:00\n")
    assert statuses() == {"ana": "unconfirmed"}


def test_who_left_there_is_unsubscribed_here_with_evidence(publication, run_import):
    make_subscription(publication, "fay@harbour.example")
    told = run_import(READERS["mailchimp_unsubscribed.csv"][1], "--basis", "moved")
    record = ConsentRecord.objects.get()
    assert told["unsubscribed"] == 1
    assert (record.kind, record.source, record.details["why"]) == (
        *("unsubscribed", "import", "too many"),
    )


def test_an_import_of_one_publication_leaves_the_others_alone(publication, run_import):
    other = make_publication()
    make_subscription(other, "gus@harbour.example")
    make_subscription(other, "cy@harbour.example")
    run_import(READERS["mailchimp_cleaned.csv"][1])
    run_import(READERS["keila.csv"][1])
    assert set(other.subscriptions.values_list("status", flat=True)) == {"active"}
    assert not Suppression.objects.exclude(publication=publication).exists()


def test_readers_own_words_are_not_overwritten(publication, run_import):
    make_subscription(
        publication, "ana@harbour.example", name="Ana R.", attributes={"city": "Porto"}
    )
    run_import(READERS["listmonk_import.csv"][1])
    reader = Subscriber.objects.get()
    assert (reader.name, reader.attributes) == ("Ana R.", {"city": "Lisbon"})


def test_topics_are_matched_by_name(publication, run_import):
    publication.topics.create(name="Vip", slug="vip")
    run_import(READERS["ghost.csv"][1])
    assert sorted(publication.topics.values_list("name", flat=True)) == ["EU", "Vip"]


# Who is out by the files of tests/subscribers/exports.py, and who is in none of them a reader.
OUT = {"bo", "cy", "di", "fay", "gus", "kim", "max", "oda", "quin"}
NO_READERS = {"ida"}
IN_A_FILE = re.compile(r"(\w+)(?=@harbour\.example)")
EVERYONE = sorted({name for _, text, _ in READERS.values() for name in IN_A_FILE.findall(text)})
PEOPLE = ("p0", "p1", "p2", "p3", "p4")


class InAnyOrder(TestCase):
    """Nobody who is once out comes back, whatever comes after, and nobody else is missed."""

    @settings(max_examples=10)
    @given(
        order=st.permutations(sorted(READERS)),
        # The files speak of few people, so that they contradict one another.
        played=st.lists(
            st.sampled_from(PEOPLE), min_size=len(EVERYONE), max_size=len(EVERYONE)
        ).map(lambda people: dict(zip(EVERYONE, people, strict=True))),
        left=st.sets(st.sampled_from(PEOPLE), max_size=1),
        bounced=st.sets(st.sampled_from(PEOPLE), max_size=1),
    )
    def test_no_order_of_files_reactivates_anyone(self, order, played, left, bounced):
        publication = make_publication()
        for name in left:
            subscription = make_subscription(publication, f"{name}@harbour.example")
            consent.unsubscribe(subscription, source="one-click")
        for name in bounced:
            suppress(f"{name}@harbour.example", "bounce")
        out, readers = left | bounced, set()
        with tempfile.TemporaryDirectory() as folder, self.settings(SHARED_DIR=Path(folder)):
            for file in order:
                text = READERS[file][1]
                people = set(IN_A_FILE.findall(text))
                path = Path(folder) / file
                path.write_text(IN_A_FILE.sub(lambda found: played[found[1]], text))
                run = running.receive(publication, path, name=file, by=None)
                assert running.start(run, basis="moved", by=None)
                assert running.work(60) is False
                run.refresh_from_db()
                assert run.status == "finished"
                out |= {played[name] for name in people & OUT}
                readers |= {played[name] for name in people - OUT - NO_READERS}
                assert mailed() == readers - out


def mailed():
    """Return whom the next edition would go to."""
    suppressed = Suppression.objects.values("address_hash")
    active = Subscription.objects.filter(status="active")
    rows = active.exclude(subscriber__address_hash__in=suppressed)
    return {
        address.partition("@")[0] for address in rows.values_list("subscriber__address", flat=True)
    }


def test_an_old_list_brings_nobody_back_at_the_address_they_moved_from(publication, run_import):
    reader = make_subscription(publication, "ada@harbour.example")
    consent.unsubscribe(reader, source="page")
    consent.request(publication, "ada@harbour.example", source="form")
    consent.confirm(reader, source="form")
    moving.ask(reader, "ada@new.example")
    move = Notice.objects.get(kind="address")
    moving.move(move, origin={"ip": None, "user_agent": ""})
    consent.unsubscribe(Subscription.objects.get(), source="page")
    told = run_import("email,status\nada@harbour.example,active\n")
    assert told["reasons"] == {"moved": 1}
    assert Subscription.objects.get().status == "unsubscribed"


@pytest.mark.parametrize("reason", ["bounce", "manual"])
@pytest.mark.parametrize("word", ["unsubscribed", "complained"])
def test_who_left_while_suppressed_does_not_come_back_after_the_release(
    publication, run_import, reason, word
):
    suppress("ada@harbour.example", reason)
    run_import(f"email,status\nada@harbour.example,{word}\n")
    row = Suppression.objects.get(reason=reason)
    release(row, why="The mailbox works again.", by=make_user())
    run_import("email,status\nada@harbour.example,active\n")
    assert not Subscription.objects.filter(status="active").exists()


def test_a_complaint_ends_what_was_active_and_suppressed(publication, run_import):
    make_subscription(publication, "ada@harbour.example")
    suppress("ada@harbour.example", "bounce")
    told = run_import("email,status\nada@harbour.example,complained\n")
    assert told["unsubscribed"] == 1
    assert Subscription.objects.get().status == "unsubscribed"
    assert ConsentRecord.objects.get().kind == "complained"


def test_who_is_active_and_then_left_in_one_file_waits_for_no_confirmation(run_import):
    run_import(
        "email,status,unsubscribed_at\n"
        "ada@harbour.example,active,\n"
        "ada@harbour.example,unsubscribed,2020-01-01\n"
    )
    assert not consent.may_confirm(Subscription.objects.get())
