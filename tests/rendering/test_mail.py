"""The mail of a brief: its subject, its HTML part and its links."""

import datetime as dt
import re
import time
from dataclasses import replace

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from briefs.rendering import (
    LONGEST_LINE,
    Look,
    Places,
    Text,
    html_octets,
    render_email,
    render_page,
)
from tests.rendering.sample import LOOK, PLACES, TEXT, Page, render
from tests.rendering.test_markdown import PAYLOADS

SLOTS = [getattr(PLACES, name) for name in ("view", "unsubscribe", "subscribe", "privacy",
                                            "imprint", "reason")]  # fmt: skip
WORDS = st.text(max_size=60)


def test_the_subject_is_series_and_headline():
    assert render().subject == "Meridian DailyBrief: A River’s Third Dry Winter"
    assert render(series="").subject == "A River’s Third Dry Winter"


@given(WORDS, WORDS)
def test_a_subject_is_one_line_of_at_most_200_characters(series, headline):
    subject = render(series=series, headline=headline * 6, body="").subject
    assert len(subject) <= 200
    assert len(subject.splitlines()) <= 1
    assert not re.search(r"[\x00-\x1f\x7f]", subject)


def test_names_are_plain_text():
    mail = render(headline="*Stars* & <b>bars</b>", series="<i>", authors=("<u>Ada</u>",))
    page = Page(mail.html)
    assert [element.text for element in page.all("h1")] == ["*Stars* & <b>bars</b>"]
    assert page.all("p", "series")[0].text == "<i>"
    assert "*Stars* & <b>bars</b>" in mail.text
    assert "By <u>Ada</u>" in mail.text


def test_the_parts_of_a_brief_are_there():
    page = Page(render().html)
    assert [element.text for element in page.all("li", "point")] == [
        "The authority lowered its forecast to 31 percent, the lowest since measurement began",
        "Closing the channel will cut exports by a fifth",
        "Wells help now and cost later",
        "Talks, broken off in March, will not resume.",
    ]
    whole = page.all("body")[0].text
    for words in ("Wednesday, April 6, 2016", "By Ada Marlow and Jonas Weir", "Key points",
                  "the authority’s report", "Topics: Water, Southern Europe",
                  "Port Alban 2203"):  # fmt: skip
        assert words in whole


def test_slots_survive_in_both_parts():
    mail = render()
    hrefs = Page(mail.html).hrefs()
    for slot in SLOTS[:-1]:
        assert slot in hrefs
        assert slot in mail.text.splitlines()
    assert PLACES.reason in mail.html
    assert PLACES.reason in mail.text.splitlines()


@given(WORDS, WORDS, WORDS)
def test_slots_survive_whatever_the_text(headline, point, body):
    mail = render(headline=headline, key_points=(point, point), body=body, contact_block=point)
    for slot in SLOTS:
        assert slot in mail.html
        assert slot in mail.text.splitlines()
    assert all(len(line.encode()) <= 998 for line in mail.text.split("\n"))


def test_a_place_that_is_not_known_is_left_out():
    mail = render_email(TEXT, LOOK, Places(unsubscribe="SLOTunsubscribe0"))
    assert "View in browser" not in mail.html + mail.text
    assert "Imprint" not in mail.html + mail.text
    assert 'href=""' not in mail.html


def test_links_are_told_once_in_order_of_appearance():
    mail = render(link=lambda url: f"SLOTclick{len(url)}")
    assert mail.links == (
        "https://example.org/talks",
        "https://example.org/q1?lang=en&page=2",
        "https://meridian.example/desk",
    )
    hrefs = Page(mail.html).hrefs()
    for url in mail.links:
        assert url not in hrefs
        assert f"SLOTclick{len(url)}" in hrefs
        assert url not in mail.text
        assert f"SLOTclick{len(url)}" in mail.text
    assert hrefs.count("SLOTclick25") == 2
    assert "mailto:desk@meridian.example" in hrefs
    assert "#fn:1" in hrefs


def test_a_link_is_asked_for_once():
    asked: list[str] = []
    mail = render(link=lambda url: asked.append(url) or url)
    assert asked == list(mail.links)


def test_an_ampersand_in_a_link_stays_one():
    assert "https://example.org/q1?lang=en&page=2" in Page(render().html).hrefs()
    assert "lang=en&amp;page=2" in render().html


@pytest.mark.parametrize("payload", [*PAYLOADS.splitlines(), PAYLOADS])
def test_nothing_active_survives_in_any_field(payload):
    look = Look(name=payload, colour=payload, logo_url=payload, home_url=payload,
                language=payload, direction=payload, postal_address=payload)  # fmt: skip
    text = Text(headline=payload, date=dt.date(2016, 4, 6), series=payload, preheader=payload,
                key_points=(payload[:LONGEST_LINE],), body=payload, authors=(payload,),
                contact_block=payload, topics=(payload,))  # fmt: skip
    mail = render_email(text, look, Places(unsubscribe="SLOTu", reason=payload))
    for element in Page(mail.html).elements:
        assert element.tag not in {"script", "svg", "iframe", "form", "input", "object", "base"}
        assert not any(name.startswith("on") for name in element.attributes), element
        for name in ("href", "src"):
            value = element.attributes.get(name, "https://")
            assert re.match(r"https?://|mailto:|#fn|SLOTu$", value), element
    assert len(Page(mail.html).all("style")) == 1


def test_nothing_is_compiled_as_a_template():
    for source in ("{{settings.SECRET_KEY}}", "{0.__class__}", "{% now 'Y' %}", "%(authors)s"):
        mail = render(headline=source, series=source, authors=(source,), topics=(source,),
                      body=source, key_points=(source,), contact_block=source)  # fmt: skip
        body = Page(mail.html).all("body")[0].text.replace("‘", "'").replace("’", "'")
        assert body.count(source) >= 7
        assert mail.subject == f"{source}: {source}"


def test_the_frame_keeps_the_rules_of_mail_clients():
    html = render(look=Look(name="Meridian", logo_url="https://m.example/logo.png")).html
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>")
    assert html.index('<meta charset="utf-8">') < html.index("<style>") < html.index("<body")
    assert page.all("html")[0].attributes["lang"] == "en"
    assert page.all("html")[0].attributes["dir"] == "ltr"
    assert page.all("title")[0].text == "Meridian DailyBrief: A River’s Third Dry Winter"
    assert {"name": "color-scheme", "content": "light dark"} in [
        element.attributes for element in page.all("meta")
    ]
    tables = page.all("table")
    data = [table for table in tables if "role" not in table.attributes]
    assert len(data) == 1  # the one that the writer made
    assert all("alt" in image.attributes for image in page.all("img"))
    assert "prefers-color-scheme: dark" in page.all("style")[0].text
    assert "<!--[if mso]>" in html
    assert "\u00a0" not in page.all("body")[0].text


def test_the_style_element_is_smaller_than_gmail_drops():
    assert len(Page(render().html).all("style")[0].text) < 8192


def test_a_right_to_left_brief_says_so():
    for look in (Look(name="م", language="ar"), Look(name="M", language="en", direction="rtl")):
        assert Page(render(look=look).html).all("html")[0].attributes["dir"] == "rtl"


@pytest.mark.parametrize("language", ["de", "de-at", "fr", "ar", "zh-hans", "en-gb"])
def test_dates_are_written_in_the_language_of_the_publication(language):
    mail = render(look=Look(name="Meridian", language=language))
    assert Page(mail.html).all("html")[0].attributes["lang"] == language
    if language == "de":
        assert "Mittwoch, 6. April 2016" in mail.text


@override_settings(LANGUAGE_CODE="de")
def test_the_language_of_the_site_does_not_colour_the_mail():
    assert "Wednesday, April 6, 2016" in render().text


@given(st.text(max_size=12))
def test_any_language_and_direction_can_be_given(name):
    html = render(look=Look(name="Meridian", language=name, direction=name)).html
    assert Page(html).all("html")[0].attributes["dir"] in {"ltr", "rtl"}


def test_the_inbox_shows_the_first_key_point_behind_the_subject():
    hidden = Page(render().html).all("div", "hidden")[0].text
    assert hidden.startswith("The authority lowered its forecast")
    given_one = Page(render(preheader="Read <this>").html).all("div", "hidden")[0].text
    assert given_one.startswith("Read <this>")


def test_a_normal_brief_is_far_from_where_gmail_clips():
    paragraph = "The valley’s dependence on one river—long known—will outlast this season. " * 14
    mail = render(body="\n\n".join([paragraph] * 5))
    assert html_octets(mail) == len(mail.html.encode())
    assert html_octets(mail) < 40_000


def test_a_brief_without_anything_but_a_headline_is_a_mail():
    mail = render_email(Text(headline="News", date=dt.date(2016, 4, 6)), Look(name="M"), Places())
    assert mail.subject == "News"
    assert "Key points" not in mail.html
    assert "KEY POINTS" not in mail.text


def test_the_web_page_gets_fragments():
    page = render_page(TEXT)
    assert page.key_points_html[3].startswith("Talks, <a href=")
    assert page.body_html.startswith("<p>Water in the upper <strong>Sardanis")
    assert "<br>" in page.contact_html


def test_rendering_is_fast_enough_for_a_preview_on_each_key():
    render()
    began = time.perf_counter()
    for _ in range(5):
        render()
    # Takes 6 ms here; the room is for busy machines.
    assert (time.perf_counter() - began) / 5 < 0.12


def test_the_unsubscribe_link_bears_the_publications_words():
    mail = render(look=replace(LOOK, unsubscribe_wording="Stop the <daily> brief"))
    assert "Stop the &lt;daily&gt; brief</a>" in mail.html
    assert "Stop the <daily> brief:\nSLOTunsubscribe0" in mail.text
