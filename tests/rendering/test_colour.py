"""A publication may choose any colour; its readers can read it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefs.rendering.colour import contrast, hexadecimal, parse, readable
from briefs.rendering.stylesheet import make_stylesheet
from tests.rendering.sample import everything

COLOURS = st.tuples(*[st.integers(0, 255)] * 3)
LIGHT = ((255, 255, 255), (245, 245, 242))
DARK = ((24, 27, 31), (33, 37, 42))


def test_contrast_is_counted_as_wcag_counts_it():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    assert contrast((119, 119, 119), (255, 255, 255)) == pytest.approx(4.48, abs=0.01)


@given(COLOURS)
def test_every_colour_becomes_readable_on_light_and_dark(colour):
    for grounds in (LIGHT, DARK):
        made = readable(colour, grounds)
        assert all(contrast(made, ground) >= 4.5 for ground in grounds)


def test_a_colour_that_reads_well_stays_as_it_is():
    assert readable((26, 74, 110), LIGHT) == (26, 74, 110)


@pytest.mark.parametrize(("written", "read"), [("#abc", "#aabbcc"), ("#A1B2C3", "#a1b2c3")])
def test_both_forms_of_a_colour_are_read(written, read):
    assert hexadecimal(parse(written, "#000000")) == read


@pytest.mark.parametrize("written", ["", "red", "#12", "#12345g", "red;}</style><script>"])
def test_what_is_no_colour_falls_back(written):
    assert hexadecimal(parse(written, "#1a4a6e")) == "#1a4a6e"
    css = make_stylesheet(written, "ltr")
    assert "<" not in css.kept_for(everything(css))


def test_a_right_to_left_brief_is_set_from_the_right():
    css = make_stylesheet("#8a1c2b", "rtl")
    assert "padding-right: 20px" in css.inlined
    assert "padding-start" not in css.inlined
    assert "text-align: start" not in css.inlined
