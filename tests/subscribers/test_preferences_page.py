"""A reader's own page: what each link opens, what it changes, and what its owner can undo."""

import datetime as dt
import json
import re

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from briefs.models import Topic
from subscribers import consent, notices, preferences, tasks, tokens
from subscribers.models import ConsentRecord, Notice, SignUp, Subscriber, Subscription
from subscribers.suppression import suppress
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription(publication):
    return make_subscription(publication, "ada@example.com", name="Ada Lovelace")


@pytest.fixture
def footer(subscription):
    return f"/s/prefs/{tokens.unsubscribe.make(subscription.pk, 7)}"


@pytest.fixture
def own(subscription):
    return f"/s/own/{preferences.own_token(subscription)}"


def records():
    return [(row.kind, row.details) for row in ConsentRecord.objects.all()]


def mailed_link(mailoutbox, path):
    """Send what is due and return the newest link that begins with *path*."""
    notices.sweep()
    return re.findall(rf"http://127\.0\.0\.1:8000({path}[\w-]+)", mailoutbox[-1].body)[-1]


def test_a_link_at_the_foot_of_a_mail_tells_a_stranger_nothing(client, footer, publication):
    body = client.get(footer).content.decode()
    assert "a•••@e•••.com" in body
    assert "ada@example.com" not in body
    assert "Lovelace" not in body
    assert f"/s/{publication.slug}/" in body  # subscribe yourself
    for wish in ("details", "address", "join"):
        assert client.post(footer, {"wish": wish, "name": "Mallory"}).status_code == 400
    assert Subscriber.objects.get().name == "Ada Lovelace"


def test_the_footer_token_opens_nothing_that_is_the_owners_alone(client, subscription):
    token = tokens.unsubscribe.make(subscription.pk, 7)
    for path in ("/s/own/{}", "/s/own/{}/export", "/s/own/{}/erase", "/s/undo/{}"):
        assert client.get(path.format(token)).status_code == 404


def test_topics_and_rhythm_are_chosen_and_the_owner_can_undo(
    client, footer, subscription, mailoutbox
):
    ports = Topic.objects.create(publication=subscription.publication, name="Ports", slug="ports")
    Topic.objects.create(publication=subscription.publication, name="Rail", slug="rail")
    answer = client.post(footer, {"wish": "choices", "rhythm": "weekly", "topics": ["ports"]})
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{footer}?done=choices")
    subscription.refresh_from_db()
    assert subscription.rhythm == "weekly"
    assert list(subscription.topics.all()) == [ports]
    assert records() == [
        ("changed", {"topics": [[], ["ports"]], "rhythm": ["each", "weekly"]}),
    ]
    client.post(footer, {"wish": "choices", "rhythm": "each", "topics": ["ports", "rail"]})
    link = mailed_link(mailoutbox, "/s/undo/")
    assert len(mailoutbox) == 1  # one a day, back to how it was before all of it
    assert client.get(link).status_code == 200
    client.post(link)
    subscription.refresh_from_db()
    assert subscription.rhythm == "each"
    assert not subscription.topics.exists()
    client.post(footer, {"wish": "choices", "rhythm": "weekly"})
    assert "used, or overtaken" in client.post(link).content.decode()
    subscription.refresh_from_db()
    assert subscription.rhythm == "weekly"


def test_ticking_all_topics_means_those_to_come_as_well(client, own, subscription):
    for slug in ("ports", "rail"):
        Topic.objects.create(publication=subscription.publication, name=slug, slug=slug)
    client.post(own, {"wish": "choices", "rhythm": "each", "topics": ["ports", "rail"]})
    assert not subscription.topics.exists()
    assert records() == []  # it was so before


def test_a_topic_of_another_publication_is_refused(client, own):
    Topic.objects.create(publication=make_publication(), name="Ports", slug="ports")
    answer = client.post(own, {"wish": "choices", "rhythm": "each", "topics": ["ports"]})
    assert answer.status_code == 422
    assert records() == []


def test_a_pause_ends_on_its_day_by_the_publications_clock(client, own, subscription):
    subscription.publication.time_zone = "Pacific/Auckland"  # 12 h ahead in June
    subscription.publication.save()
    with time_machine.travel("2026-06-01 08:00Z", tick=False) as clock:
        own = f"/s/own/{preferences.own_token(subscription)}"
        client.post(own, {"wish": "pause", "until": "2026-06-03"})
        subscription.refresh_from_db()
        assert (subscription.status, str(subscription.paused_until)) == ("paused", "2026-06-03")
        clock.move_to(dt.datetime(2026, 6, 2, 11, tzinfo=dt.UTC))
        assert preferences.end_pauses() == 0
        clock.move_to(dt.datetime(2026, 6, 2, 13, tzinfo=dt.UTC))
        assert preferences.end_pauses() == 1
        assert preferences.end_pauses() == 0
    subscription.refresh_from_db()
    assert (subscription.status, subscription.paused_until) == ("active", None)
    assert [kind for kind, _details in records()] == ["changed", "changed"]


@pytest.mark.parametrize("until", ["", "soon", "2020-01-01", "9999-12-31"])
def test_a_day_that_is_no_pause_is_refused_with_a_word(client, own, subscription, until):
    answer = client.post(own, {"wish": "pause", "until": until})
    assert answer.status_code == 422
    assert 'id="until-error"' in answer.content.decode()
    subscription.refresh_from_db()
    assert subscription.status == "active"


def test_the_owners_link_is_mailed_once_an_hour_and_ends_after_a_day(client, footer, mailoutbox):
    with time_machine.travel("2026-04-06 06:00Z", tick=False) as clock:
        client.post(footer, {"wish": "link"})
        client.post(footer, {"wish": "link"})
        link = mailed_link(mailoutbox, "/s/own/")
        assert len(mailoutbox) == 1
        assert mailoutbox[0].to == ["ada@example.com"]
        page = client.get(link).content.decode()
        assert "ada@example.com" in page
        assert "Ada Lovelace" in page
        clock.shift(25 * 3600)
        assert client.get(link).status_code == 410


def test_who_asks_for_a_link_gets_one_answer_for_all_addresses(client, subscription, mailoutbox):
    url = f"/s/{subscription.publication.slug}/preferences/"
    answers = {
        (answer.status_code, str(sorted(answer.headers.items())), answer.content)
        for address in ("ada@example.com", "ADA@example.com", "nobody@example.com")
        if (answer := client.post(url, {"address": address}))
    }
    assert len(answers) == 1
    tasks.note_sign_ups()
    mailed_link(mailoutbox, "/s/own/")
    assert [mail.to for mail in mailoutbox] == [["ada@example.com"]]
    assert client.post(url, {"address": "ada@"}).status_code == 422


def test_nothing_that_is_known_of_an_address_is_asked_before_it_gets_a_link(client, subscription):
    """The same statements for all, as where readers sign up."""
    publication = subscription.publication
    make_subscription(publication, "left@example.com", status="unsubscribed")
    suppress("suppressed@example.com", "complaint")
    shapes = set()
    for name in ("ada", "left", "suppressed", "nobody"):
        with CaptureQueriesContext(connection) as queries:
            client.post(f"/s/{publication.slug}/preferences/", {"address": f"{name}@example.com"})
        statements = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"]]
        shapes.add(tuple(sql.partition(" VALUES ")[0] for sql in statements))
    (shape,) = shapes
    tables = set(re.findall(r'(?:FROM|INTO|UPDATE) "(\w+)"', " ".join(shape)))
    assert tables == {"briefs_publication", "subscribers_signup"}


def test_a_wish_for_a_link_subscribes_nobody(client, subscription):
    client.post(f"/s/{subscription.publication.slug}/preferences/", {"address": "eve@example.com"})
    tasks.note_sign_ups()
    assert not SignUp.objects.exists()
    assert Subscription.objects.get() == subscription
    assert not Notice.objects.exists()


def test_details_are_changed_and_the_record_does_not_name_them(client, own, subscription):
    data = {"wish": "details", "name": "Ada King", "language": "de", "time_zone": "Europe/London"}
    client.post(own, data)
    reader = Subscriber.objects.get()
    assert (reader.name, reader.language, reader.time_zone) == ("Ada King", "de", "Europe/London")
    assert records() == [("changed", {"changed": ["name", "language", "time_zone"]})]
    for bad in ({"name": "x" * 121}, {"language": "tlh"}, {"time_zone": "Mars/Olympus"}):
        assert client.post(own, {**data, **bad}).status_code == 422


def test_another_publication_is_joined_under_its_wording(client, own, subscription):
    other = make_publication(name="Rail Watch", consent_wording="Send me trains.")
    secret = make_publication(is_public=False)
    assert "Send me trains." in client.get(own).content.decode()
    client.post(own, {"wish": "join", "publication": other.slug})
    client.post(own, {"wish": "join", "publication": other.slug})
    client.post(own, {"wish": "join", "publication": secret.slug})
    joined = Subscription.objects.get(publication=other)
    assert joined.status == "active"
    record = ConsentRecord.objects.get()
    assert (record.kind, record.wording.text) == ("confirmed", "Send me trains.")
    assert Notice.objects.filter(kind="welcome", subscription=joined).count() == 1
    assert not Subscription.objects.filter(publication=secret).exists()


def test_an_address_moves_when_the_new_one_confirms_and_the_old_one_can_take_it_back(
    client, own, subscription, mailoutbox
):
    client.post(own, {"wish": "address", "address": "Ada@new.example"})
    subscription.subscriber.refresh_from_db()
    assert subscription.subscriber.address == "ada@example.com"
    link = mailed_link(mailoutbox, "/s/address/")
    assert mailoutbox[-1].to == ["Ada@new.example"]
    assert "ada@example.com" not in mailoutbox[-1].body
    client.get(link)
    assert Subscriber.objects.get().address == "ada@example.com"
    client.post(link)
    reader = Subscriber.objects.get()
    assert (reader.address, reader.address_key, reader.domain) == (
        "Ada@new.example",
        "ada@new.example",
        "new.example",
    )
    assert client.post(link).status_code == 410
    back = mailed_link(mailoutbox, "/s/undo/")
    assert mailoutbox[-1].to == ["ada@example.com"]
    client.post(back)
    assert Subscriber.objects.get().address == "ada@example.com"
    assert "example" not in json.dumps([details for _kind, details in records()])


def test_a_move_names_all_that_moves_along(client, own, subscription, mailoutbox):
    now = timezone.now()
    for name, status in (("Rail Watch", "active"), ("Left Long Ago", "unsubscribed")):
        Subscription.objects.create(
            subscriber=subscription.subscriber,
            publication=make_publication(name=name),
            status=status,
            confirmed_at=now,
            unsubscribed_at=now if status == "unsubscribed" else None,
        )
    client.post(own, {"wish": "address", "address": "ada@new.example"})
    client.post(mailed_link(mailoutbox, "/s/address/"))
    notices.sweep()
    assert len(mailoutbox) == 2
    for mail in mailoutbox:
        assert "moves along: Rail Watch." in mail.body
        assert "Left Long Ago" not in mail.body


def test_two_readers_are_not_made_one(client, own, publication, mailoutbox):
    make_subscription(publication, "eve@example.com")
    client.post(own, {"wish": "address", "address": "eve@example.com"})
    link = mailed_link(mailoutbox, "/s/address/")
    assert "reader already" in client.post(link).content.decode()
    assert Subscriber.objects.filter(address="ada@example.com").exists()


def test_a_suppressed_address_is_not_asked_and_nobody_moves_there(client, own, mailoutbox):
    suppress("@blocked.example", "manual")
    client.post(own, {"wish": "address", "address": "ada@blocked.example"})
    notices.sweep()
    assert mailoutbox == []


def test_leaving_on_the_page_can_be_undone_by_the_owner_once(client, subscription, mailoutbox):
    leave = f"/u/{tokens.unsubscribe.make(subscription.pk, 7)}"
    client.post(leave, {"wish": "unsubscribe", "why": "too-often", "words": "far\r\ntoo often"})
    subscription.refresh_from_db()
    assert subscription.status == "unsubscribed"
    assert records()[0][1] == {"was": ["active", None], "why": "too-often: far too often"}
    link = mailed_link(mailoutbox, "/s/undo/")
    assert mailoutbox[0].to == ["ada@example.com"]
    client.get(link)
    subscription.refresh_from_db()
    assert subscription.status == "unsubscribed"
    client.post(link)
    subscription.refresh_from_db()
    assert (subscription.status, subscription.unsubscribed_at) == ("active", None)
    client.post(leave, {"wish": "unsubscribe"})
    client.post(link)
    subscription.refresh_from_db()
    assert subscription.status == "unsubscribed"
    assert [kind for kind, _details in records()] == ["unsubscribed", "changed", "unsubscribed"]


def test_one_click_of_a_mail_program_sends_its_owner_nothing(client, subscription, mailoutbox):
    client.post(
        f"/u/{tokens.unsubscribe.make(subscription.pk, 7)}",
        "List-Unsubscribe=One-Click",
        content_type="application/x-www-form-urlencoded",
    )
    notices.sweep()
    assert mailoutbox == []


def test_who_was_paused_comes_back_paused_and_who_complained_does_not(client, subscription):
    preferences.pause(
        subscription,
        timezone.now().date() + dt.timedelta(days=9),
        source="own page",
        origin={"ip": None, "user_agent": ""},
    )
    consent.unsubscribe(subscription, source="page", tells_owner=True)
    link = f"/s/undo/{tokens.undo.make(ConsentRecord.objects.last().pk)}"
    suppress("ada@example.com", "complaint")
    client.post(link)
    subscription.refresh_from_db()
    assert subscription.status == "unsubscribed"


def test_the_way_back_ends_after_thirty_days(client, subscription):
    with time_machine.travel("2026-04-06 06:00Z", tick=False) as clock:
        consent.unsubscribe(subscription, source="page", tells_owner=True)
        link = f"/s/undo/{tokens.undo.make(ConsentRecord.objects.get().pk)}"
        clock.shift(dt.timedelta(days=30, minutes=2))
        assert client.post(link).status_code == 410
    subscription.refresh_from_db()
    assert subscription.status == "unsubscribed"


def test_everything_we_hold_is_handed_over(client, own, subscription):
    consent.unsubscribe(subscription, source="page")
    answer = client.get(f"{own}/export")
    held = json.loads(answer.content)
    assert answer.headers["Cache-Control"] == "no-store"
    assert "attachment" in answer.headers["Content-Disposition"]
    assert held["reader"]["name"] == "Ada Lovelace"
    assert [row["what"] for row in held["records"]] == ["unsubscribed"]


def test_pages_of_an_erased_reader_say_so(client, own, footer, subscription):
    assert client.get(f"{own}/erase").status_code == 200
    assert Subscriber.objects.exists()
    assert "forgotten" in client.post(f"{own}/erase", {"wish": "erase"}).content.decode()
    assert not Subscriber.objects.exists()
    for url in (own, footer, f"{own}/export", f"{own}/erase"):
        answer = client.get(url)
        assert answer.status_code == 200
        assert "no subscription for this link" in answer.content.decode()


def test_a_harmless_change_before_it_leaves_a_way_back_from_a_pause(
    client, footer, subscription, mailoutbox
):
    until = str(timezone.now().date() + dt.timedelta(days=300))
    client.post(footer, {"wish": "choices", "rhythm": "weekly"})
    client.post(footer, {"wish": "pause", "until": until})
    client.post(mailed_link(mailoutbox, "/s/undo/"))
    subscription.refresh_from_db()
    assert (subscription.status, subscription.paused_until) == ("active", None)
    assert subscription.rhythm == "each"


def test_who_took_a_change_back_is_told_of_the_next_one_on_the_same_day(
    client, footer, subscription, mailoutbox
):
    until = str(timezone.now().date() + dt.timedelta(days=300))
    client.post(footer, {"wish": "pause", "until": until})
    client.post(mailed_link(mailoutbox, "/s/undo/"))
    client.post(footer, {"wish": "pause", "until": until})
    client.post(mailed_link(mailoutbox, "/s/undo/"))
    assert len(mailoutbox) == 2
    subscription.refresh_from_db()
    assert subscription.status == "active"


def test_an_address_that_was_taken_away_twice_can_be_taken_back(
    client, own, subscription, mailoutbox
):
    client.post(own, {"wish": "address", "address": "eve@example.com"})
    client.post(mailed_link(mailoutbox, "/s/address/"))
    back = mailed_link(mailoutbox, "/s/undo/")
    subscription.subscriber.refresh_from_db()
    theirs = f"/s/own/{preferences.own_token(subscription)}"
    client.post(theirs, {"wish": "address", "address": "mallory@example.com"})
    client.post(mailed_link(mailoutbox, "/s/address/"))
    suppress("mallory@example.com", "complaint")
    client.post(back)
    assert Subscriber.objects.get().address == "ada@example.com"
    client.post(own, {"wish": "address", "address": "ada@new.example"})
    client.post(mailed_link(mailoutbox, "/s/address/"))
    client.post(back)  # once
    assert Subscriber.objects.get().address == "ada@new.example"


def test_joining_a_publication_that_may_not_mail_leaves_no_row_without_evidence(
    client, own, subscription
):
    other = make_publication()
    suppress("ada@example.com", "manual", other)
    client.post(own, {"wish": "join", "publication": other.slug})
    assert not Subscription.objects.filter(publication=other).exists()


def test_addresses_beside_the_readers_own_are_kept_as_long_as_their_buttons_work(
    client, subscription, mailoutbox
):
    with time_machine.travel("2026-04-06 06:00Z", tick=False) as clock:
        own = f"/s/own/{preferences.own_token(subscription)}"
        client.post(own, {"wish": "address", "address": "ada@new.example"})
        client.post(mailed_link(mailoutbox, "/s/address/"))
        assert client.get(own).status_code == 410  # it went to the address before
        subscription.subscriber.refresh_from_db()
        own = f"/s/own/{preferences.own_token(subscription)}"
        client.post(own, {"wish": "address", "address": "stranger@other.example"})
        clock.shift(dt.timedelta(days=2))
        tasks.forget_unconfirmed()
        assert Notice.objects.filter(kind="address").count() == 3
        clock.shift(dt.timedelta(days=2))
        tasks.forget_unconfirmed()
        assert [row.address for row in Notice.objects.filter(kind="address")] == ["ada@example.com"]
        clock.shift(dt.timedelta(days=28))
        tasks.forget_unconfirmed()
        assert not Notice.objects.filter(kind="address").exists()
