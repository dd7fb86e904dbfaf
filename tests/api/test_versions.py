"""What a program has read is what goes out, whoever saves meanwhile."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client

from api import keys
from briefs import revisions
from briefs.models import Brief
from tests.make import make_brief, make_member, make_publication, make_subscription

pytestmark = [pytest.mark.postgres_only, pytest.mark.django_db(transaction=True)]


def test_nobody_saves_between_the_version_that_is_asked_for_and_the_text_that_is_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    publication = make_publication(slug="daily")
    owner = make_member(publication, "owner")
    _key, plain = keys.make(publication, owner, name="cron", scopes=["editions:write"])
    make_subscription(publication)
    brief, take, refused = make_brief(publication, headline="As read"), revisions.take, []

    def save() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = '100ms'")
        try:
            Brief.objects.filter(pk=brief.pk).update(headline="Not read")
        except OperationalError:
            refused.append(True)
        connection.close()

    def late(*args: Any, **named: Any) -> Any:
        editor = threading.Thread(target=save)
        editor.start()
        editor.join()
        return take(*args, **named)

    monkeypatch.setattr(revisions, "take", late)
    answer = Client().post(
        "/api/v1/editions",
        {"brief": brief.pk, "version": brief.text_version},
        content_type="application/json",
        headers={"Authorization": f"Bearer {plain}"},
    )
    assert (answer.status_code, refused) == (201, [True]), answer.content
