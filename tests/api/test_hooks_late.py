"""Webhooks that were disabled for a while, and messages that cannot be written."""

import datetime as dt
from dataclasses import replace

import pytest
from django.utils import timezone

from api.hooks import backing_off, collecting, delivering, endpoints, horizons, payloads
from api.models import HookEndpoint, HookMessage
from briefs import audit
from briefs.models.append_only import opened
from subscribers import consent
from subscribers.models import ConsentRecord
from tests.api.hooking import listening, make_endpoint, types_of
from tests.make import make_brief, make_publication

pytestmark = pytest.mark.django_db


def ask(publication, *names):
    """Have people of these *names* ask to subscribe."""
    for name in names:
        consent.request(publication, f"{name}@example.com", source="form")


def readers_of(endpoint):
    """Return how many readers *endpoint* is told of, and of how many messages."""
    rows = HookMessage.objects.filter(endpoint=endpoint)
    return rows.values("subscriber_id").distinct().count(), rows.count()


def test_what_was_missed_is_told_once_to_who_asks_for_it(monkeypatch):
    publication, other = make_publication(), make_publication()
    endpoint, neighbour = make_endpoint(publication), make_endpoint(publication)
    ask(publication, "before")
    collecting.collect()
    endpoints.disable(endpoint, "For a while.")
    ask(publication, "ada", "bob", "cy")
    ask(other, "dora")
    collecting.collect()
    assert readers_of(endpoint) == (1, 1)
    monkeypatch.setattr("api.hooks.sources.AT_A_TIME", 2)
    assert endpoints.enable(endpoint, with_missed=True)
    assert not endpoints.enable(endpoint, with_missed=True)
    ask(publication, "after")
    for _again in range(2):
        collecting.collect()
        assert readers_of(endpoint) == (5, 5)
        assert readers_of(neighbour) == (5, 5)
    endpoint.refresh_from_db()
    assert (endpoint.missed, endpoint.disabled_at) == (None, None)


def test_what_is_missed_is_told_no_further_back_than_messages_are_kept(settings):
    settings.HOOK_DAYS = 30
    publication = make_publication()
    endpoint = make_endpoint(publication)  # the only one: nobody reads while it is disabled
    endpoints.disable(endpoint, "For a while.")
    ask(publication, "ada")
    opened(ConsentRecord).update(at=timezone.now() - dt.timedelta(days=31))
    ask(publication, "bob")
    endpoints.enable(endpoint, with_missed=True)
    collecting.collect()
    assert readers_of(endpoint) == (1, 1)


def test_who_wants_news_alone_is_told_nothing_that_was_missed():
    endpoint = make_endpoint()
    endpoints.disable(endpoint, "For a while.")
    ask(endpoint.publication, "ada")
    endpoints.enable(endpoint)
    collecting.collect()
    assert types_of(endpoint) == []


def test_who_is_disabled_while_catching_up_misses_the_rest():
    publication = make_publication()
    endpoint = make_endpoint(publication)
    endpoints.disable(endpoint, "One.")
    ask(publication, "ada", "bob")
    endpoints.enable(endpoint, with_missed=True)
    endpoints.disable(endpoint, "Two.")  # before anybody has caught up
    ask(publication, "cy")
    endpoints.enable(endpoint, with_missed=True)
    collecting.collect()
    assert readers_of(endpoint) == (3, 3)


@pytest.mark.postgres_only
def test_what_a_slow_writer_may_still_add_is_waited_for(monkeypatch):
    publication = make_publication()
    endpoint = make_endpoint(publication)
    endpoints.disable(endpoint, "For a while.")
    ask(publication, "ada")
    endpoints.enable(endpoint, with_missed=True)
    monkeypatch.setattr(horizons, "_writers", lambda _model: {"3/17"})
    collecting.collect()
    assert types_of(endpoint) == []
    monkeypatch.setattr(horizons, "_writers", lambda _model: set())
    collecting.collect()
    assert types_of(endpoint) == ["subscriber.subscribed"]


def test_a_message_that_cannot_be_written_ends_and_stops_nobody(monkeypatch):
    def stumble(_message):
        raise KeyError("topics")

    with listening() as listener:
        broken = make_endpoint(url=listener.url)
        fine = make_endpoint(url=listener.url)
        ask(broken.publication, "ada")
        collecting.collect()
        endpoints.ping(fine)
        monkeypatch.setitem(payloads._WRITERS, "consent", stumble)
        message = HookMessage.objects.get(endpoint=broken)
        for turn in range(1, len(backing_off.PAUSES) + 2):
            assert message.status == "pending"
            HookMessage.objects.filter(pk=message.pk).update(due_at=timezone.now())
            delivering.deliver(0.05)
            message.refresh_from_db()
            assert message.tries == turn
    assert message.status == "failed"
    assert "KeyError" in message.attempts.latest("pk").error
    assert HookMessage.objects.get(endpoint=fine).status == "delivered"
    # It is not the other end's fault.
    assert not HookEndpoint.objects.filter(failing_since__isnull=False).exists()


def test_one_source_that_cannot_be_read_keeps_no_other_waiting(monkeypatch):
    def stumble(_rows):
        raise TypeError("what a row holds")

    sources = [
        replace(one, read=stumble) if one.name == "consent" else one for one in collecting.SOURCES
    ]
    monkeypatch.setattr(collecting, "SOURCES", sources)
    endpoint = make_endpoint()
    ask(endpoint.publication, "ada")
    audit.record("published", brief=make_brief(endpoint.publication))
    collecting.collect()
    assert types_of(endpoint) == ["brief.published"]
