"""The preview beside the form: what is typed, as mail and as page, stored nowhere."""

from typing import Any

import pytest
from django.test import Client

from briefs.models import Brief, Publication
from tests.desk.conftest import FormOf

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
PREVIEW = "/admin/briefs/brief/preview/"
JSON = {"Accept": "application/json"}
PICTURE = "/p/images/2026/04/0f3a9c-1280x720.jpg"
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def ask(client: Client, publication: Publication, form_of: FormOf, **given: Any) -> Any:
    return client.post(PREVIEW, form_of(publication, **given), headers=JSON)


def test_the_page_of_the_site_comes_only_where_it_is_looked_at(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    assert ask(wanda, publication, form_of).json()["page"] == ""
    answer = ask(wanda, publication, form_of, view="web", headline="Two cranes").json()
    assert "<h1>Two cranes</h1>" in answer["page"]
    assert "<strong>arrived</strong>" in answer["page"]
    assert "<li>First point</li>" in answer["page"]
    assert not Brief.objects.exists()


def test_the_page_shows_defaults_in_the_place_of_merge_fields(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    words = "Dear [[name|reader]]"
    answer = ask(wanda, publication, form_of, view="web", headline=words, body=words).json()
    assert "<h1>Dear reader</h1>" in answer["page"]
    assert "[[" not in answer["page"]


def test_nothing_of_a_hostile_author_is_markup_in_mail_or_page(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    answer = ask(
        wanda, publication, form_of, points=[EVIL], view="web", headline=EVIL, series=EVIL,
        preheader=EVIL, body=f"{EVIL}\n\n[x](javascript:alert(3))", contact_block=EVIL,
    ).json()  # fmt: skip
    for shown in (answer["html"], answer["page"]):
        assert "<script>alert" not in shown
        assert "<img src=x" not in shown
        assert "javascript:" not in shown.replace("[x](javascript:alert(3))", "")


def test_our_own_pictures_are_loaded_from_where_the_desk_is_visited(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    answer = ask(wanda, publication, form_of, view="web", body=f"![A crane]({PICTURE})").json()
    assert f'src="{PICTURE}" width="560"' in answer["html"]
    assert f'src="{PICTURE}" width="1280"' in answer["page"]


def test_the_frame_of_the_publication_shows(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    Publication.objects.update(frame="letter", header="Monday to Friday", footer="*So long.*")
    answer = ask(wanda, publication, form_of).json()
    assert "Monday to Friday" in answer["html"]
    assert "So long." in answer["text"]


def test_strangers_get_no_page(stan: Client, publication: Publication, form_of: FormOf) -> None:
    assert ask(stan, publication, form_of, view="web").status_code == 403


def test_a_text_that_cannot_be_mailed_is_answered_in_words(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    answer = ask(wanda, publication, form_of, view="web", body=">" * 900 + " x")
    assert answer.status_code == 200
    assert "too deep" in answer.json()["text"]
