"""Merge fields in a text: where they are filled in, where not, and what they cannot become."""

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefs import preflight
from briefs.plaintext import read_brief
from briefs.rendering import (
    Field,
    Look,
    Places,
    Text,
    TooManyFields,
    fill_line,
    fill_lines,
    merge_troubles,
    render_email,
    render_page,
)
from tests.rendering.sample import Page

pytestmark = pytest.mark.sqlite_only
DATE = dt.date(2026, 4, 6)
NASTY = [
    "<script>alert(1)</script>",
    "](javascript:alert(1))",
    '" onerror="alert(1)',
    "**bold** _it_ `code`",
    "{{settings.SECRET_KEY}} {% load x %} {0.__class__} %(name)s",
    "[[name|again]]",
    "&lt;b&gt; &amp;",
    "https://evil.example/?a=b&c",
]


def text(body="", **parts):
    return Text(**{"headline": "Headline", "date": DATE, "body": body, **parts})


def mailed(body="", put=lambda field: field.default, **parts):
    return render_email(text(body, **parts), Look("Harbour"), Places(view="https://h/v"), merge=put)


def body_of(mail):
    return Page(mail.html).all("td", "body")[0].text.strip()


def test_a_field_is_filled_in_wherever_words_stand():
    mail = mailed(
        "Dear **[[name|reader]]**, “[[city]]” | [[[name|you]]](https://a.example/)\n\n"
        "| a |\n|---|\n| [[ first_name | there ]] |\n\n![of [[name|x]]](https://a.example/i.png)",
        put=lambda field: f"<{field.name}>",
        headline="For [[name]]",
        series="[[plan|Free]]",
        preheader="Hello [[name]]",
        key_points=("Point for *[[name]]*",),
        contact_block="Ask [[contact|us]]",
    )
    assert mail.subject == "<plan>: For <name>"
    page = Page(mail.html)
    assert page.all("title")[0].text == "<plan>: For <name>"
    assert page.all("li", "point")[0].text == "Point for <name>"
    assert page.all("strong")[0].text == "<name>"
    assert "<first_name>" in [cell.text for cell in page.all("td")]
    assert 'alt="of &lt;name&gt;"' in mail.html
    assert "Hello &lt;name&gt;" in mail.html
    assert "Ask <contact>" in mail.text
    assert "Dear <name>, “<city>” | <name> [1]" in mail.text
    assert "[[" not in mail.html + mail.text


@pytest.mark.parametrize("value", NASTY)
def test_a_value_or_a_default_is_text_whatever_it_says(value):
    mail = mailed("Dear [[name]]! ![[[name]]](https://a.example/i.png)", put=lambda _field: value)
    page = Page(mail.html)
    assert f"Dear {value}!" in body_of(mail)
    assert f"Dear {value}!" in mail.text
    assert not page.all("script")
    assert set(page.hrefs()) == {"https://h/v"}
    (image,) = page.all("img")
    assert set(image.attributes) <= {"alt", "src", "style"}
    assert image.attributes["alt"] == value
    if "[" not in value and "]" not in value:
        assert f"Dear {value}!" in body_of(mailed(f"Dear [[name|{value}]]!"))


def test_in_code_and_behind_a_backslash_it_stands_as_written():
    mail = mailed("`[[name|x]]` \\[[name|x]]\n\n    [[name|x]]\n\n```\n[[name|x]]\n```")
    assert Page(mail.html).all("td", "body")[0].text.count("[[name|x]]") == 4
    assert mail.text.count("[[name|x]]") == 4


@pytest.mark.parametrize(
    "source",
    [
        "[x](https://a.example/[[name|y]])",
        "https://a.example/[[name|y]]",
        '<a href="https://a.example/[[name|y]]">x</a>',
        "![x](https://a.example/[[name|y]].png)",
    ],
)
def test_in_an_address_no_value_is_filled_in_and_preflight_says_so(source):
    mail = mailed(source, put=lambda _field: "evil")
    assert "https://a.example/%5B%5Bname%7Cy%5D%5D" in mail.html
    assert "a.example/evil" not in mail.html.replace(">https://a.example/evil", "")
    (finding,) = [f for f in findings(source).errors if f.rule == "merge-in-link"]
    assert "[[name|y]] stands in an address" in finding.message


def test_no_value_decides_where_a_link_leads():
    mail = mailed("[x]([[url|javascript:alert(1)]]) <[[url|https://evil.example]]>")
    assert set(Page(mail.html).hrefs()) <= {"https://h/v", ""}
    assert not any(character in mail.html for character in ('="javascript', 'evil.example"'))


@pytest.mark.parametrize("source", ["[[1]] and [[^2]]", "[[Reuters]](https://r.example/)", "a[0]"])
def test_what_looks_like_a_note_or_a_link_is_none(source):
    assert mailed(source, put=lambda _field: "VALUE").html.count("VALUE") == 0
    assert not [f for f in findings(source).errors if f.rule.startswith("merge")]


def findings(body, **parts):
    content = {
        "headline": "Headline", "series": "", "date": "2026-04-06", "preheader": "",
        "key_points": [], "authors": [], "topics": [], "contact_block": "Write to us.",
        "body": body,
        "publication": {"name": "Harbour", "postal_address": "1 Quay", "reply_to": "",
                        "sender_address": "brief@harbour.example"},
        **parts,
    }  # fmt: skip
    return preflight.check(content)


@pytest.mark.parametrize(
    "source",
    ["Dear [[name|", "Dear [[name|there]", "[[|there]]", "[[name|[[city]]]]", "[[na:me]]", "[["],
)
def test_broken_fields_stop_the_send_and_say_what_to_do(source):
    for where, parts in (
        ("body", {"body": source}),
        ("headline", {"body": "x", "headline": source}),
        ("key point 1", {"body": "x", "key_points": [source]}),
    ):
        errors = [f for f in findings(**parts).errors if f.rule == "merge-broken"]
        assert errors, where
        assert errors[0].where == where
        assert "[[name|there]]" in errors[0].message
        assert not any(ord(c) >= 0xF0000 for c in errors[0].message)


def test_whoever_means_the_brackets_writes_code_or_a_backslash():
    for source in ("`[[ -f x ]]`", "\\[[name", "\\[\\[name]]", "```\n[[name|\n```"):
        assert not [f for f in findings(source).errors if f.rule.startswith("merge")], source


def test_a_field_without_a_default_is_said():
    (finding,) = [f for f in findings("[[name]] [[city|there]]").warnings if "merge" in f.rule]
    assert finding.rule == "merge-without-default"
    assert "“name”" in finding.message


def test_a_headline_that_says_nothing_but_a_name_is_none():
    assert "headline-empty" in [f.rule for f in findings("x", headline="[[name]]").errors]
    assert "subject-too-long" not in [
        f.rule for f in findings("x", headline="a" * 190 + "[[first_name|you]]").errors
    ]


def test_pages_show_defaults():
    source = text(
        "Dear [[name|<reader>]]",
        headline="For [[name|you]]",
        preheader="[[x|y]]",
        key_points=("[[name|A]] point",),
        contact_block="[[name]] `[[name]]`",
    )
    page = render_page(source)
    assert page.body_html == "<p>Dear &lt;reader&gt;</p>"
    assert page.key_points_html == ("A point",)
    assert page.contact_html == "<p> <code>[[name]]</code></p>"
    lines = fill_lines(source)
    assert (lines.headline, lines.preheader) == ("For you", "y")
    assert lines.body == source.body
    assert fill_line("a [[b|c]] [[d") == "a c [[d"


def test_a_long_line_is_never_cut_within_a_field():
    for size in range(180, 205):
        mail = mailed("x", headline="a" * size + " [[name|there]] b", put=lambda _f: "SLOT000")
        rest = mail.subject.lstrip("a")
        assert rest in {"…", " SLOT000…", " SLOT000 b"}, rest
    mail = mailed("[[name]]" * 150, put=lambda _field: "SLOT000")
    assert mail.text.replace("\n", "").count("SLOT000") == 150


def test_too_many_fields_are_refused_and_a_page_is_shown_all_the_same():
    with pytest.raises(TooManyFields, match="200"):
        mailed("[[name]] " * 201)
    with pytest.raises(TooManyFields):
        mailed(" ".join(f"[[a{number}]]" for number in range(91)))
    assert "[[name]]" in render_page(text("[[name]] " * 201)).body_html
    assert merge_troubles(text("[[name]] " * 201)) == []


def test_brackets_without_end_take_no_time():
    began = time.process_time()
    for source in ("[[" * 50_000, "[[a" * 33_000, "[[a|" * 25_000, "[[a " * 25_000):
        fill_line(source)
    mailed("[[a|" * 400)
    assert time.process_time() - began < 10


@given(st.text(max_size=60), st.sampled_from(NASTY))
def test_any_text_around_a_field_is_survived(around, value):
    source = f"{around}[[name|there]]{around}"
    mail = mailed(source, put=lambda _field: value, headline=source, key_points=(source,))
    assert not [c for c in mail.html + mail.text + mail.subject if 0xF0000 <= ord(c) < 0xFFFFE
                and c not in around]  # fmt: skip
    assert not Page(mail.html).all("script")
    render_page(text(source))
    for trouble in merge_troubles(text(source)):
        assert Field("name", "there") in trouble.fields or trouble.broken or "\\" in around


def test_a_pasted_field_stays_one_and_is_no_left_over():
    read = read_brief(
        "April 6, 2026\nHarbour: Hello [[name|you]]\nKey Points:\n• One for [[name|you]].\n\n"
        "Dear [[first_name|dear_*reader*]], all is well."
    )
    assert not [warning for warning in read.warnings if "unfinished" in warning]
    mail = mailed(read.body, headline=read.headline, key_points=read.key_points)
    assert mail.subject == "Hello you"
    assert "One for you." in mail.text
    assert "Dear dear_*reader*, all is well." in mail.text
    assert merge_troubles(text(read.body))[0].fields == (Field("first_name", "dear_*reader*"),)
