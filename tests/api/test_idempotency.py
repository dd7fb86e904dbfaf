"""A POST with an Idempotency-Key is done once, whatever dies between the two ends."""

import datetime as dt
from typing import Any

import pytest
from django.db.models import F
from django.db.models.functions import Now

from api import idempotency, stored_answers
from api.models import StoredAnswer
from briefs.models import Brief, Publication
from subscribers import consent
from subscribers.models import ConsentRecord
from tests.api.conftest import Program
from tests.make import make_brief

pytestmark = pytest.mark.django_db
NEW = {"headline": "Cranes"}


def test_the_same_request_is_done_once_and_answered_the_same(olga: Program) -> None:
    first = olga.post("/briefs", NEW, Idempotency_Key="a-1")
    again = olga.post("/briefs", NEW, Idempotency_Key="a-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert (first["ETag"], first["Location"]) == (again["ETag"], again["Location"])
    assert idempotency.REPLAYED not in first
    assert again[idempotency.REPLAYED] == "true"
    assert Brief.objects.count() == 1


def test_another_key_or_another_program_is_another_request(
    olga: Program, publication: Publication
) -> None:
    other = Program(publication, "editor")
    for program, name in [(olga, "a"), (olga, "b"), (other, "a")]:
        assert program.post("/briefs", NEW, Idempotency_Key=name).status_code == 201
    assert Brief.objects.count() == 3


def test_a_key_that_was_sent_with_another_request_is_refused(olga: Program) -> None:
    olga.post("/briefs", NEW, Idempotency_Key="a")
    answer = olga.post("/briefs", {"headline": "Ships"}, Idempotency_Key="a")
    assert (answer.status_code, answer.json()["type"][-10:]) == (422, "key-reused")
    assert (
        olga.post("/suppressions", {"address": "@x.example"}, Idempotency_Key="a").status_code
        == 422
    )
    assert Brief.objects.count() == 1


@pytest.mark.parametrize("name", ["", "two words", "x" * 256, "ä"])
def test_what_is_no_key_is_refused(olga: Program, name: str) -> None:
    assert olga.post("/briefs", NEW, Idempotency_Key=name).status_code == 400


def test_a_request_that_was_refused_may_be_mended_under_the_same_key(olga: Program) -> None:
    assert olga.post("/briefs", {"headline": "\n"}, Idempotency_Key="a").status_code == 422
    assert not StoredAnswer.objects.exists()
    assert olga.post("/briefs", NEW, Idempotency_Key="a").status_code == 201


def test_what_is_under_way_is_not_done_beside(olga: Program) -> None:
    olga.post("/briefs", NEW, Idempotency_Key="a")
    StoredAnswer.objects.update(status=None)
    answer = olga.post("/briefs", NEW, Idempotency_Key="a")
    assert (answer.status_code, answer["Retry-After"]) == (409, "2")
    assert Brief.objects.count() == 1


def test_a_crash_undoes_the_work_and_a_retry_does_it_once(
    olga: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """As SIGKILL is: nothing of ours sees it."""

    given = {"address": "ada@example.com", "basis": "by phone"}
    with monkeypatch.context() as patch:
        # After the work and before its answer is stored; what tidies up dies as well.
        def die(*_arguments: object) -> None:
            raise Killed

        patch.setattr(idempotency, "_as_response", die)
        patch.setattr(idempotency, "_forget", lambda _claim: None)
        with pytest.raises(Killed):
            olga.post("/subscribers", given, Idempotency_Key="a")
    assert not ConsentRecord.objects.exists()
    assert StoredAnswer.objects.get().status is None
    assert olga.post("/subscribers", given, Idempotency_Key="a").status_code == 409
    StoredAnswer.objects.update(started_at=Now() - idempotency.LEASE - dt.timedelta(seconds=1))
    assert olga.post("/subscribers", given, Idempotency_Key="a").status_code == 201
    again = olga.post("/subscribers", given, Idempotency_Key="a")
    assert (again.status_code, again[idempotency.REPLAYED]) == (201, "true")
    assert ConsentRecord.objects.count() == 1


def test_who_ends_after_another_took_over_has_done_nothing(
    olga: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    add = consent.add_by_hand

    def slowly(*arguments: object, **named: object) -> object:
        StoredAnswer.objects.update(claim="00000000-0000-0000-0000-000000000000")
        return add(*arguments, **named)  # type: ignore[arg-type]  # whatever it is given

    monkeypatch.setattr(consent, "add_by_hand", slowly)
    given = {"address": "ada@example.com", "basis": "by phone"}
    assert olga.post("/subscribers", given, Idempotency_Key="a").status_code == 409
    assert not ConsentRecord.objects.exists()


def test_answers_are_forgotten_after_a_day(olga: Program) -> None:
    olga.post("/briefs", NEW, Idempotency_Key="a")
    StoredAnswer.objects.update(started_at=F("started_at") - stored_answers.KEPT)
    olga.post("/briefs", NEW, Idempotency_Key="b")
    assert StoredAnswer.objects.count() == 1
    assert olga.post("/briefs", NEW, Idempotency_Key="b")[idempotency.REPLAYED] == "true"


def test_an_answer_cannot_be_read_without_the_key_that_asked_for_it(
    olga: Program, settings: Any
) -> None:
    olga.post("/briefs", NEW, Idempotency_Key="a-long-word")
    [row] = StoredAnswer.objects.values()
    assert "Cranes" not in str(row)
    assert "a-long-word" not in str(row)
    settings.TOKEN_KEYS = ["another"]
    answer = olga.post("/briefs", NEW, Idempotency_Key="a-long-word")
    assert answer.status_code == 422
    assert "TOKEN_KEYS" in answer.json()["detail"]
    assert Brief.objects.count() == 1


def test_every_post_is_one_transaction(olga: Program, publication: Publication) -> None:
    brief = make_brief(publication, body="")
    answer = olga.post("/editions", {"brief": brief.pk, "version": 9})
    assert answer.status_code == 412
    assert not brief.revisions.exists()
