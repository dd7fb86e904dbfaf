"""The wizard: upload, mapping, dry run, basis, run, report, undo, without a script."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from deliveries import import_undo
from subscribers.importing import running
from subscribers.models import ConsentRecord, ImportRun, Subscription
from tests.make import make_member, make_publication
from tests.subscribers.exports import POSTS, READERS

pytestmark = pytest.mark.django_db
UPLOAD = "/admin/subscribers/importrun/add/"


@pytest.fixture(autouse=True)
def _own_folder(settings, tmp_path):
    settings.SHARED_DIR = tmp_path


@pytest.fixture
def publication():
    return make_publication()


@pytest.fixture
def editor(publication):
    return make_member(publication, "publisher")


@pytest.fixture
def desk(client, editor):
    client.force_login(editor)
    return client


def upload(desk, publication, text, name="readers.csv"):
    file = SimpleUploadedFile(name, text.encode())
    return desk.post(UPLOAD, {"publication": publication.pk, "file": file}, follow=True)


def do(desk, verb, data=None):
    run = ImportRun.objects.get()
    url = reverse("admin:subscribers_import_do", args=[run.pk, verb])
    return desk.post(url, data or {}, follow=True)


def columns():
    run = ImportRun.objects.get()
    headers = run.shape["headers"]
    return {f"column-{n}": run.mapping[header] for n, header in enumerate(headers)}


def test_the_way_of_an_import(desk, publication, editor):
    text = READERS["keila.csv"][1] + "bad@,B,D,,active,\r\n"
    page = upload(desk, publication, text)
    assert "recognised as an export of Keila" in page.content.decode()
    page = do(desk, "check", columns())
    assert 'http-equiv="refresh"' in page.content.decode()
    running.work(60)
    run = ImportRun.objects.get()
    page = desk.get(reverse("admin:subscribers_importrun_change", args=[run.pk]))
    words = page.content.decode()
    assert 'data-outcome="created">1<' in words
    assert "The address is none that mail can be sent to." in words
    assert "refresh" not in words
    assert "This field is required" in do(desk, "run", {"basis": " "}).content.decode()
    do(desk, "run", {"basis": "double opt-in\nat Keila"})
    running.work(60)
    run.refresh_from_db()
    assert (run.status, run.basis, run.by) == ("finished", "double opt-in at Keila", editor)
    assert {record.by for record in ConsentRecord.objects.all()} == {editor}
    refused = desk.get(reverse("admin:subscribers_refused", args=[run.pk]))
    assert b"bad@" in b"".join(refused.streaming_content)
    page = desk.get(reverse("admin:subscribers_importrun_change", args=[run.pk]))
    assert "Take the import back" in page.content.decode()
    desk.post(reverse("admin:deliveries_undo_import", args=[run.pk]))
    import_undo.work(60)
    assert not Subscription.objects.filter(status="active").exists()
    assert desk.get("/admin/subscribers/importrun/").status_code == 200


def test_nothing_is_run_that_was_not_checked(desk, publication):
    upload(desk, publication, READERS["keila.csv"][1])
    do(desk, "run", {"basis": "moved"})
    assert ImportRun.objects.get().status == "new"


def test_a_mapping_can_be_changed_but_has_one_address(desk, publication):
    upload(desk, publication, "work,home\nana@work.example,ana@home.example\n")
    page = do(desk, "check", {"column-0": "attribute", "column-1": ""})
    assert "Exactly one column must be the address." in page.content.decode()
    do(desk, "check", {"column-0": "attribute", "column-1": "address"})
    assert ImportRun.objects.get().mapping == {"work": "attribute", "home": "address"}
    assert ImportRun.objects.get().status == "checking"


def test_a_list_of_posts_is_refused_with_words(desk, publication):
    page = upload(desk, publication, POSTS["substack"])
    assert "list of posts" in page.content.decode()
    assert not ImportRun.objects.exists()


def test_an_upload_can_be_deleted_until_it_runs(desk, publication):
    upload(desk, publication, READERS["keila.csv"][1])
    do(desk, "discard")
    assert not ImportRun.objects.exists()


def test_what_a_file_holds_is_shown_as_text(desk, publication):
    page = upload(desk, publication, "email,<script>alert(1)</script>\nana@h.example,x\n")
    assert "<script>alert(1)" not in page.content.decode()


def test_only_who_may_publish_imports(client, publication):
    for user, answer in (
        (make_member(publication, "editor"), 403),
        (make_member(publication, "writer"), 403),
        (make_member(publication, "owner"), 200),
    ):
        client.force_login(user)
        assert client.get(UPLOAD).status_code == answer


def test_a_stranger_neither_sees_nor_moves_an_import(desk, client, publication):
    upload(desk, publication, READERS["keila.csv"][1])
    run = ImportRun.objects.get()
    client.force_login(make_member(make_publication(), "owner"))
    urls = [
        reverse("admin:subscribers_importrun_change", args=[run.pk]),
        reverse("admin:subscribers_refused", args=[run.pk]),
    ]
    assert {client.get(url).status_code for url in urls} <= {403, 404}
    for verb in ("check", "run", "discard"):
        url = reverse("admin:subscribers_import_do", args=[run.pk, verb])
        assert client.post(url, {"basis": "x"}).status_code in (403, 404)
    assert client.post(reverse("admin:deliveries_undo_import", args=[run.pk])).status_code == 403
    other = make_publication()
    file = SimpleUploadedFile("a.csv", b"email\nana@h.example\n")
    client.post(UPLOAD, {"publication": publication.pk, "file": file})
    client.post(UPLOAD, {"publication": other.pk, "file": file})
    assert ImportRun.objects.count() == 1


def test_steps_are_posts_with_a_token(desk, publication, editor):
    upload(desk, publication, READERS["keila.csv"][1])
    run = ImportRun.objects.get()
    url = reverse("admin:subscribers_import_do", args=[run.pk, "check"])
    assert desk.get(url).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(editor)
    assert strict.post(url).status_code == 403
    assert strict.post(UPLOAD).status_code == 403
