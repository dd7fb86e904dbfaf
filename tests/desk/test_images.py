"""Pictures in a brief: judged by what they are, made small, and nobody's secret."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image as Pillow

from briefs import images
from briefs.models import Image, Publication, Snippet
from tests.make import make_publication

pytestmark = pytest.mark.django_db
IMAGES = "/admin/briefs/brief/images/"
SNIPPETS = "/admin/briefs/brief/snippets/"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def picture(size: tuple[int, int] = (8, 6), kind: str = "PNG", **options: Any) -> bytes:
    stored = io.BytesIO()
    Pillow.new("RGB", size, "teal").save(stored, kind, **options)
    return stored.getvalue()


def upload(
    client: Client, publication: Publication, content: bytes, alt: str = "A crane", name: str = "a"
) -> Any:
    file = SimpleUploadedFile(name, content, content_type="image/png")
    posted = {"publication": publication.pk, "alt": alt, "file": file}
    return client.post(IMAGES, posted)


def opened(image: Image) -> Any:
    return Pillow.open(image.file.path)


def test_a_picture_becomes_a_line_of_markdown_and_is_given_to_readers(
    wanda: Client, publication: Publication, client: Client
) -> None:
    answer = upload(wanda, publication, picture((1600, 900)), "A [new] *crane*").json()
    image = Image.objects.get()
    assert (image.width, image.height, image.alt) == (1280, 720, "A [new] *crane*")
    assert answer["markdown"] == rf"![A \[new\] \*crane\*]({image.file.url})"
    shown = client.get(image.file.url)
    assert (shown.status_code, shown["Content-Type"]) == (200, "image/png")
    assert shown["X-Content-Type-Options"] == "nosniff"


def test_the_same_picture_twice_is_one_file(
    wanda: Client, publication: Publication, folder: Path
) -> None:
    first, second = (upload(wanda, publication, picture(), alt).json() for alt in ("One", "Two"))
    assert (first["url"], second["markdown"]) == (second["url"], f"![Two]({first['url']})")
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


def test_two_clicks_at_once_leave_one_file(
    publication: Publication, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fit = images.fit

    def store() -> Image:
        return images.store(io.BytesIO(picture()), publication=publication, alt="One", by=None)

    def overtaken(content: bytes) -> Any:
        monkeypatch.setattr(images, "fit", fit)
        store()  # while the first is still at work
        return fit(content)

    monkeypatch.setattr(images, "fit", overtaken)
    assert store() == Image.objects.get()
    assert len([path for path in folder.rglob("*") if path.is_file()]) == 1


def test_a_photograph_is_turned_upright_and_tells_nothing_of_its_camera(
    wanda: Client, publication: Publication
) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6  # to be turned by a quarter
    exif[0x010F] = "Secret Camera"
    exif.get_ifd(0x8825)[1] = "N"
    content = picture((80, 40), "JPEG", exif=exif, comment=b"by Stan")
    assert b"Secret Camera" in content
    upload(wanda, publication, content)
    image = Image.objects.get()
    assert (image.width, image.height) == (40, 80)
    stored = Path(image.file.path).read_bytes()
    assert not any(words in stored for words in (b"Exif", b"Secret", b"Stan"))


@pytest.mark.parametrize(
    "name",
    ["../../evil.php", "<img src=x onerror=alert(1)>.png", "CON", "a" * 300, "x.svg", "\u202egnp"],
    ids=["path", "markup", "device", "long", "svg", "turned"],
)
def test_no_name_of_the_users_reaches_the_disk(
    wanda: Client, publication: Publication, folder: Path, name: str
) -> None:
    assert upload(wanda, publication, picture(), name=name).status_code == 200
    (file,) = (path for path in folder.rglob("*") if path.is_file())
    assert file.name.endswith("-8x6.png")
    assert file.is_relative_to(folder / "images")


def test_what_is_no_picture_is_refused_in_words(wanda: Client, publication: Publication) -> None:
    two = [Pillow.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    moving = io.BytesIO()
    two[0].save(moving, "GIF", save_all=True, append_images=two[1:])
    bomb = io.BytesIO()
    Pillow.new("1", (9000, 9000)).save(bomb, "PNG")
    for content, words in (
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "no picture"),
        (b"", "empty|no picture"),
        (picture(kind="BMP"), "no picture"),
        (picture((400, 300), "JPEG")[:900], "broken"),
        (bomb.getvalue(), "million pixels"),
        (moving.getvalue(), "moves"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * images.MOST_OCTETS, "MB"),
    ):
        answer = upload(wanda, publication, content)
        assert answer.status_code == 400
        assert any(word in answer.json()["error"] for word in words.split("|"))
    assert not Image.objects.exists()


def test_of_a_photograph_with_a_preview_behind_it_the_photograph_is_kept() -> None:
    """Many cameras write such files (CIPA DC-007); they do not move."""
    whole, small = (Pillow.new("RGB", size, "navy") for size in ((640, 480), (160, 120)))
    file = io.BytesIO()
    whole.save(file, "MPO", save_all=True, append_images=[small])
    _content, ending, size = images.fit(file.getvalue())
    assert (ending, size) == ("jpg", (640, 480))


def test_a_picture_without_a_description_is_refused(
    wanda: Client, publication: Publication
) -> None:
    answer = upload(wanda, publication, picture(), " \n")
    assert answer.status_code == 400
    assert "description" in answer.json()["error"]


def test_only_who_writes_for_a_publication_adds_pictures_and_sees_its_snippets(
    stan: Client, client: Client, publication: Publication
) -> None:
    asked = {"publication": publication.pk}
    assert upload(stan, publication, picture()).status_code == 403
    assert stan.get(SNIPPETS, asked).status_code == 403
    for answer in (upload(client, publication, picture()), client.get(SNIPPETS, asked)):
        assert (answer.status_code, "/admin/login/" in answer["Location"]) == (302, True)
    assert not Image.objects.exists()


def test_a_sponsor_is_named_in_the_publications_language(
    root: Client, publication: Publication
) -> None:
    german = make_publication(language="de")
    for home in (publication, german):
        Snippet.objects.create(publication=home, name="Ropes", kind="sponsor", text="Buy ropes.")
        Snippet.objects.create(publication=home, name="Desk", kind="contact", text="Call us.")
    said = [
        [row["markdown"] for row in root.get(SNIPPETS, {"publication": p.pk}).json()["snippets"]]
        for p in (publication, german)
    ]
    assert said == [
        ["Call us.", "**Sponsored:** Buy ropes."],
        ["Call us.", "**Anzeige:** Buy ropes."],
    ]


def test_editors_keep_snippets_and_writers_look(
    wanda: Client, publication: Publication, stan: Client
) -> None:
    row = Snippet.objects.create(publication=publication, name="Desk", text="Call us.")
    change = f"/admin/briefs/snippet/{row.pk}/change/"
    assert wanda.get(change).status_code == 200
    assert wanda.post(change, {"text": "x"}).status_code == 403
    assert stan.get(change).status_code == 302  # as if it were not there
    assert b"Call us." not in stan.get("/admin/briefs/snippet/").content
