"""Texts that cannot be rendered: the desk says what is wrong with them, and never fails."""

import pytest
from django.test import Client
from django.urls import reverse

from briefs.models import Brief, Publication
from briefs.rendering import LONGEST, LONGEST_LINE
from tests.desk.conftest import FormOf
from tests.make import make_brief
from tests.smtp import RecordingServer

pytestmark = pytest.mark.django_db
ADD = "/admin/briefs/brief/add/"
PREVIEW = "/admin/briefs/brief/preview/"
READ = "/admin/briefs/brief/read/"
NESTED_LISTS = "\n".join("    " * level + "- a" for level in range(100))
TOO_MUCH = [
    (NESTED_LISTS, "nested too deep"),
    ("1. " * 300 + "a", "nested too deep"),
    ("<b>" * 3000, "nested too deep"),
    ("[^1] " * 4_000, "too involved"),
    ("a" * (LONGEST + 1), "100,001 characters"),
]


@pytest.mark.sqlite_only  # of the text alone
@pytest.mark.parametrize(("body", "words"), TOO_MUCH)
def test_the_preview_says_why_there_is_none(
    wanda: Client, publication: Publication, form_of: FormOf, body: str, words: str
) -> None:
    for field in ("body", "contact_block"):
        posted = form_of(publication, **{field: body})
        answer = wanda.post(PREVIEW, posted, headers={"accept": "application/json"})
        assert answer.status_code == 200
        assert words in answer.json()["errors"][0]["message"]
        for part in ("html", "text"):
            assert "There is no preview." in answer.json()[part]
        plain = wanda.post(PREVIEW, posted)
        assert words in plain.content.decode()
        assert plain["Content-Security-Policy"].startswith("sandbox")


@pytest.mark.sqlite_only  # of the text alone
@pytest.mark.parametrize(("body", "words"), TOO_MUCH)
def test_the_send_screen_names_it_and_sends_nothing(
    paul: Client, publication: Publication, smtp_server: RecordingServer, body: str, words: str
) -> None:
    brief = make_brief(publication, body=body)
    screen = reverse("admin:deliveries_send", args=[brief.pk])
    assert words in paul.get(screen).content.decode()
    refused = paul.post(screen, {"when": "now", "after": 0}, follow=True)
    assert "Nothing was sent" in refused.content.decode()
    assert not brief.editions.exists()
    tested = paul.post(screen, {"test": "1", "address": "ada@example.com"}, follow=True)
    assert tested.status_code == 200
    assert f"{words}" in tested.content.decode()
    assert not smtp_server.messages


def test_the_form_refuses_what_is_too_long_and_keeps_what_was_typed(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    posted = form_of(publication, ["p" * (LONGEST_LINE + 1)], body="b" * (LONGEST + 1))
    html = wanda.post(ADD, posted).content.decode()
    assert "This has 100001 characters; 100000 are the most." in html
    assert "This has 2001 characters; 2000 are the most." in html
    assert "b" * (LONGEST + 1) in html
    assert not Brief.objects.exists()
    # A browser would cut a pasted text there without a word.
    assert f'maxlength="{LONGEST}"' not in html
    assert f'maxlength="{LONGEST_LINE}"' not in html
    longest = form_of(publication, ["p" * LONGEST_LINE], body="b" * LONGEST)
    assert wanda.post(ADD, longest).status_code == 302


@pytest.mark.sqlite_only  # of the text alone
def test_a_pasted_text_of_more_than_200_kb_is_refused(
    wanda: Client, publication: Publication
) -> None:
    answer = wanda.post(READ, {"text": "word " * 40_001})
    assert answer.status_code == 400
    assert "at most 200 kB" in answer.json()["error"]
    assert wanda.post(READ, {"text": "1" * 80_000}).status_code == 200
