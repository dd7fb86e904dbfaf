"""Publications share an installation; none reaches into another."""

import pytest
from django.test import Client
from django.urls import reverse

from briefs.models import Author, Brief, Membership, Publication, User
from deliveries import planning
from deliveries.models import Delivery
from subscribers.models import Subscriber, Subscription
from tests.make import (
    make_brief,
    make_edition,
    make_member,
    make_publication,
    make_subscription,
    make_user,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def elsewhere() -> Publication:
    """Return a publication that nobody at the desk belongs to."""
    return make_publication(name="Secret Weekly")


def test_a_writer_reads_no_address_in_the_words_of_a_server(
    wanda: Client, paul: Client, brief: Brief
) -> None:
    make_subscription(brief.publication, "ada@example.com")
    edition = make_edition(brief)
    planning.start_due()
    Delivery.objects.update(status="failed", reason="refused", reply="550 <ada@example.com>?")
    for page in ("deliveries_edition_change", "deliveries_progress"):
        url = reverse(f"admin:{page}", args=[edition.pk])
        written = wanda.get(url).content.decode()
        assert "refused" in written
        assert "ada@example.com" not in written
        assert "ada@example.com" in paul.get(url).content.decode()
