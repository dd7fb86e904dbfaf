"""Opens and clicks are noted of those readers alone who agreed to it."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from briefs.models import AuditEntry, Publication
from deliveries.models import Delivery, HitCount, ReaderHit
from deliveries.tracking import door
from deliveries.tracking.hits import PIXEL, Hit
from deliveries.tracking.stream import Intake
from subscribers import consent, wordings
from subscribers.models import Subscription
from tests.deliveries.hitting import count, make_mailed
from tests.desk.test_publications import change, form_of
from tests.make import make_publication, make_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cold():
    door.memory.forget()


def test_of_readers_from_before_the_change_nothing_is_noted():
    edition = make_mailed("per-reader")
    before, after = (
        Delivery.objects.create(
            edition=edition, subscriber=make_subscription(edition.publication).subscriber
        )
        for _ in range(2)
    )
    since = timezone.now() - dt.timedelta(days=1)
    Publication.objects.update(tracks_readers_since=since)
    Subscription.objects.filter(subscriber=before.subscriber_id).update(
        requested_at=since - dt.timedelta(days=1)
    )
    intake = Intake()
    for delivery in (before, after):
        intake.put(Hit(1_620_000_000_000, edition.pk, PIXEL, delivery.pk, f"v{delivery.pk}"))
    count()
    assert HitCount.objects.get().human == 2
    assert ReaderHit.objects.get().delivery_id == after.pk


def test_of_who_has_left_nothing_more_is_noted():
    edition = make_mailed("per-reader")
    subscription = make_subscription(edition.publication)
    delivery = Delivery.objects.create(edition=edition, subscriber=subscription.subscriber)
    for leaves in (True, False):
        Intake().put(Hit(1_620_000_000_000, edition.pk, PIXEL, delivery.pk, "v"))
        count()
        if leaves:
            consent.unsubscribe(subscription, source="one-click")
    assert HitCount.objects.get().human == 2
    assert ReaderHit.objects.get().hits == 1


@pytest.mark.sqlite_only
def test_the_usual_wording_names_what_is_noted_of_each_reader():
    publication = make_publication(tracking="totals", language="de", consent_wording="")
    assert "öffne" not in wordings.text_of(publication)
    plain = wordings.current(publication)
    publication.tracking = "per-reader"
    assert "festhält, welche E-Mails ich öffne" in wordings.text_of(publication)
    assert wordings.current(publication) != plain


@pytest.mark.sqlite_only
def test_the_desk_says_what_it_takes_to_tell_readers_apart(olga: Client, publication: Publication):
    form = form_of(olga, publication, tracking="per-reader", consent_wording="")
    answer = olga.post(change(publication), form, follow=True)
    assert "Readers you have already are counted in totals only" in answer.content.decode()
    publication.refresh_from_db()
    first = publication.tracks_readers_since
    assert first is not None
    assert AuditEntry.objects.filter(verb="rules-changed", words__contains="per-reader").exists()
    # To save something else later moves nothing.
    olga.post(change(publication), form_of(olga, publication, tagline="News"))
    publication.refresh_from_db()
    assert publication.tracks_readers_since == first


@pytest.mark.sqlite_only
def test_a_wording_of_ones_own_has_to_be_rewritten_first(olga: Client, publication: Publication):
    Publication.objects.update(consent_wording="Send me the brief.", tracks_readers_since=None)
    answer = olga.post(change(publication), form_of(olga, publication, tracking="per-reader"))
    assert "Your own sign-up wording has to name it first" in answer.content.decode()
    publication.refresh_from_db()
    assert (publication.tracking, publication.tracks_readers_since) == ("totals", None)
    wording = "Send me the brief, and note what I open and click."
    form = form_of(olga, publication, tracking="per-reader", consent_wording=wording)
    assert olga.post(change(publication), form).status_code == 302
    publication.refresh_from_db()
    assert publication.tracking == "per-reader"


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("tracking", "words", "others"),
    [
        ("off", "kein Bild meldet uns", "IP-Adresse und Ihr Browser betrachtet"),
        ("totals", "unterscheidet nicht zwischen den Lesern", "nach dem Versand"),
        ("per-reader", "90 Tage nach dem Versand", "unterscheidet nicht"),
    ],
)
def test_the_privacy_notice_says_what_is_noted_in_german(client, tracking, words, others):
    publication = make_publication(tracking=tracking, language="de")
    html = client.get(reverse("subscribers:privacy", args=[publication.slug])).content.decode()
    assert words in html
    assert others not in html
