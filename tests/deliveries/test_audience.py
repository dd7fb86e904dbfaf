"""Whom an edition is for: topics, rhythm and segments, counted and frozen by one rule."""

import datetime as dt

import pytest
from django.utils import timezone

from briefs import revisions
from briefs.models import Topic
from deliveries import audience, freezing, planning, preflight, segments
from deliveries.models import Delivery, Edition, Segment
from subscribers.models import Subscriber, Subscription
from tests.make import (
    make_brief,
    make_edition,
    make_fit_brief,
    make_publication,
    make_readers,
    make_subscription,
)

pytestmark = pytest.mark.django_db


def topic(publication, name):
    return Topic.objects.create(publication=publication, name=name, slug=name)


def got_it(edition):
    return set(edition.deliveries.values_list("subscriber__address", flat=True))


def addresses(found):
    return set(found.values_list("subscriber__address", flat=True))


def test_a_brief_goes_to_who_chose_one_of_its_topics_and_to_who_chose_none():
    publication = make_publication()
    ports, rails = topic(publication, "ports"), topic(publication, "rails")
    for address, chosen in {"ports@x.org": [ports], "rails@x.org": [rails], "all@x.org": [],
                            "both@x.org": [ports, rails]}.items():  # fmt: skip
        make_subscription(publication, address).topics.set(chosen)
    brief = make_brief(publication)
    brief.topics.add(ports)
    assert audience.of_brief(brief).count() == 3
    edition = make_edition(brief)
    planning.start_due()
    assert got_it(edition) == {"ports@x.org", "all@x.org", "both@x.org"}
    without = make_edition(make_brief(publication, headline="On nothing in particular"))
    planning.start_due()
    assert len(got_it(without)) == 4


def test_the_topics_of_when_it_was_scheduled_are_the_ones_that_count():
    publication = make_publication()
    ports, rails = topic(publication, "ports"), topic(publication, "rails")
    make_subscription(publication, "rails@x.org").topics.set([rails])
    brief = make_brief(publication)
    brief.topics.add(ports)
    edition = make_edition(brief)
    brief.topics.clear()
    planning.start_due()
    assert got_it(edition) == set()


def test_who_wants_a_digest_gets_no_single_brief():
    publication = make_publication()
    make_readers(publication, 2)
    weekly = make_subscription(publication, "weekly@x.org")
    Subscription.objects.filter(pk=weekly.pk).update(rhythm="weekly")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    edition.refresh_from_db()
    assert edition.audience == 2
    assert "weekly@x.org" not in got_it(edition)


def test_a_brief_on_topics_that_nobody_chose_says_so_before_it_goes():
    publication = make_publication()
    ports, rails = topic(publication, "ports"), topic(publication, "rails")
    make_subscription(publication).topics.set([rails])
    brief = make_fit_brief(publication)
    brief.topics.add(ports)
    (warning,) = preflight.check(brief).warnings
    assert warning.rule == "audience-empty"
    assert "topics" in warning.message


def everyone(publication):
    """Store readers of all kinds; return their addresses by what is special about them."""
    now = timezone.now()
    make_subscription(publication, "german@a.org", language="de")
    make_subscription(publication, "gold@b.org", attributes={"tier": "Gold", "x-y": "1"})
    make_subscription(publication, "silver@b.org", attributes={"tier": "silver"}, language="en")
    old = make_subscription(publication, "old@c.org")
    Subscription.objects.filter(pk=old.pk).update(
        confirmed_at=now.replace(year=2020, month=5, day=17)
    )
    make_subscription(publication, "left@b.org", status="unsubscribed", language="de")


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        ([("language", "equal", "de")], "german"),
        ([("language", "not-equal", "de")], "gold silver old"),
        ([("domain", "equal", "B.org")], "gold silver"),
        ([("domain", "not-equal", "@b.org")], "german old"),
        ([("attribute", "equal", "Gold")], "gold"),
        ([("attribute", "contains", "OL")], "gold"),
        ([("attribute", "exists", None)], "gold silver"),
        ([("attribute", "exists", None), ("language", "equal", "en")], "silver"),
        ([("joined", "before", "2020-05-17")], ""),
        ([("joined", "before", "2020-05-18")], "old"),
        ([("joined", "after", "2020-05-17")], "german gold silver"),
        ([("joined", "after", "2020-05-16")], "german gold silver old"),
    ],
)
def test_each_rule_finds_who_meets_it_in_the_count_and_in_the_ledger(rules, found):
    publication = make_publication()
    everyone(publication)
    everyone_else = make_publication()
    make_readers(everyone_else, 1)
    said = [
        {"fact": fact, "is": verb}
        | ({"value": value} if value else {})
        | ({"key": "tier"} if fact == "attribute" else {})
        for fact, verb, value in rules
    ]
    segment = Segment.objects.create(publication=publication, name="Some", rules=said)
    names = {a.partition("@")[0] for a in addresses(audience.readers(publication, rules=said))}
    assert names == set(found.split())
    edition = planning.schedule(revisions.take(make_brief(publication)), segment=segment)
    Segment.objects.all().delete()
    planning.start(edition)
    assert {a.partition("@")[0] for a in got_it(edition)} == set(found.split())


def test_rules_on_topics_and_on_earlier_editions():
    publication = make_publication()
    ports = topic(publication, "ports")
    make_subscription(publication, "ports@x.org").topics.set([ports])
    edition = make_edition(make_brief(publication))
    planning.start_due()
    make_subscription(publication, "later@x.org")
    make_subscription(publication, "failed@x.org")
    Delivery.objects.update(status="sent")

    def meet(fact, verb, pk):
        rule = {"fact": fact, "is": verb, "value": str(pk)}
        return {a.partition("@")[0] for a in addresses(audience.readers(publication, rules=[rule]))}

    assert meet("topic", "chosen", ports.pk) == {"ports"}
    assert meet("topic", "not-chosen", ports.pk) == {"later", "failed"}
    assert meet("edition", "got", edition.pk) == {"ports"}
    assert meet("edition", "not-got", edition.pk) == {"later", "failed"}


@pytest.mark.parametrize(
    "rule",
    [
        {},
        "everyone",
        None,
        ["language", "de"],
        {"fact": "shoe size", "is": "equal", "value": "43"},
        {"fact": ["language"], "is": "equal", "value": "de"},
        {"fact": "language", "is": "equal"},
        {"fact": "language", "is": "equal", "value": " "},
        {"fact": "language", "is": "like", "value": "de"},
        {"fact": "language", "value": "de"},
        {"fact": "joined", "is": "before", "value": "last year"},
        {"fact": "topic", "is": "chosen", "value": "ports"},
        {"fact": "attribute", "is": "equal", "value": "x"},
        {"fact": "attribute", "is": "regex", "key": "tier", "value": "x"},
        {"fact": "attribute", "is": "equal", "key": "a__b", "value": "x"},
        {"fact": "attribute", "is": "equal", "key": "a'); DROP TABLE", "value": "x"},
        {"fact": "attribute", "is": "equal", "key": "tier", "value": {"a": 1}},
        {"fact": "domain", "is": "equal", "value": 7},
    ],
)
def test_a_rule_that_cannot_be_read_is_an_error_and_never_everyone(rule):
    publication = make_publication()
    make_readers(publication, 1)
    with pytest.raises(segments.UnknownRule):
        audience.readers(publication, rules=[rule])
    segment = Segment.objects.create(publication=publication, name="Odd", rules=[rule])
    with pytest.raises(segments.UnknownRule):
        planning.schedule(revisions.take(make_brief(publication)), segment=segment)
    assert not Edition.objects.exists()


def test_a_segment_without_rules_is_an_error_too():
    publication = make_publication()
    segment = Segment.objects.create(publication=publication, name="Empty")
    with pytest.raises(segments.UnknownRule, match="everyone"):
        planning.schedule(revisions.take(make_brief(publication)), segment=segment)


def test_few_of_many_are_frozen_in_chunks_that_end_after_so_many_ids(monkeypatch):
    monkeypatch.setattr(freezing, "REACH", 5)
    monkeypatch.setattr(freezing, "CHUNK", 3)
    publication = make_publication()
    make_readers(publication, 40)
    some = list(Subscriber.objects.order_by("pk").values_list("pk", flat=True))[3:39:6]
    Subscriber.objects.filter(pk__in=some).update(language="de")
    segment = Segment.objects.create(
        publication=publication,
        name="German",
        rules=[{"fact": "language", "is": "equal", "value": "de"}],
    )
    edition = planning.schedule(revisions.take(make_brief(publication)), segment=segment)
    Edition.objects.update(send_at=timezone.now() - dt.timedelta(minutes=1))
    planning.start_due()
    edition.refresh_from_db()
    assert edition.audience == len(some) == 6
    assert set(edition.deliveries.values_list("subscriber", flat=True)) == set(some)


@pytest.mark.parametrize("name", ["gt", "gte", "regex", "in", "isnull", "range", "contains"])
def test_an_attribute_that_is_named_like_a_lookup_is_compared_and_lets_nobody_else_in(name):
    publication = make_publication()
    make_subscription(publication, "has@x.org", attributes={name: "y"})
    make_subscription(publication, "other@x.org", attributes={name: "z", "more": "y"})
    make_subscription(publication, "none@x.org")
    rule = {"fact": "attribute", "key": name, "is": "equal", "value": "y"}
    assert addresses(audience.readers(publication, rules=[rule])) == {"has@x.org"}


@pytest.mark.sqlite_only
@pytest.mark.parametrize("verb", ["equal", "contains"])
def test_an_attribute_that_is_named_like_a_place_in_a_list_is_refused_and_matches_not_nobody(verb):
    with pytest.raises(segments.UnknownRule, match="is a number"):
        segments.condition([{"fact": "attribute", "key": "2024", "is": verb, "value": "y"}])


def test_a_segment_whose_topic_was_deleted_is_not_everyone():
    publication = make_publication()
    ports = topic(publication, "ports")
    make_subscription(publication, "ports@x.org").topics.set([ports])
    rules = [{"fact": "topic", "is": "not-chosen", "value": str(ports.pk)}]
    segment = Segment.objects.create(publication=publication, name="Not ports", rules=rules)
    scheduled = make_edition(make_brief(publication), segment=segment)
    ports.delete()
    with pytest.raises(segments.UnknownRule, match="Correct the segment"):
        make_edition(make_brief(publication, headline="Another"), segment=segment)
    planning.start_due()
    scheduled.refresh_from_db()
    assert scheduled.status == "missed"
    assert "Correct the segment" in scheduled.word
    assert got_it(scheduled) == set()


def test_a_segment_asks_about_no_edition_of_another_publication():
    publication, other = make_publication(), make_publication()
    make_readers(publication, 1)
    theirs = make_edition(make_brief(other))
    rules = [{"fact": "edition", "is": "not-got", "value": str(theirs.pk)}]
    segment = Segment.objects.create(publication=publication, name="New here", rules=rules)
    with pytest.raises(segments.UnknownRule, match="edition"):
        make_edition(make_brief(publication), segment=segment)
