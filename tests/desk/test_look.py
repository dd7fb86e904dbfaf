"""The look of a publication, chosen at the desk."""

from typing import Any

import pytest
from django.test import Client

from briefs.admin.look import PALETTE
from briefs.admin.publication_form import PublicationForm
from briefs.models import Publication, Topic
from briefs.rendering import shades
from briefs.rendering.colour import contrast, parse
from tests.make import make_brief, make_publication

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


def address(publication: Publication) -> str:
    return f"/admin/briefs/publication/{publication.pk}/look/"


def form_of(publication: Publication, **given: Any) -> Any:
    kept = ("name", "frame", "colour", "header", "footer", "default_topics")
    fields = {name: given.get(name, getattr(publication, name)) for name in kept[:-1]}
    fields["default_topics"] = given.get("default_topics", [])
    bound = type("Bound", (PublicationForm,), {"Meta": type("M", (), {
        "model": Publication, "fields": kept})})  # fmt: skip
    return bound(fields, instance=publication)


def test_every_colour_of_the_palette_reads_by_day_as_it_is_and_by_night_as_its_twin() -> None:
    for colour, _name in PALETTE:
        light, dark = shades(colour)
        assert light == colour
        for ground in ("#ffffff", "#f5f5f2"):
            assert contrast(parse(light, ""), parse(ground, "")) >= 4.5
        for ground in ("#181b1f", "#21252a"):
            assert contrast(parse(dark, ""), parse(ground, "")) >= 4.5


def test_the_sample_is_the_latest_brief_in_the_look_of_the_form(
    olga: Client, publication: Publication
) -> None:
    make_brief(publication, headline="Two cranes")
    posted = {"name": "Quay", "colour": "#f8e71c", "frame": "letter", "header": "At <six>"}
    answer = olga.post(address(publication), posted).json()
    assert "Two cranes" in answer["html"]
    assert "At &lt;six&gt;" in answer["html"]
    assert 'class="bar"' not in answer["html"]
    assert "too pale" in answer["note"]
    publication.refresh_from_db()
    assert (publication.name, publication.frame) == ("Harbour Watch", "sheet")


def test_only_who_looks_after_a_publication_sees_the_sample(
    wanda: Client, stan: Client, client: Client, publication: Publication
) -> None:
    for visitor, status in ((wanda, 403), (stan, 403), (client, 302)):
        assert visitor.post(address(publication), {"name": "x"}).status_code == status
    assert stan.post("/admin/briefs/publication/0/look/", {"name": "x"}).status_code == 403


def test_a_foot_takes_no_merge_fields_and_nothing_that_cannot_be_mailed(
    publication: Publication,
) -> None:
    assert form_of(publication, footer="So **long**, [us](https://u.example/).").is_valid()
    assert "within briefs only" in str(form_of(publication, footer="Dear [[name]]").errors)
    assert "too deep" in str(form_of(publication, footer=">" * 900 + " x").errors)
    assert "Shorten" in str(form_of(publication, footer="x" * 6000).errors)


def test_the_topics_of_a_new_brief_are_the_publications_own(publication: Publication) -> None:
    own = Topic.objects.create(publication=publication, name="Water", slug="water")
    strange = Topic.objects.create(publication=make_publication(), name="Oil", slug="oil")
    assert form_of(publication, default_topics=[own.pk]).is_valid()
    assert not form_of(publication, default_topics=[strange.pk]).is_valid()
