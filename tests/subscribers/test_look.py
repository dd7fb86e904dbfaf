"""The publication's colour: always readable, never more than a colour."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefs.rendering import colour
from subscribers.look import DARK, LIGHT, stylesheet
from tests.make import make_publication

hex_colour = st.from_regex(r"#[0-9a-fA-F]{6}", fullmatch=True)


def accents(css):
    light, dark = re.findall(r"--accent:(#[0-9a-f]{6})", css)
    return colour.parse(light, ""), colour.parse(dark, "")


@given(hex_colour)
def test_text_in_any_colour_can_be_read_in_light_and_dark(chosen):
    light, dark = accents(stylesheet(chosen))
    assert all(colour.contrast(light, paper) >= 4.5 for paper in LIGHT)
    assert all(colour.contrast(dark, paper) >= 4.5 for paper in DARK)


@given(hex_colour)
def test_the_words_on_a_button_can_be_read(chosen):
    light, dark = accents(stylesheet(chosen))
    assert colour.contrast(light, colour.parse("#ffffff", "")) >= 4.5
    assert colour.contrast(dark, DARK[0]) >= 4.5


@given(st.text(max_size=60))
def test_what_is_no_colour_never_reaches_the_stylesheet(text):
    css = stylesheet(text)
    assert re.fullmatch(r"[-#0-9a-f:{}@();\n a-z]*", css)
    if not re.fullmatch(r"\s*#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})\s*", text):
        assert css == stylesheet("#1f4e79")


@pytest.mark.django_db
def test_the_stylesheet_is_served_as_one_and_may_be_kept(client):
    publication = make_publication(colour="#7a1f2b")
    answer = client.get(f"/s/{publication.slug}/look.css")
    assert answer["Content-Type"].startswith("text/css")
    assert "max-age=3600" in answer["Cache-Control"]
    assert "#7a1f2b" in answer.content.decode()
