"""Lists of a million rows, narrowed to a few publications."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from briefs.admin import desk
from briefs.models import Membership, Publication, User
from deliveries import planning
from deliveries.models import Delivery
from tests.make import make_brief, make_edition, make_publication, make_readers

pytestmark = pytest.mark.django_db


def test_pages_of_two_publications_are_put_together_in_order(
    paul: Client, publication: Publication, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, strange = make_publication(), make_publication()
    Membership.objects.create(
        user=User.objects.get(email="paul@harbour.example"), publication=other, role="owner"
    )
    mine: list[int] = []
    for home in (publication, other, strange, publication, other):
        make_readers(home, 25)
    for home in (publication, other):
        mine += home.subscriptions.values_list("pk", flat=True)
    mine.sort(reverse=True)
    url = reverse("admin:subscribers_subscription_changelist")
    with CaptureQueriesContext(connection) as asked:
        first = paul.get(url).context["cl"]
    # Each publication by itself, where an index has the order: nothing sorts both.
    both = [
        query["sql"] for query in asked if " IN (" in query["sql"] and "LIMIT 50" in query["sql"]
    ]
    assert all('"publication_id" = ' in sql for sql in both)
    second = paul.get(f"{url}?p=2").context["cl"]
    assert [row.pk for row in first.result_list] == mine[:50]
    assert [row.pk for row in second.result_list] == mine[50:]
    assert first.result_count == 100
    active = paul.get(f"{url}?status__exact=active&p=2").context["cl"]
    assert [row.pk for row in active.result_list] == mine[50:]
    monkeypatch.setattr(desk, "MOST_TOGETHER", 1)  # many publications: the database sorts
    assert [row.pk for row in paul.get(url).context["cl"].result_list] == mine[:50]


def test_the_ledger_opens_at_the_latest_edition_of_ones_own(
    paul: Client, stan: Client, publication: Publication
) -> None:
    make_readers(publication, 2)
    edition = make_edition(make_brief(publication))
    planning.start(edition)
    Delivery.objects.filter(pk=edition.deliveries.all()[0].pk).update(status="failed", reason="no")
    url = reverse("admin:deliveries_delivery_changelist")
    page = paul.get(url, follow=True)
    assert page.redirect_chain == [(f"{url}?edition__id__exact={edition.pk}", 302)]
    assert len(page.context["cl"].result_list) == 2
    failed = paul.get(f"{url}?status__exact=failed", follow=True).context["cl"]
    assert [row.status for row in failed.result_list] == ["failed"]
    bounced = paul.get(f"{url}?status__exact=bounced", follow=True).context["cl"]
    assert list(bounced.result_list) == []
    assert list(stan.get(url, follow=True).context["cl"].result_list) == []
    other = stan.get(f"{url}?edition__id__exact={edition.pk}").context["cl"]
    assert list(other.result_list) == []
