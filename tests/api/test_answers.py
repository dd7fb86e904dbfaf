"""What every answer of the API is: JSON, or a problem; never a page, never a 500."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client, RequestFactory

from api import limits
from api.v1 import operations
from briefs.models import Publication
from intelbrief.wsgi import application
from subscribers import limits as counting
from tests.api.conftest import Program
from tests.make import make_brief, make_readers

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"nonsense", 400),
        (b'{"headline": "a\\u0000b"}', 422),
        (b'{"headline": "\\ud800"}', 422),
        (b'{"\\ud800": 1}', 422),
        (b'{"headline": "\xff"}', 400),
        (b'{"headline": NaN}', 400),
        (b'{"headline": "x", "headline": "y"}', 400),
        (b'{"headline": ' + b"9" * 5000 + b"}", 422),
        (b'{"groups": [9223372036854775808], "headline": "x"}', 422),
        (b'{"headline": 1e999}', 422),
        (b"[" * 40_000, 400),
        (b'{"a":' * 30 + b"1" + b"}" * 30, 400),
        (b'{"headline": "x", "status": "published"}', 422),
        (b'{"headline": "x", "due_at": "9999-12-31T23:59:59-14:00"}', 422),
        (b'{"headline": "x", "due_at": 1}', 422),
        (b'"' + b"x" * 1_000_000 + b'"', 413),
    ],
    ids=[str(number) for number in range(17)],
)
def test_a_body_that_cannot_be_is_a_problem(olga: Program, body: bytes, status: int) -> None:
    answer = Client().post(
        "/api/v1/briefs",
        body,
        content_type="application/json",
        headers={"Authorization": f"Bearer {olga.plain}"},
    )
    assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM), answer.content
    assert answer.json()["status"] == status


def test_what_is_no_json_is_refused_by_its_name(olga: Program) -> None:
    key = {"Authorization": f"Bearer {olga.plain}"}
    for kind, status in [
        ("text/plain", 415),
        ("multipart/form-data; boundary=x", 415),
    ]:
        answer = Client().generic("POST", "/api/v1/briefs?x=ä", b"--x--", kind, headers=key)
        assert (answer.status_code, answer["Content-Type"]) == (status, PROBLEM)


def test_what_django_can_make_no_request_of_is_a_problem() -> None:
    # The handler that granian calls: the test client makes its requests without it.
    environ: dict[str, Any] = {**RequestFactory().get("/api/v1/briefs?x=1").environ}
    environ["CONTENT_TYPE"] = "application/json; charset=rot13"
    said: list[Any] = []
    answer: Any = application._through_django
    body = b"".join(answer(environ, lambda *given: said.extend(given)))
    assert said == ["400 Bad Request", [("Content-Type", PROBLEM)]]
    assert json.loads(body)["status"] == 400


@pytest.mark.parametrize(
    "path", ["/", "/nix", "/briefs/", "/briefs/x", "/briefs/" + "9" * 5000, "/%00", "/€"]
)
def test_what_is_not_there_is_a_problem(olga: Program, path: str) -> None:
    answer = olga.get(path)
    assert answer.status_code in (400, 404)
    assert answer["Content-Type"] == PROBLEM


def test_what_breaks_is_written_down_and_told_without_a_word_of_it(
    olga: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("the password is swordfish")

    monkeypatch.setattr("api.routes.briefs.of_key", broken)
    answer = olga.get("/briefs")
    assert (answer.status_code, answer["Content-Type"]) == (500, PROBLEM)
    assert b"swordfish" not in answer.content


def test_a_method_that_is_not_there_names_those_that_are(olga: Program) -> None:
    answer = olga.ask("PUT", "/briefs")
    assert (answer.status_code, answer["Content-Type"]) == (405, PROBLEM)
    assert set(answer["Allow"].split(", ")) == {"GET", "POST"}
    head = olga.ask("HEAD", "/briefs")
    assert (head.status_code, head.content) == (200, b"")


def test_a_parameter_that_is_not_known_is_refused_and_not_overlooked(olga: Program) -> None:
    answer = olga.get("/subscribers?email=ada@example.com")
    assert answer.status_code == 422
    (told,) = answer.json()["errors"]
    assert told["where"] == "query.email"
    assert told["message"] == "There are: address, cursor, limit, status."
    assert olga.post("/briefs?dry_run=1", {"headline": "x"}).status_code == 422
    assert olga.get("/briefs?limit=1&status=draft").status_code == 200


def test_who_has_a_brief_already_is_told_so_in_a_line(olga: Program) -> None:
    path = f"/briefs/{make_brief(olga.key.publication).pk}"
    tag = olga.get(path)["ETag"]
    for known in (tag, f'"x", W/{tag}', "*"):
        answer = olga.get(path, If_None_Match=known)
        assert (answer.status_code, answer.content, answer["ETag"]) == (304, b"", tag)
    assert olga.get(path, If_None_Match='"x"').status_code == 200


def test_a_step_that_may_have_words_needs_no_body(olga: Program) -> None:
    reader = make_readers(olga.key.publication, 1)
    assert len(reader) == 1
    (row,) = olga.get("/subscribers").json()["items"]
    left = olga.ask("POST", f"/subscribers/{row['id']}/unsubscribe")
    assert (left.status_code, left.json()["status"]) == (200, "unsubscribed")


def test_another_host_is_a_problem_too(olga: Program) -> None:
    assert olga.get("/briefs", Host="evil.example").status_code == 400


def test_a_key_asks_so_often_and_is_told_how_long_to_wait(olga: Program, settings) -> None:
    settings.API_REQUESTS_PER_MINUTE = 2
    first, _second, third = (olga.get("/topics") for _ in range(3))
    assert first["RateLimit-Policy"] == '"key";q=2;w=60'
    assert first["RateLimit"].startswith('"key";r=1;t=')
    assert (third.status_code, third["Content-Type"]) == (429, PROBLEM)
    assert 1 <= int(third["Retry-After"]) <= 60


def test_without_redis_nobody_counts_and_everybody_is_served(
    olga: Program, monkeypatch: pytest.MonkeyPatch, settings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    monkeypatch.setattr(counting, "ask", lambda _question: None)
    assert [olga.get("/topics").status_code for _ in range(3)] == [200] * 3
    assert limits.count("somebody") is None
    cache.clear()


def test_pages_of_a_list_miss_nobody_while_others_join(
    olga: Program, publication: Publication
) -> None:
    there = set(make_readers(publication, 7))
    path, seen = "/subscribers?limit=3", []
    while path:
        answer = olga.get(path)
        assert len(answer.json()["items"]) <= 3
        seen += [row["address"] for row in answer.json()["items"]]
        make_readers(publication, 2)
        path = answer["Link"][len("</api/v1") : -len('>; rel="next"')] if "Link" in answer else ""
        assert bool(path) == bool(answer.json()["next"])
    assert len(seen) == len(set(seen))
    assert there <= set(seen)


def test_a_cursor_is_good_for_the_list_that_gave_it(
    olga: Program, stan: Program, publication: Publication
) -> None:
    make_readers(publication, 3)
    cursor = olga.get("/subscribers?limit=1").json()["next"]
    assert olga.get(f"/subscribers?limit=2&cursor={cursor}").status_code == 200
    for program, path in [
        (olga, f"/suppressions?cursor={cursor}"),
        (olga, f"/subscribers?status=active&cursor={cursor}"),
        (stan, f"/subscribers?cursor={cursor}"),
        (olga, f"/subscribers?cursor={cursor}x"),
        (olga, "/subscribers?limit=201"),
    ]:
        assert program.get(path).status_code == 422, path


def test_the_description_names_each_operation_and_the_page_shows_them(olga: Program) -> None:
    schema = json.loads(olga.get("/openapi.json").content)
    page = olga.get("/docs").content.decode()
    described = [one for methods in schema["paths"].values() for one in methods.values()]
    assert len(described) == len(operations())
    for operation in described:
        assert operation["x-scope"]
        assert f'id="{operation["operationId"]}"' in page
    assert "<script" not in page
    assert "http://" not in page.replace("http://127.0.0.1", "")


def test_no_page_of_the_api_asks_once_for_each_row(
    olga: Program, publication: Publication, django_assert_max_num_queries
) -> None:
    for _number in range(3):
        make_brief(publication)
    make_readers(publication, 20)
    olga.get("/topics")  # notes the use of the key
    with django_assert_max_num_queries(7):
        olga.get("/briefs")
    with django_assert_max_num_queries(7):
        olga.get("/subscribers")
