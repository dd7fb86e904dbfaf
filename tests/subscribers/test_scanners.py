"""Link scanners open every link with GET and HEAD: nothing in the database may change."""

import pytest
from django.core import serializers

from subscribers import consent, tokens
from subscribers.models import (
    ConsentRecord,
    ConsentWording,
    Notice,
    Subscriber,
    Subscription,
    Suppression,
)
from tests.make import make_subscription

pytestmark = pytest.mark.django_db


def everything():
    """Return all rows of this app, as text."""
    return [
        serializers.serialize("json", model._base_manager.order_by("pk"))
        for model in (
            ConsentRecord,
            ConsentWording,
            Notice,
            Subscriber,
            Subscription,
            Suppression,
        )
    ]


def test_get_and_head_on_every_mailed_link_change_nothing(client, publication):
    asked = consent.request(publication, "ada@example.com", source="form")
    active = make_subscription(publication, "eve@example.com")
    slug = publication.slug
    before = everything()
    for _round in range(3):
        for url in (
            f"/s/confirm/{tokens.confirm.make(asked.pk)}",
            f"/s/confirm/{tokens.confirm.make(active.pk)}",
            f"/u/{tokens.unsubscribe.make(active.pk, 0)}",
            f"/u/{tokens.unsubscribe.make(active.pk, 12)}?List-Unsubscribe=One-Click",
            f"/s/{slug}/",
            f"/s/{slug}/thanks/",
            f"/s/{slug}/privacy/",
            f"/s/{slug}/imprint/",
            f"/{slug}/",
            "/",
        ):
            assert client.get(url).status_code == 200
            assert client.head(url).status_code == 200
    assert everything() == before
