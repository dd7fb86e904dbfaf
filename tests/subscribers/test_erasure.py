"""Erasure: nothing in the database or on disk tells of the reader any more."""

import datetime as dt
import io
import json
from pathlib import Path

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from briefs import audit, comments, drafts
from briefs.models import Approval, AuditEntry, ClientGroup, Comment
from deliveries import privacy
from deliveries.models import (
    Delivery,
    DeliveryEvent,
    Edition,
    InboundEvent,
    ReaderHit,
    Segment,
)
from subscribers import consent, groups, intake, moving, notices, suppression
from subscribers.models import (
    ConsentRecord,
    FeedToken,
    GroupMember,
    ImportRun,
    Notice,
    SignUp,
    Subscriber,
    Suppression,
)
from subscribers.suppression import address_hash, suppress
from tests.make import make_brief, make_edition, make_publication, make_subscription, make_user

pytestmark = pytest.mark.django_db

NOWHERE = ("quetzalcoatl", "rare-domain", "Lovelace")


def dump():
    """Return every row of every table, as text."""
    text = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            text += [f"{table}: {row}" for row in cursor.fetchall()]
    return text


def assert_forgotten(words=NOWHERE):
    left = [line for line in dump() if any(word.lower() in line.lower() for word in words)]
    assert left == []


@pytest.fixture
def reader(tmp_path, settings):
    """Return a reader who has left traces wherever one can."""
    settings.SHARED_DIR = tmp_path
    publication = make_publication()
    address = "Quetzalcoatl@rare-domain.example"
    subscription = make_subscription(publication, address, name="Ada Lovelace")
    reader = subscription.subscriber
    origin = {"ip": "203.0.113.7", "user_agent": "Browser of Quetzalcoatl"}
    consent.unsubscribe(
        subscription, source="page", why="Ada Lovelace is tired", tells_owner=True, **origin
    )
    editor = make_user()
    consent.add_by_hand(publication, address, basis="Ada Lovelace called us.", by=editor)
    consent.request(make_publication(), address, source="form", **origin)
    moving.ask(subscription, "quetzalcoatl@second-rare-domain.example")
    edition = make_edition(make_brief(publication))
    Delivery.objects.create(
        edition=edition,
        subscriber=reader,
        status="failed",
        reason="refused",
        reply="550 5.1.1 <Quetzalcoatl@rare-domain.example>: no such user",
    )
    suppress(address, "bounce", publication, note="Lovelace’s mailbox is full")
    for thing in (reader, subscription):
        LogEntry.objects.create(
            user=editor,
            content_type=ContentType.objects.get_for_model(type(thing)),
            object_id=thing.pk,
            object_repr=str(thing),
            action_flag=CHANGE,
            change_message=f"Changed {reader.address}.",
        )
    make_user(is_superuser=True)
    notices.tell_editors(publication, "A complaint", f"{reader.address.lower()} complained.")
    Notice.objects.filter(subscription=subscription).update(error=f"550 {reader.address}")
    SignUp.objects.create(wishes=[], address=address, name="Ada Lovelace", source="form")
    leave_words_of_editors(publication, edition, editor)
    leave_what_comes_back(publication, edition, reader, editor)
    return reader


def leave_what_comes_back(publication, edition, reader, editor):
    """Let servers and mailboxes tell of the reader, and let them read what is for a few."""
    said = f"550 5.1.1 <{reader.address}> unknown, says Ada Lovelace"
    delivery = Delivery.objects.get(edition=edition, subscriber=reader)
    now = timezone.now()
    DeliveryEvent.objects.create(
        delivery=delivery, type="bounced", key="1", at=now, source="mail", words=said
    )
    ReaderHit.objects.create(delivery=delivery, position=0, is_machine=False, first_at=now)
    for number, told in enumerate(
        ({"delivery": delivery.pk, "words": said}, {"delivery": 0, "address": reader.address})
    ):
        InboundEvent.objects.create(source="mail", key=str(number), payload=told)
    group = ClientGroup.objects.create(publication=publication, name=f"Of {reader.address}")
    subscription = reader.subscriptions.get(publication=publication)
    GroupMember.objects.create(
        group=group,
        key=reader.address_key,
        address=reader.address,
        accepted_at=now,
        subscriber=reader,
    )
    groups.add(group, "quetzalcoatl@second-rare-domain.example", editor)
    FeedToken.objects.create(subscription=subscription)


def leave_words_of_editors(publication, edition, editor):
    """Let editors, and the program, name the reader wherever they can."""
    both = "Ada LOVELACE, quetzalcoatl@RARE-domain.example,"
    comments.add(edition.brief, editor, f"{'It is so. ' * 19}{both} says so.", quote=both)
    comments.settle(Comment.objects.get(), editor)
    audit.record("retried", brief=edition.brief, by=editor, words=f"{both} got nothing")
    Approval.objects.create(revision=edition.revision, by=editor, reason=f"{both} waits")
    drafts.keep(editor, edition.brief, "", {"body": [both[14:]]}, base=0, turn=0)
    said = f"550 <{both[14:-1]}>: no such user"
    Edition.objects.filter(pk=edition.pk).update(word=said, rules=[{"value": both[14:-1]}])
    for name in (both[:12], both[14:-1]):
        Segment.objects.create(publication=publication, name=name, rules=[{"value": said}])
    ImportRun.objects.create(publication=publication, file_name=f"{both} 1.csv", basis=both)
    suppress("friend@example.com", "manual", publication, note=f"{both} asked for it")


def test_after_erasure_no_table_holds_address_or_name(reader):
    assert any("quetzalcoatl" in line.lower() for line in dump())
    counts = privacy.erase(reader, source="admin", by=make_user())
    assert counts == {"subscriptions": 2, "records": 5, "deliveries": 1}
    assert_forgotten()
    assert not Subscriber.objects.exists()
    delivery = Delivery.objects.get()
    assert (delivery.status, delivery.reason, delivery.subscriber) == ("failed", "refused", None)
    erased = ConsentRecord.objects.filter(kind="erased")
    assert {row.address_hash for row in erased} == {address_hash(reader.address_key)}
    assert not ConsentRecord.objects.exclude(ip=None, user_agent="").exists()


def test_no_import_and_no_editor_brings_back_who_was_erased(reader):
    publication = make_publication()
    privacy.erase(reader, source="command")
    with pytest.raises(consent.SuppressedAddress):
        consent.add_by_hand(publication, reader.address, basis="A list", by=make_user())
    assert set(
        Suppression.objects.values_list("publication", "reason").filter(publication=None)
    ) == {(None, "erasure")}


def test_an_address_that_the_reader_had_before_is_suppressed_too(reader):
    subscription = reader.subscriptions.first()
    old = reader.address_key
    moving.ask(subscription, "new@other.example")
    moving.move(Notice.objects.get(address="new@other.example"), origin=nowhere())
    reader.refresh_from_db()
    privacy.erase(reader, source="own page")
    hashes = Suppression.objects.filter(publication=None).values_list("address_hash", flat=True)
    assert set(hashes) == {address_hash(old), address_hash("new@other.example")}
    assert_forgotten((*NOWHERE, "other.example"))


def nowhere():
    return {"ip": None, "user_agent": ""}


def test_what_a_server_says_after_the_erasure_is_forgotten_as_well(reader):
    privacy.erase(reader, source="command")
    Delivery.objects.update(reply="550 <Quetzalcoatl@rare-domain.example>")
    assert privacy.scrub_late_replies() == 1
    assert privacy.scrub_late_replies() == 0
    assert_forgotten()


def test_no_file_names_the_reader(reader, tmp_path):
    folder = Path(tmp_path) / "imports"
    folder.mkdir()
    table = folder / "7.refused.csv"
    table.write_text("quetzalcoatl@rare-domain.example,Ada Lovelace\nzoe@example.com,Zoe\n")
    privacy.erase(reader, source="command")
    for path in Path(tmp_path).rglob("*"):
        if path.is_file():
            content = path.read_bytes().lower()
            assert not any(word.lower().encode() in content for word in NOWHERE)
    assert b"zoe@example.com,Zoe" in table.read_bytes()


def test_the_command_erases_and_repeats_and_takes_strangers(reader):
    assert json.loads(run("erase", reader.address.upper(), "--json"))["subscriptions"] == 2
    assert json.loads(run("erase", reader.address, "--json"))["subscriptions"] == 0
    assert "0 subscriptions" in run("erase", "nobody@example.com")
    assert Suppression.objects.filter(address_hash=address_hash("nobody@example.com")).exists()
    with pytest.raises(CommandError):
        run("erase", "no address")


def test_the_proof_of_consent_tells_the_whole_story_also_after_erasure(reader):
    told = json.loads(run("consent_proof", reader.address, "--json"))
    assert [row["what"] for row in told["records"]] == ["unsubscribed", "added", "requested"]
    assert told["records"][1]["basis"] == "Ada Lovelace called us."
    assert told["records"][2]["wording"] == "Send me the daily brief by e-mail."
    assert [row["kind"] for row in told["notices"]] == ["undo", "confirmation", "address"]
    assert told["suppressions"][0]["reason"] == "bounce"
    assert "Ada Lovelace called us." in run("consent_proof", reader.address)
    privacy.erase(reader, source="command")
    told = json.loads(run("consent_proof", "QUETZALCOATL@rare-domain.example", "--json"))
    assert not told["is_known"]
    assert [row["what"] for row in told["records"]] == [
        *("unsubscribed", "added", "requested", "erased", "erased"),
    ]
    assert told["records"][2]["wording"] == "Send me the daily brief by e-mail."
    assert "No reader has this address" in run("consent_proof", reader.address)


def test_the_proof_follows_a_reader_to_another_address(publication):
    subscription = make_subscription(publication, "old@example.com")
    consent.unsubscribe(subscription, source="page")
    moving.ask(subscription, "new@example.com")
    moving.move(Notice.objects.get(), origin=nowhere())
    told = json.loads(run("consent_proof", "new@example.com", "--json"))
    assert [row["what"] for row in told["records"]] == ["unsubscribed", "changed"]


def run(*arguments):
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_origins_grow_coarser_and_then_go(publication):
    subscription = make_subscription(publication)
    ages = {"new": 10, "old": 400, "ancient": 800}
    for source, days in ages.items():
        for ip in ("203.0.113.77", "2001:db8:1:2:3::4"):
            ConsentRecord.objects.create(
                subscriber=subscription.subscriber,
                publication=publication,
                address_hash="x",
                kind="requested",
                source=source,
                ip=ip,
                user_agent="Browser",
                at=timezone.now() - dt.timedelta(days=days),
            )
    assert consent.truncate_origins() == 4
    assert consent.truncate_origins() == 0
    rows = ConsentRecord.objects.order_by("id").values_list("source", "ip", "user_agent")
    assert list(rows) == [
        ("new", "203.0.113.77", "Browser"),
        ("new", "2001:db8:1:2:3::4", "Browser"),
        ("old", "203.0.113.0", ""),
        ("old", "2001:db8:1::", ""),
        ("ancient", None, ""),
        ("ancient", None, ""),
    ]


def test_who_had_bounced_and_was_erased_is_not_released_by_an_editor():
    subscription = make_subscription(make_publication(), "ada@example.com")
    suppress("ada@example.com", "bounce")
    privacy.erase(subscription.subscriber, source="own page")
    row = Suppression.objects.get()
    assert (row.reason, row.address) == ("erasure", "")
    with pytest.raises(suppression.ReadersOwnWord):
        suppression.release(row, why="The mailbox works again.", by=make_user())


def test_a_complaint_stays_a_complaint_when_its_reader_is_erased():
    subscription = make_subscription(make_publication(), "ada@example.com")
    suppress("ada@example.com", "complaint")
    privacy.erase(subscription.subscriber, source="own page")
    assert Suppression.objects.get().reason == "complaint"


def test_an_address_that_mail_was_moved_from_is_forgotten_too(mailoutbox):
    subscription = make_subscription(make_publication(), "Quetzalcoatl@rare-domain.example")
    moving.ask(subscription, "ada@example.com")
    moving.move(Notice.objects.get(), origin={"ip": None, "user_agent": ""})
    notices.sweep()
    privacy.erase_address("quetzalcoatl@rare-domain.example", source="command")
    assert_forgotten()
    assert Subscriber.objects.get().address == "ada@example.com"


def test_the_evidence_of_an_address_that_is_no_reader_says_when_it_was_forgotten():
    subscription = make_subscription(make_publication(), "ada@example.com")
    consent.record(subscription, "requested", source="form")
    privacy.erase(subscription.subscriber, source="own page")
    privacy.erase_address("ada@example.com", source="command")
    erased = ConsentRecord.objects.filter(kind="erased").order_by("pk")
    assert list(erased.values_list("source", flat=True)) == ["own page", "command"]


def test_an_address_that_only_was_to_be_moved_to_is_forgotten_too(mailoutbox):
    subscription = make_subscription(make_publication(), "ada@example.com")
    moving.ask(subscription, "Quetzalcoatl@rare-domain.example")
    notices.sweep()
    privacy.erase_address("quetzalcoatl@rare-domain.example", source="command")
    assert_forgotten()


def test_a_sign_up_in_other_capitals_that_waits_does_not_outlive_an_erasure():
    publication = make_publication()
    subscription = make_subscription(publication, "quetzalcoatl@rare-domain.example")
    wish = {"publication": publication.pk, "wording": "Send it."}
    intake.accept(intake.make([wish], "QuetzalCoatl@rare-domain.example", source="form"))
    privacy.erase(subscription.subscriber, source="own page")
    assert_forgotten()


def test_erasing_one_reader_spares_another_who_has_their_old_address_now():
    publication = make_publication()
    first = make_subscription(publication, "ada@example.com")
    moving.ask(first, "grace@example.com")
    moving.move(Notice.objects.get(), origin={"ip": None, "user_agent": ""})
    second = consent.add_by_hand(publication, "ada@example.com", basis="asked", by=make_user())
    first.subscriber.refresh_from_db()
    told = json.dumps(privacy.export(first.subscriber))
    assert "asked" not in told
    privacy.erase(first.subscriber, source="own page")
    assert not consent.stops(second)
    assert second.subscriber.consent_records.get().basis == "asked"


def test_who_calls_themselves_by_a_common_word_takes_it_from_nobody():
    publication = make_publication()
    editor = make_user(is_superuser=True)
    brief = make_brief(publication)
    said = "We do not send it. Do Not enter. The port is not open, says ada@example.com, not I."
    comments.add(brief, editor, said)
    audit.record("returned", brief=brief, by=editor, words="Not before noon.")
    LogEntry.objects.create(user=editor, action_flag=CHANGE, object_repr="Not now")
    for name, address in (("not", "ada@example.com"), ("Do Not", "bob@example.com")):
        reader = make_subscription(publication, address, name=name).subscriber
        privacy.erase(reader, source="own page")
    # Beside its own address a name goes in any case; else only where it is written like one.
    assert Comment.objects.get().text == (
        "We do [erased] send it. Do [erased] enter. The port is [erased] open, says [erased], "
        "[erased] I."
    )
    assert AuditEntry.objects.get(verb="returned").words == "Not before noon."
    assert LogEntry.objects.get().object_repr == "Not now"


def test_an_editor_vouches_for_a_short_name():
    publication = make_publication()
    brief = make_brief(publication)
    comments.add(brief, make_user(), "Quetzalcoatl called, about the quetzals. E E")
    name = " ".join("E" * 100)
    run = ImportRun.objects.create(publication=publication, file_name=name)
    for name in ("Quetzalcoatl", "E"):
        reader = make_subscription(publication, f"{name}@example.com", name=name).subscriber
        privacy.erase(reader, source="admin", by=make_user())
    assert Comment.objects.get().text == "[erased] called, about the quetzals. [erased] [erased]"
    run.refresh_from_db()
    assert len(run.file_name) == 200  # what the column takes


def test_erasing_a_reader_who_is_a_colleague_leaves_who_may_do_what():
    publication = make_publication()
    colleague = make_user("olga@example.com")
    audit.record("member-set", publication=publication, words=f"{colleague}: owner")
    reader = make_subscription(publication, "olga@example.com").subscriber
    privacy.erase(reader, source="own page")
    assert AuditEntry.objects.get().words == "olga@example.com: owner"
