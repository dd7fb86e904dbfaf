"""What one reader opened: shown where the policy says so, to who may see readers."""

import pytest
from django.test import Client
from django.urls import reverse

from briefs.models import Publication
from tests.analytics.conftest import answered, ended
from tests.make import make_member, make_publication, make_readers

pytestmark = pytest.mark.django_db


def page_of(edition, position: int, role: str = "publisher"):
    client = Client()
    client.force_login(make_member(edition.publication, role))
    reader = edition.deliveries.order_by("pk")[position].subscriber
    return client.get(reverse("admin:deliveries_one_reader"), {"reader": reader.pk})


@pytest.mark.parametrize(
    ("position", "words"),
    [(0, "https://port.example/cranes"), (1, "Opened "), (2, "Looked at by machines only"),
     (3, "Not opened, as far as can be seen")],
    ids=["clicked", "opened", "machine", "nothing"],
)  # fmt: skip
def test_a_publisher_sees_what_a_reader_did(edition, position, words):
    assert words in page_of(edition, position).content.decode()


@pytest.mark.parametrize("policy", ["off", "totals"])
def test_who_has_given_up_the_policy_sees_nothing_of_it_any_more(edition, policy):
    Publication.objects.filter(pk=edition.publication_id).update(tracking=policy)
    page = page_of(edition, 0).content.decode()
    assert "Opened " not in page
    assert "port.example" not in page


def test_an_edition_mailed_under_another_policy_shows_nothing():
    publication = make_publication(tracking="totals")
    make_readers(publication, 30)
    edition = ended(publication)
    answered(edition)
    Publication.objects.filter(pk=publication.pk).update(tracking="per-reader")
    page = page_of(edition, 0).content.decode()
    assert "Opened " not in page
    assert "port.example" not in page


def test_a_writer_sees_no_reader_at_all(edition):
    assert page_of(edition, 0, role="writer").status_code == 403
