"""The text part: complete, wrapped, and safe for a server of 1982."""

from hypothesis import given
from hypothesis import strategies as st

from briefs.rendering import render_markdown
from briefs.rendering.links import Links
from briefs.rendering.serialiser import to_text
from briefs.rendering.wrapping import display_width, wrap
from tests.rendering.sample import render
from tests.rendering.test_markdown import HOSTILE


def text_of(markdown: str, width: int = 72, link=str) -> list[str]:
    return to_text(render_markdown(markdown), Links(link), width=width)


def test_the_whole_text_part_reads_like_a_letter():
    assert (
        render().text
        == """\
Meridian Review
Wednesday, April 6, 2016

Meridian DailyBrief: A River’s Third Dry Winter
===============================================
By Ada Marlow and Jonas Weir

KEY POINTS

• The authority lowered its forecast to 31 percent, the lowest since
  measurement began

• Closing the channel will cut exports by a fifth

• Wells help now and cost later

• Talks, broken off in March [1], will not resume.

Water in the upper Sardanis reservoir—the largest of four—stood at 31
percent on Tuesday, according to the authority’s report [2].(1)

Farmers have reduced planting by a third, and two ports at the river’s
mouth report silting.

What the figures say

Reservoir   April 2015  April 2016
----------  ----------  ----------
Sardanis          64 %        31 %
Upper Kavo        58 %        40 %

> We plan for the average year, and there has not been one for six
> years; nobody at the ministry believes that there will be one soon.

The government’s answer has two parts:

• emergency wells, of which ~40 are drilled and of which the ministry
  says that they will last until autumn;
• talks with the neighbour, which broke off [1].

Whatever comes of them, the valley will depend on one river.

Notes

(1) Regional Water Authority, Quarterly Report.

Topics: Water, Southern Europe

For bespoke research:
our desk [3] or desk@meridian.example

Links
[1] https://example.org/talks
[2] https://example.org/q1?lang=en&page=2
[3] https://meridian.example/desk

------------------------------------------------------------------------

SLOTreason0

Unsubscribe:
SLOTunsubscribe0

View in browser:
SLOTview0

Was this brief forwarded to you? Subscribe:
SLOTsubscribe0

Privacy notice:
SLOTprivacy0

Imprint:
SLOTimprint0

Meridian Review
14 Harbour Row
Port Alban 2203
"""
    )


def test_lists_hang_and_nest():
    assert text_of(
        "1. One is long enough to wrap\n2. Two\n    - deep\n    - deeper\n3. Three", 27
    ) == [
        "1. One is long enough to",
        "   wrap",
        "2. Two",
        "   • deep",
        "   • deeper",
        "3. Three",
    ]


def test_paragraphs_in_items_stand_apart():
    assert text_of("- One\n\n    More\n\n- Two") == ["• One", "", "  More", "", "• Two"]


def test_headings_code_and_rules_are_told_apart():
    assert text_of("# Big\n\nText\n\n    code  stays\n\n---\n\nEnd<br>of line") == [
        "Big", "---", "", "Text", "", "    code  stays", "", "* * *", "", "End", "of line",
    ]  # fmt: skip


def test_a_table_that_is_too_wide_becomes_records():
    wide = "|Place|State|\n|--|--|\n" + "\n".join(f"|Town {n}|{'dry ' * 20}|" for n in (1, 2))
    lines = text_of(wide)
    assert lines[0] == "Place: Town 1"
    assert lines[1].startswith("State: dry dry")
    assert lines[2].startswith("  dry")
    assert "" in lines
    assert all(len(line) <= 72 for line in lines)


def test_an_address_that_is_written_out_needs_no_number():
    assert text_of("See https://example.org/a and <https://example.org/b>.") == [
        "See https://example.org/a and https://example.org/b."
    ]
    assert text_of("[write](mailto:a@example.org?subject=x) or a@example.org") == [
        "write <a@example.org> or a@example.org"
    ]


def test_pictures_are_told_by_their_words():
    assert text_of("![A map](https://example.org/m.png)") == ["[Image: A map]"]


def test_small_figures_are_set_as_such():
    assert text_of("10 m<sup>2</sup>, CO<sub>2</sub>, 4<sup>th</sup>") == ["10 m², CO₂, 4th"]


def test_a_long_url_is_never_broken():
    url = "https://example.org/" + "long-path/" * 30
    mail = render(body=f"Read [this]({url}) and {url} too.")
    assert mail.text.count(url) == 2


def test_a_url_that_no_mail_can_carry_points_to_the_web():
    mail = render(body="[this](https://example.org/" + "x" * 2000 + ")")
    assert "[2] (too long for a mail: see the brief on the web) SLOTview0" in mail.text
    assert all(len(line.encode()) <= 998 for line in mail.text.split("\n"))


def test_scripts_without_spaces_are_wrapped_by_their_width():
    lines = wrap("漢字" * 100)
    assert all(display_width(line) <= 72 for line in lines)
    assert "".join(lines) == "漢字" * 100


@given(HOSTILE | st.text() | st.text(alphabet="x漢é", min_size=900, max_size=2500))
def test_no_line_is_too_long_for_a_server(source):
    for line in text_of(source):
        assert len(line.encode()) <= 998
        assert "\r" not in line
        assert "\x00" not in line


@given(st.lists(st.text(alphabet="abc-—é", min_size=1, max_size=20), min_size=1))
def test_wrapping_loses_no_word(words):
    text = " ".join(words)
    lines = wrap(text, first="* ", rest="  ")
    assert all(len(line) <= 72 for line in lines)
    assert "".join(line[2:] for line in lines).replace(" ", "") == text.replace(" ", "")


def test_a_thousand_quotations_in_each_other_are_survived():
    assert to_text("<blockquote>" * 1000 + "deep", Links(str))[-1].endswith("deep")
    assert text_of("- a\n" + "".join("    " * n + "- a\n" for n in range(45)))
