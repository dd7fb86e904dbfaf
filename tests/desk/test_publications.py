"""What the form of a publication refuses, and how it says so."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from PIL import Image

from briefs.models import Brief, Publication, Topic
from briefs.models.publications import validate_header_text
from tests.make import make_member, make_publication, make_subscription

pytestmark = pytest.mark.django_db


def change(publication: Publication) -> str:
    return reverse("admin:briefs_publication_change", args=[publication.pk])


def form_of(client: Client, publication: Publication, **given: Any) -> dict[str, Any]:
    form = client.get(change(publication)).context["adminform"].form
    shown = {name: form[name].value() for name in form.fields if name != "logo"}
    return {name: "" if value is None else value for name, value in shown.items()} | given


@pytest.fixture
def png() -> bytes:
    """Return a small image."""
    image = BytesIO()
    Image.new("RGB", (2, 2)).save(image, "PNG")
    return image.getvalue()


@pytest.mark.sqlite_only  # of the upload alone
def test_a_logo_of_many_megabytes_is_refused(
    olga: Client, publication: Publication, png: bytes, tmp_path: Path, settings: Any
) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    big = SimpleUploadedFile("big.png", png + b"\0" * 1_400_000)
    answer = olga.post(change(publication), form_of(olga, publication, logo=big))
    assert "This file has 1.4 MB. Take a logo of at most 1 MB." in answer.content.decode()
    assert not list(tmp_path.rglob("*.png"))
    small = SimpleUploadedFile("small.png", png)
    assert olga.post(change(publication), form_of(olga, publication, logo=small)).status_code == 302
    publication.refresh_from_db()
    assert publication.logo.name == "logos/small.png"
    # Saved again without a new file, the old one is not asked about.
    assert olga.post(change(publication), form_of(olga, publication)).status_code == 302


@pytest.mark.parametrize("field", ["sender_address", "reply_to"])
def test_a_wrong_address_is_said_once(olga: Client, publication: Publication, field: str) -> None:
    answer = olga.post(change(publication), form_of(olga, publication, **{field: "desk@"}))
    errors = answer.context["adminform"].form.errors
    assert list(errors) == [field]
    assert len(errors[field]) == 1


def test_no_publication_takes_the_address_of_the_confirmations(root: Client) -> None:
    publication = make_publication()
    answer = root.post(change(publication), form_of(root, publication, slug="confirm"))
    assert "is an address of the site itself" in answer.content.decode()


@pytest.mark.parametrize("code", [0x202A, 0x202E, 0x2066, 0x2069, 0x2028, 0x2029, 0x85, 0x0A])
def test_a_name_with_invisible_turns_is_refused(code: int) -> None:
    with pytest.raises(ValidationError):
        validate_header_text(f"Ada{chr(code)}moc.elpmaxe")


@pytest.mark.parametrize("name", ["עדה", "آدا", "Zoë O’Neil", "\u200fעדה", "👩‍🚀"])
def test_a_name_of_any_script_is_taken(name: str) -> None:
    validate_header_text(name)


def test_the_send_screen_says_that_there_is_no_sender_address_yet(
    olga: Client, brief: Brief
) -> None:
    url = reverse("admin:deliveries_send", args=[brief.pk])
    assert "brief@harbour.example&gt;" in olga.get(url).content.decode()
    Publication.objects.update(sender_address="")
    page = olga.get(url).content.decode()
    assert "no sender address yet" in page
    assert "&lt;–&gt;" not in page


def test_deleting_a_topic_says_who_would_get_everything(client):
    publication = make_publication()
    topic, other = (
        Topic.objects.create(publication=publication, name=name, slug=name)
        for name in ("ports", "rail")
    )
    for topics in ([topic], [topic], [topic, other], []):
        make_subscription(publication).topics.set(topics)
    client.force_login(make_member(publication, "editor"))
    page = client.get(reverse("admin:briefs_topic_delete", args=[topic.pk]))
    assert "2 readers have chosen this topic and no other" in page.content.decode()
