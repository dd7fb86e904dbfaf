"""Many at once: one reader, one subscription, one record, one mail."""

import threading
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from django.db import connection

from subscribers import consent, notices
from subscribers.models import ConsentRecord, Notice, Subscriber, Subscription
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 8


def at_once(act: Callable[[int], Any]) -> list[Any]:
    """Return what *act* returned in eight threads that started together."""
    results: list[Any] = []
    gate = threading.Barrier(AT_ONCE)

    def run(number: int) -> None:
        try:
            gate.wait(10)
            results.append(act(number))
        except Exception as error:  # noqa: BLE001  (shown by the assertion below)
            results.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    errors = [result for result in results if isinstance(result, Exception)]
    assert not errors
    assert len(results) == AT_ONCE
    return results


def test_eight_requests_at_once_are_one_request():
    publication = make_publication()
    at_once(lambda n: consent.request(publication, f"{'aA'[n % 2]}da@example.com", source="form"))
    assert Subscriber.objects.count() == 1
    assert Subscription.objects.count() == 1
    assert ConsentRecord.objects.count() == 1
    assert Notice.objects.count() == 1


def test_requests_for_several_publications_at_once_keep_an_hour_between_the_mails():
    publications = [make_publication() for _ in range(AT_ONCE)]
    at_once(lambda n: consent.request(publications[n], "ada@example.com", source="form"))
    due = sorted(Notice.objects.values_list("due_at", flat=True))
    assert len(due) == AT_ONCE
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(due)]
    assert min(gaps) >= 3599


def test_eight_presses_of_the_button_are_one_confirmation():
    publication = make_publication()
    subscription = consent.request(publication, "ada@example.com", source="form")
    assert subscription is not None
    won = at_once(
        lambda n: consent.confirm(Subscription.objects.get(pk=subscription.pk), source="form")
    )
    assert sorted(won) == [False] * (AT_ONCE - 1) + [True]
    assert ConsentRecord.objects.filter(kind="confirmed").count() == 1
    assert Notice.objects.filter(kind="welcome").count() == 1


def test_eight_one_clicks_are_one_unsubscription():
    subscription = make_subscription(make_publication())
    won = at_once(
        lambda n: consent.unsubscribe(
            Subscription.objects.get(pk=subscription.pk), source="one-click"
        )
    )
    assert won.count(True) == 1
    assert ConsentRecord.objects.count() == 1


def test_eight_sweeps_at_once_send_each_notice_once(mailoutbox):
    publication = make_publication()
    for number in range(5):
        consent.request(publication, f"reader{number}@example.com", source="form")
    sent = at_once(lambda n: notices.sweep())
    assert sum(sent) == 5
    assert len(mailoutbox) == 5
    assert len({mail.to[0] for mail in mailoutbox}) == 5
