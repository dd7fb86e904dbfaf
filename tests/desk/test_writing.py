"""Writing a brief at the desk."""

import pytest
from django.test import Client
from django.urls import reverse

from briefs import revisions, workflow
from briefs.models import Author, Brief, Publication, Topic
from tests.desk.conftest import FormOf
from tests.make import make_brief, make_publication

pytestmark = pytest.mark.django_db
ADD = "/admin/briefs/brief/add/"
PREVIEW = "/admin/briefs/brief/preview/"


def change(brief: Brief) -> str:
    return reverse("admin:briefs_brief_change", args=[brief.pk])


def points_of(brief: Brief) -> list[str]:
    return [point.text for point in brief.key_points.all()]


def test_a_writer_stores_a_draft_with_its_key_points_in_order(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    answer = wanda.post(ADD, form_of(publication, ["Second", "First"], **{
        "key_points-0-position": 2, "key_points-1-position": 1, "_continue": "1",
    }))  # fmt: skip
    brief = Brief.objects.get()
    assert answer.status_code == 302
    assert (brief.headline, brief.status) == ("Two cranes arrive", "draft")
    assert points_of(brief) == ["First", "Second"]
    assert brief.created_by is not None
    assert brief.created_by.email == "wanda@harbour.example"


def test_rows_left_empty_are_no_key_points(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    wanda.post(ADD, form_of(publication, ["", "Only one", "  ", ""]))
    assert points_of(Brief.objects.get()) == ["Only one"]


def test_emptying_a_row_removes_the_key_point(
    wanda: Client, brief: Brief, publication: Publication, form_of: FormOf
) -> None:
    first, second = brief.key_points.all()
    posted = form_of(publication, ["", second.text, "A new one"])
    posted |= {
        "key_points-INITIAL_FORMS": 2,
        "key_points-0-id": first.pk,
        "key_points-1-id": second.pk,
    }
    answer = wanda.post(change(brief), posted)
    assert answer.status_code == 302
    assert points_of(brief) == [second.text, "A new one"]
    assert [point.position for point in brief.key_points.all()] == [1, 2]


def test_a_new_brief_starts_from_the_publication_and_its_writer(
    wanda: Client, publication: Publication
) -> None:
    from briefs.models import User

    author = Author.objects.create(
        name="Wanda", slug="wanda", user=User.objects.get(email="wanda@harbour.example")
    )
    form = wanda.get(ADD).context["adminform"].form
    assert form["series"].value() == publication.series
    assert form["publication"].value() == publication.pk
    assert form["authors"].value() == [author.pk]


def test_a_topic_of_another_publication_is_refused(
    root: Client, publication: Publication, form_of: FormOf
) -> None:
    strange = Topic.objects.create(publication=make_publication(), name="Strange", slug="strange")
    answer = root.post(ADD, form_of(publication, topics=[strange.pk]))
    assert "no topic of" in answer.content.decode()
    assert not Brief.objects.exists()


def test_the_preview_shows_what_is_in_the_form_and_stores_nothing(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    posted = form_of(publication, ["One", "Gone", "Two"], **{"key_points-1-DELETE": "on"})
    answer = wanda.post(PREVIEW, posted, headers={"accept": "application/json"})
    found = answer.json()
    assert found["subject"] == "Harbour Brief: Two cranes arrive"
    assert "<strong>arrived</strong>" in found["html"].replace(' style=""', "")
    assert "One" in found["text"]
    assert "Gone" not in found["html"]
    assert found["errors"] == []
    assert not Brief.objects.exists()


def test_the_preview_says_what_stands_in_the_way(wanda: Client, form_of: FormOf) -> None:
    publication = Publication.objects.get()
    Publication.objects.update(postal_address="")
    posted = form_of(publication, body="TK", headline="")
    found = wanda.post(PREVIEW, posted, headers={"accept": "application/json"}).json()
    assert any("postal address" in error["message"] for error in found["errors"])
    assert any("headline" in error["message"] for error in found["errors"])
    assert any("TK" in warning["message"] for warning in found["warnings"])


def test_the_preview_of_nonsense_is_still_a_page(wanda: Client, publication: Publication) -> None:
    posted = {
        "publication": "x", "date": "yesterday", "authors": ["a", "99999"], "topics": "-1",
        "key_points-TOTAL_FORMS": "99999999", "key_points-0-position": "-3",
        "key_points-0-text": "kept", "body": "<script>alert(1)</script>[x](javascript:1)",
    }  # fmt: skip
    answer = wanda.post(PREVIEW, posted, headers={"accept": "application/json"})
    assert answer.status_code == 200
    assert "kept" in answer.json()["html"]
    assert "<script" not in answer.json()["html"]
    assert "javascript:" not in answer.json()["html"]


def test_the_plain_preview_may_run_no_script(
    wanda: Client, publication: Publication, form_of: FormOf
) -> None:
    answer = wanda.post(PREVIEW, form_of(publication))
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "script-src" not in policy


def test_a_stranger_previews_nothing_of_ours(
    stan: Client, publication: Publication, form_of: FormOf
) -> None:
    assert stan.post(PREVIEW, form_of(publication)).status_code == 403


def test_a_pasted_brief_finds_its_fields(wanda: Client) -> None:
    text = (
        "April 6, 2016\n\nHarbour Brief: Cranes for the north quay\n\n"
        "• Two cranes arrived\n• A third is delayed\n\n"
        "The cranes came by barge on Monday morning and were unloaded before noon.\n\n"
        "For more information contact:\n"
    )
    found = wanda.post("/admin/briefs/brief/read/", {"text": text}).json()
    assert found["date"] == "2016-04-06"
    assert (found["series"], found["headline"]) == ("Harbour Brief", "Cranes for the north quay")
    assert found["key_points"] == ["Two cranes arrived", "A third is delayed"]
    assert "barge" in found["body"]
    assert not Brief.objects.exists()


def test_an_unreadable_paste_says_why(wanda: Client) -> None:
    answer = wanda.post("/admin/briefs/brief/read/", {"text": ""})
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_a_published_brief_says_that_what_was_sent_stays(
    olga: Client, wanda: Client, brief: Brief
) -> None:
    from django.utils import timezone

    workflow.publish(brief, revisions.take(brief), timezone.now())
    assert "stays as it was" in olga.get(change(brief)).content.decode()
    # What is published is no writer's draft any more.
    assert "stays as it was" not in wanda.get(change(brief)).content.decode()
    assert wanda.post(change(brief), {}).status_code == 403


def test_what_was_frozen_cannot_be_deleted(root: Client, brief: Brief) -> None:
    revisions.take(brief)
    answer = root.post(reverse("admin:briefs_brief_delete", args=[brief.pk]), {"post": "yes"})
    assert answer.status_code == 403
    root.post(
        "/admin/briefs/brief/",
        {"action": "delete_selected", "_selected_action": [brief.pk], "post": "yes"},
    )
    assert Brief.objects.filter(pk=brief.pk).exists()


def test_a_hostile_headline_is_text_everywhere_on_the_desk(
    root: Client, publication: Publication
) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    brief = make_brief(publication, headline=evil, body="</textarea><script>alert(1)</script>")
    publication.series = "</script><script>alert(1)</script>"
    publication.save()
    pages = [
        "/admin/", "/admin/briefs/brief/", ADD, change(brief),
        reverse("admin:deliveries_send", args=[brief.pk]),
    ]  # fmt: skip
    for page in pages:
        text = root.get(page).content.decode()
        assert "<script>alert" not in text, page
        assert "<img src=x" not in text, page


def test_the_send_button_is_for_who_may_publish(paul: Client, wanda: Client, brief: Brief) -> None:
    assert 'name="_send"' in paul.get(change(brief)).content.decode()
    assert 'name="_send"' not in wanda.get(change(brief)).content.decode()


def test_send_stores_the_form_first(
    paul: Client, publication: Publication, form_of: FormOf
) -> None:
    answer = paul.post(ADD, form_of(publication, _send="1"))
    brief = Brief.objects.get()
    assert answer.headers["Location"] == reverse("admin:deliveries_send", args=[brief.pk])
