"""The look of a publication: three frames, a line above, a foot below, and our own pictures."""

import re
from dataclasses import replace

import pytest

from briefs.models import Publication
from briefs.rendering import render_page
from briefs.rendering.images import is_own
from briefs.rendering.stylesheet import make_stylesheet
from briefs.revisions import look_from, snapshot_publication
from tests.rendering.sample import LOOK, TEXT, Page, at_night, render

pytestmark = pytest.mark.sqlite_only
PICTURE = "/p/images/2026/04/0f3a9c-1280x720.jpg"


def look_of(**fields):
    return look_from({"publication": snapshot_publication(Publication(name="Harbour", **fields))})


@pytest.mark.parametrize("frame", ["plain", "letter"])
def test_plain_and_letter_stand_on_the_page_itself(frame):
    html = render(look=replace(LOOK, frame=frame)).html
    assert 'class="bar"' not in html
    assert "#f1f0ec" not in html
    assert 'class="bar"' in render().html


@pytest.mark.parametrize("frame", ["sheet", "plain", "letter"])
def test_in_every_frame_no_colour_of_the_day_is_left_at_night(frame):
    css = make_stylesheet("#8a1c2b", "ltr", frame)
    night = at_night(css)
    for selectors, rule in re.findall(r"([^{}]+)\{([^{}]*)\}", css.inlined):
        for name in re.findall(r"([\w-]+): [^;#]*#", rule):
            for selector in " ".join(selectors.split()).split(", "):
                assert selector == ".logo" or name in night[selector], (selector, name)


def test_a_frame_s_own_colours_win_at_night_too():
    night = at_night(make_stylesheet("#8a1c2b", "ltr", "letter"))
    soft = at_night(make_stylesheet("#8a1c2b", "ltr", "sheet"))[".byline"]["color"]
    assert night[".series"]["color"] == soft


def test_each_copy_carries_only_what_stands_in_it():
    html = render(body="One paragraph.").html
    assert ".body blockquote" not in html
    assert ".notice" not in html.partition("prefers-color-scheme")[2].partition("</style>")[0]
    quoting = render(body="> One paragraph.").html
    assert ".body blockquote {" in quoting


def test_a_letter_has_colour_in_its_links_only():
    look = replace(LOOK, frame="letter", colour="#8a1c2b")
    page = Page(render(look=look).html)
    coloured = [e for e in page.elements if "#8a1c2b" in e.attributes.get("style", "")]
    assert {element.tag for element in coloured} == {"a"}


def test_header_and_footer_stand_in_both_parts_as_text_and_markdown():
    look = replace(LOOK, header="Monday to <Friday>", footer="By [us](https://u.example/) **all**")
    mail = render(look=look, body="")
    assert '<p class="motto"' in mail.html
    assert "Monday to &lt;Friday&gt;" in mail.html
    assert ">all</strong>" in mail.html
    assert "https://u.example/" in mail.links
    assert "Monday to <Friday>" in mail.text
    assert "By us [3] all" in mail.text


def test_a_snapshot_without_a_look_of_its_own_is_what_it_was():
    plain = snapshot_publication(Publication(name="Harbour"))
    assert not {"frame", "header", "footer"} & set(plain)
    assert look_from({"publication": plain}).frame == "sheet"
    look = look_of(frame="letter", header="Daily", footer="We **care**.")
    assert (look.frame, look.header, look.footer) == ("letter", "Daily", "We **care**.")


def test_our_own_picture_is_mailed_with_its_address_and_a_size_that_outlook_bears():
    look = replace(LOOK, site_url="https://harbour.example")
    mail = render(look=look, body=f"![A crane]({PICTURE})")
    picture = Page(mail.html).all("img")[0].attributes
    assert picture["src"] == f"https://harbour.example{PICTURE}"
    assert (picture["width"], picture["height"], picture["alt"]) == ("560", "315", "A crane")
    assert "[Image: A crane]" in mail.text


def test_on_the_web_our_own_picture_keeps_its_path_and_its_size():
    html = render_page(replace(TEXT, body=f"![A crane]({PICTURE})")).body_html
    assert f'src="{PICTURE}" width="1280" height="720"' in html
    text = replace(TEXT, body=f"![A crane]({PICTURE})")
    mailed = render_page(text, site_url="https://h.example", widest=560).body_html
    assert f'src="https://h.example{PICTURE}" width="560" height="315"' in mailed


@pytest.mark.parametrize(
    "path",
    [
        "/p/images/../logos/x-1x1.png",
        "/p/images/x-1x1.svg",
        "//evil.example/p/images/x-1x1.png",
        "/admin/logout/",
        "/p/images/x.png",
        "/p/images/x-1x1.png?a=1",
    ],
    ids=["up", "svg", "host", "desk", "no-size", "query"],
)
def test_no_other_path_of_the_site_is_a_picture(path):
    assert not is_own(path)
    assert "<img" not in render_page(replace(TEXT, body=f"![x]({path})")).body_html


def test_a_picture_of_ours_is_no_place_to_link_to():
    assert "href" not in render_page(replace(TEXT, body=f"[x]({PICTURE})")).body_html
