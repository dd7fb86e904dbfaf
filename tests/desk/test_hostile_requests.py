"""Requests that nobody's browser sends: refused or answered, never a 500."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from briefs.models import Brief, Publication
from tests.desk.conftest import FormOf
from tests.make import make_edition, make_user

pytestmark = pytest.mark.django_db
PREVIEW = "/admin/briefs/brief/preview/"
LONG = "9" * 5000


@pytest.mark.parametrize("query", ["q=a%00b", "{filter}=%00", "id__exact=%00", "%00=1", "o=%00"])
def test_a_nul_in_the_address_of_a_list_is_refused(root: Client, brief: Brief, query: str) -> None:
    make_edition(brief)
    for model, page in admin.site._registry.items():
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for found in page.get_list_filter(None) or ["id"]:  # type: ignore[arg-type]  # asked without a request
            name = found if isinstance(found, str) else "id"
            asked = query.replace("{filter}", f"{name}__exact")
            assert root.get(f"{url}?{asked}").status_code == 400, (url, asked)


def test_a_nul_in_a_posted_selection_is_refused(root: Client, brief: Brief) -> None:
    chosen = {"action": "delete_selected", "_selected_action": ["\0"], "post": "yes"}
    assert root.post("/admin/briefs/brief/", chosen).status_code == 400
    assert root.post("/admin/briefs/brief/", {"acti\0on": "x"}).status_code == 400
    assert root.post(PREVIEW, {"body": "a\0b"}).status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/admin/autocomplete/?app_label=briefs&model_name=brief&field_name=authors&term=%00",
        "/admin/search/?s=%00",
        "/admin/briefs/brief/%00/change/",
        "/static/%00.css",
        "/p/%00.png",
        "/%00/",
    ],
)
def test_a_nul_anywhere_in_an_address_is_refused(root: Client, path: str) -> None:
    assert root.get(path).status_code == 400


def test_a_nul_in_a_session_key_is_refused(client: Client) -> None:
    answer = client.get("/admin/", headers={"cookie": r'sessionid="abcdefghij\000klmn"'})
    assert answer.status_code == 400


def test_the_preview_may_load_the_images_that_readers_will_see(root: Client, brief: Brief) -> None:
    page = root.get(reverse("admin:briefs_brief_change", args=[brief.pk]))
    images = page.headers["Content-Security-Policy"].split("img-src")[1].split(";")[0]
    assert "https:" in images.split()


@pytest.mark.parametrize("digits", ["9" * 19, LONG, "٣" * 30])
def test_a_number_that_no_column_holds_is_not_found(
    root: Client, brief: Brief, digits: str
) -> None:
    edition = make_edition(brief)
    for page in (
        f"/admin/deliveries/edition/{digits}/change/",
        f"/admin/deliveries/edition/{digits}/progress/",
        f"/admin/deliveries/edition/send/{digits}/",
        f"/admin/deliveries/edition/{digits}/withdraw/do/",
        f"/admin/subscribers/subscription/{digits}/unsubscribe/",
        f"/admin/briefs/brief/{digits}/change/",
        f"/admin/briefs/brief/{digits}/delete/",
    ):
        assert root.get(page).status_code in (302, 404, 405), page
        assert root.post(page).status_code in (302, 404), page
    edition.refresh_from_db()
    assert edition.status == "scheduled"


@pytest.mark.parametrize(
    "name",
    ["publication", "authors", "topics", "key_points-TOTAL_FORMS", "key_points-0-position"],
)
def test_the_preview_of_a_long_number_is_still_a_page(
    wanda: Client, publication: Publication, form_of: FormOf, name: str
) -> None:
    for digits in ("9" * 30, LONG):
        answer = wanda.post(PREVIEW, form_of(publication) | {name: digits})
        assert answer.status_code == 200, digits[:40]


def test_only_who_writes_may_have_a_paste_read(client: Client, wanda: Client) -> None:
    client.force_login(make_user("nobody@harbour.example"))
    assert client.post("/admin/briefs/brief/read/", {"text": "Words"}).status_code == 403
    assert wanda.post("/admin/briefs/brief/read/", {"text": "Words"}).status_code == 200
