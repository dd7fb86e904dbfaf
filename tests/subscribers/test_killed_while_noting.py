"""A worker that is killed while it notes sign-ups: none is lost, none is noted twice."""

import os
import signal
import time

import pytest
from django.db import connections

from subscribers import intake, wordings
from subscribers.models import ConsentRecord, Notice, SignUp, Subscription
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db(transaction=True)

KNOWN, NEW = 15, 200


def note_until_killed(seconds):
    """Note in a process of its own that is killed after *seconds*."""
    connections.close_all()  # nothing of a database may be shared with a fork
    child = os.fork()
    if not child:
        try:
            intake.note_waiting()
        finally:
            os._exit(0)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)


def test_every_sign_up_becomes_one_subscription_whenever_the_worker_is_killed():
    publication, other = make_publication(), make_publication()
    for number in range(KNOWN):
        make_subscription(other, f"reader{number}@example.com")
    wish = {"publication": publication.pk, "wording": wordings.text_of(publication)}
    for number in range(KNOWN + NEW):
        intake.accept(intake.make([wish], f"reader{number}@example.com", source="form"))
    kills = 0
    while SignUp.objects.exists() and kills < 40:
        note_until_killed(0.02 * 1.2**kills)  # longer each time, however slow the machine is
        kills += 1
    assert kills > 1
    assert not SignUp.objects.exists()
    asked = Subscription.objects.filter(publication=publication)
    assert asked.count() == KNOWN + NEW
    assert ConsentRecord.objects.filter(kind="requested").count() == KNOWN + NEW
    assert Notice.objects.filter(kind="confirmation").count() == KNOWN + NEW
    assert Notice.objects.values("subscription").distinct().count() == KNOWN + NEW
