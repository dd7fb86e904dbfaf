"""Reading a brief from plain text, as organisations have it."""

import contextlib
import datetime as dt
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefs.plaintext import UnreadableBrief, escape_inline, escape_paragraph, read_brief
from briefs.rendering import render_inline, render_markdown
from tests.rendering.sample import Page

BRIEF = """\
April 6, 2016

Meridian DailyBrief: A River’s Third Dry Winter

• On April 4, the authority lowered its forecast for the reservoir to 31 percent

• Closing the channel will cut exports by a fifth

• Short-term relief from wells may be outweighed by the cost of a falling water table

• Talks with the neighbour are unlikely to resume before the election.


As the third dry winter ends, the\u00a0reservoir\u00a0is at its lowest since 1986. On April 4, the \
authority lowered its forecast—again.

While the ministry’s plan—announced in March—has been welcomed, no money is set aside for it.

Given that one river feeds the valley, the farmers’ position is weak.

Prices have begun to move. “We plan for the average year,” said one trader.

Whatever comes of the talks, the valley will depend on one river for years.


For bespoke research and briefings, please contact:


Subscribe to MD"""


def test_a_daily_brief_is_recognised():
    brief = read_brief(BRIEF.encode())
    assert brief.date == dt.date(2016, 4, 6)
    assert brief.series == "Meridian DailyBrief"
    assert brief.headline == "A River’s Third Dry Winter"
    assert len(brief.key_points) == 4
    assert brief.key_points[3] == (
        "Talks with the neighbour are unlikely to resume before the election."
    )
    assert len(brief.paragraphs) == 5
    assert brief.body == "\n\n".join(brief.paragraphs)
    assert brief.contact == "For bespoke research and briefings, please contact:"
    assert brief.subscribe_line == "Subscribe to MD"
    assert "\u00a0" not in repr(brief)
    assert "forecast—again" in brief.body


def test_a_contact_line_without_an_address_is_the_only_doubt():
    (warning,) = read_brief(BRIEF).warnings
    assert warning == (
        "The contact line “For bespoke research and briefings, please contact:” has no address. "
        "Add one, or leave the line out."
    )


@pytest.mark.parametrize(
    "address",
    ["desk@meridian.example", "\ndesk@meridian.example", "https://meridian.example/desk",
     "\n\nThe Meridian desk\n+44 20 7946 0000", "\nAda Marlow, www.meridian.example"],
)  # fmt: skip
def test_a_contact_line_with_an_address_is_furniture_without_a_doubt(address):
    brief = read_brief(BRIEF.replace("please contact:", f"please contact: {address}"))
    assert brief.warnings == ()
    assert len(brief.paragraphs) == 5
    assert address.strip().splitlines()[-1] in brief.contact
    assert brief.subscribe_line == "Subscribe to MD"


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
)
def test_every_usual_encoding_is_read(encoding):
    mark = "\ufeff" if encoding in {"utf-16-le", "utf-16-be"} else ""
    brief = read_brief((mark + BRIEF).replace("\n", "\r\n").encode(encoding))
    assert brief == read_brief(BRIEF)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "no text"),
        (b" \r\n\t\n\xc2\xa0 ", "no text"),
        ("\u200b\ufeff\n", "no text"),
        (b"April 6, 2016\n\nNews\x00more", "line 3 has a NUL"),
        ("April\x00", "a NUL"),
        (b"a\x07b", "control character 0x07"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"PK\x03\x04...", "Word document"),
        (b"\xd0\xcf\x11\xe0...", "old Word document"),
        (b"{\\rtf1 x}", "rich-text"),
        (b"\x89PNG\r\n", "picture"),
        (b"caf\x81\xe9", "octet 4"),
        (b"\xff\xfea", "UTF-16"),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"x" * 201_000, "This is 201 kB; a brief has at most 200 kB of text."),
    ],
)
def test_what_is_no_text_is_refused_with_what_to_do(raw, message):
    with pytest.raises(UnreadableBrief, match=message) as refused:
        read_brief(raw)
    assert re.search(r"[Ss]ave|Choose|Copy|Import", str(refused.value))


@pytest.mark.parametrize(
    "line",
    ["April 6, 2016", "April 6 2016", "APRIL 6, 2016", "6 April 2016", "6th April, 2016",
     "6th of April 2016", "the 6th of April 2016", "Wednesday, April 6, 2016", "Wed 6 Apr 2016",
     "Apr. 6, 2016", "Apr 6th, 2016", "2016-04-06", "2016/04/06", "2016 April 6", "06.04.2016",
     "6. 4. 2016", "6-Apr-2016", "Date: April 6, 2016", "Date: 6 April 2016.", "April 6, 2016 "],
)  # fmt: skip
def test_a_date_line_is_read_however_it_is_written(line):
    brief = read_brief(BRIEF.replace("April 6, 2016", line, 1))
    assert brief.date == dt.date(2016, 4, 6)
    assert brief.headline == "A River’s Third Dry Winter"


def test_a_day_over_twelve_tells_which_number_is_the_month():
    for line in ("4/16/2016", "16/4/2016", "16-04-2016"):
        assert read_brief(BRIEF.replace("April 6, 2016", line, 1)).date == dt.date(2016, 4, 16)


@pytest.mark.parametrize(
    ("line", "doubt"),
    [
        ("4/6/2016", "The date line “4/6/2016” can be read as two days"),
        ("April 31, 2016", "The date line “April 31, 2016” is no day of the calendar"),
        ("", "No date was found"),
    ],
)
def test_a_doubtful_date_is_told_and_not_guessed(line, doubt):
    brief = read_brief(BRIEF.replace("April 6, 2016", line, 1))
    assert brief.date is None
    assert brief.headline == "A River’s Third Dry Winter"
    assert any(warning.startswith(doubt) for warning in brief.warnings)


def test_the_title_may_come_before_the_date_or_in_two_lines():
    for head in (
        "Meridian DailyBrief: A Dry Winter\nApril 6, 2016",
        "Meridian DailyBrief:\nA Dry Winter\n\nApril 6, 2016",
        "April 6, 2016\nMeridian DailyBrief: A\nDry Winter",
        "Meridian DailyBrief:\n\nA Dry Winter\n\nApril 6, 2016",
    ):
        brief = read_brief(f"{head}\n\n• One\n• Two\n\nA paragraph.")
        assert (brief.series, brief.headline) == ("Meridian DailyBrief", "A Dry Winter")
        assert brief.date == dt.date(2016, 4, 6)
        assert len(brief.key_points) == 2
        assert brief.paragraphs == ("A paragraph.",)


def test_a_title_without_a_series_is_all_headline():
    brief = read_brief("April 6, 2016\n\nA Dry Winter\n\n- One\n\nBody.")
    assert (brief.series, brief.headline) == ("", "A Dry Winter")


@pytest.mark.parametrize("bullet", ["•", "-", "*", "–", "·", "▪", "◦", "●", "\uf0b7", "•\t"])
def test_every_usual_bullet_begins_a_key_point(bullet):
    brief = read_brief(BRIEF.replace("•", bullet))
    assert brief.key_points == read_brief(BRIEF).key_points


def test_numbers_begin_no_key_point():
    brief = read_brief("April 6, 2016\n\nNews\n\n1. First of all, water.\n\n2. Then, grain.")
    assert brief.key_points == ()
    assert len(brief.paragraphs) == 2


def test_wrapped_points_and_paragraphs_are_put_together():
    brief = read_brief(
        "April 6, 2016\n\nNews\n\n"
        "- A point that goes on\n  to a second line\n- Another that was so-\ncalled wrapped\n\n"
        "A paragraph wrapped\nby hand at twenty\ncolumns.\n\nAnother."
    )
    assert brief.key_points == (
        "A point that goes on to a second line",
        "Another that was so-called wrapped",
    )
    assert brief.paragraphs == ("A paragraph wrapped by hand at twenty columns.", "Another.")


def test_long_lines_are_paragraphs_even_without_blank_lines():
    long = "The valley depends on one river, and the river is low. " * 4
    brief = read_brief(
        f"April 6, 2016\nMD: News\n• One\n• Two\n{long}\n{long}\nContact: a@b.example"
    )
    assert brief.headline == "News"
    assert len(brief.key_points) == 2
    assert len(brief.paragraphs) == 2
    assert brief.contact == "Contact: a@b.example"


def test_a_label_above_the_points_is_no_paragraph():
    brief = read_brief("April 6, 2016\n\nNews\n\nKey takeaways:\n\n• One\n\nBody.")
    assert brief.paragraphs == ("Body.",)


def test_bullets_inside_the_body_stay_a_list_there():
    brief = read_brief(
        "April 6, 2016\n\nNews\n\n• Point\n\nFirst.\n\nSecond:\n\n• well\n• pump\n\nThird."
    )
    assert brief.key_points == ("Point",)
    assert brief.body == "First.\n\nSecond:\n\n- well\n- pump\n\nThird."
    assert render_markdown(brief.body).count("<li>") == 2


def test_prose_that_mentions_a_contact_is_body():
    sentence = "For the rebels, the envoy remains the only contact in the capital this year."
    brief = read_brief(f"April 6, 2016\n\nNews\n\n• Point\n\n{sentence}\n\nMore.")
    assert brief.paragraphs == (sentence, "More.")
    assert brief.contact == ""


def test_paste_residue_is_cleaned_and_typography_kept():
    brief = read_brief(
        "\ufeffApril\u00a06, 2016\r\n\r\nMD:\u2009The\u00ad Dry  Win\u200bter   \r\n\r\n"
        "<!--StartFragment-->\r\nNormal 0 false false false EN-US X-NONE X-NONE\r\n"
        "/* Style Definitions */\r\ntable.MsoNormalTable\r\n"
        '{mso-style-name:"Table Normal";\r\nmso-para-margin:0cm;}\r\n\r\n'
        '• <span lang="EN-US">“Low”</span><o:p></o:p>\r\n\r\n'
        "He\u200d said\u2028‘never’ – or—so  it\u202fseems…\x0bnext"
    )
    assert brief.date == dt.date(2016, 4, 6)
    assert brief.headline == "The Dry Winter"
    assert brief.key_points == ("“Low”",)
    assert brief.paragraphs == ("He said ‘never’ – or—so it seems… next",)
    assert brief.warnings == ()


def test_joiners_stay_where_letters_need_them():
    brief = read_brief("April 6, 2016\n\nNews\n\n• می\u200cخواهم\n\nA 👩\u200d🌾 farmer.")
    assert brief.key_points == ("می\u200cخواهم",)
    assert brief.paragraphs == ("A 👩\u200d🌾 farmer.",)


@pytest.mark.parametrize(
    ("change", "doubt"),
    [
        (("lowest since 1986", "lowest since TK"), "“TK” in “As the third dry winter"),
        (("one river feeds", "TODO feeds"), "“TODO” in"),
        (("weak.", "weak. Lorem ipsum dolor."), "“Lorem ipsum” in"),
        (("one trader", "[name of trader]"), "“[name of trader]” in"),
        (("ministry’s", "ministryâ€™s"), "damaged when it was saved"),
    ],
)
def test_what_was_left_over_is_told(change, doubt):
    warnings = read_brief(BRIEF.replace(*change)).warnings
    assert len(warnings) == 2
    assert any(doubt in warning for warning in warnings)


def test_missing_parts_are_told():
    warnings = " ".join(read_brief("A paragraph that is a title, for all we know").warnings)
    for missing in ("No date", "No key points", "No body"):
        assert missing in warnings
    assert "No headline" in " ".join(read_brief("• Only a point").warnings)


def test_one_key_point_without_a_full_stop_is_told_only_beside_others_that_have_one():
    head = "April 6, 2016\n\nNews\n\n"
    odd = read_brief(head + "• One.\n• Two.\n• Three\n• Four.\n\nBody.").warnings
    assert odd == ("The key point “Three” has no full stop; the others have one.",)
    for points in ("• One\n• Two\n• Three\n• Four.", "• One.\n• Two\n• Three\n• Four."):
        assert read_brief(f"{head}{points}\n\nBody.").warnings == ()


TRAPS = [
    "# no heading", "1986. The first year", "- dash", "+ plus", "> quoted", "* star",
    "*so* it **is**", "snake_case and _so_ and __init__", "a < b and <b>bold</b>",
    "&copy; & &#169; AT&T", "`code`",
    "[link](https://e.example)", "[text][ref] and [sic] and [^1]", "[ref]: https://e.example",
    "![img](x)", "~~gone~~ and ~100", "==marked==", "---", "=====", "| a | b |", ": definition",
    "\\* already \\\\ escaped", "C:\\temp\\_x", "<https://e.example/a_b_c>", "*[HTML]: x",
    "https://e.example/a_b_c*d~~e and a_b@e.example", "1. one", "1986.", "#", "-", "{: .c }",
    "<!-- note -->", "<script>alert(1)</script>", "_", "**", "a*b*c", "$x_1$", "***", "- - -",
    "___", "```", "~~~", "!!! note", "Term\u2009: x", "{0.__class__} {{x}} {% y %}", "[x](y",
    "]( [",
]  # fmt: skip


def typed(text: str) -> str:
    """Undo what the house sets by itself: quotation marks, dashes and dots."""
    for typographic, plain in (("“", '"'), ("”", '"'), ("‘", "'"), ("’", "'"), ("—", "---"),
                               ("–", "--"), ("…", "...")):  # fmt: skip
        text = text.replace(typographic, plain)
    return text


def shown(html: str) -> str:
    """Return what a reader sees."""
    return typed(Page(f"<main>{html}</main>").elements[0].text)


@pytest.mark.parametrize("line", TRAPS)
def test_what_looks_like_markdown_is_shown_as_it_was(line):
    paragraph = render_markdown(escape_paragraph(line))
    assert shown(paragraph) == typed(" ".join(line.split()))
    assert re.fullmatch(r"<p>.*</p>", paragraph, re.DOTALL)
    assert shown(render_inline(escape_inline(line))) == typed(" ".join(line.split()))


PIECES = st.lists(
    st.sampled_from([*TRAPS, *"*_`~=[]()<>#+-.!|:\\&;{}^ \"'", "word", "é", "12. ", " — "]),
    max_size=6,
).map("".join)


@given(PIECES | st.text(alphabet="ab1*_`~=[](){}<>#+-.!|:\\&;^ ", max_size=24))
def test_any_paragraph_is_shown_as_it_was(line):
    line = " ".join(line.split())
    assert escape_paragraph(line) == escape_paragraph(line).strip()
    assert shown(render_markdown(escape_paragraph(line))) == typed(line)
    assert shown(render_inline(escape_inline(line))) == typed(line)


def test_escaping_leaves_ordinary_prose_alone():
    for line in (
        "AT&T’s share [sic] rose 5% (to $3.2bn) — ‘a lot’!",
        "He said: no. 3 - 2 = 1; ~40",
    ):
        assert escape_paragraph(line) == line


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_anything_is_read_or_refused(raw):
    with contextlib.suppress(UnreadableBrief):
        assert "\u00a0" not in repr(read_brief(raw))


@given(
    st.lists(
        st.sampled_from([*BRIEF.splitlines(), "", "•", "- x", "MD:", "contact:", "TK", "1/2/2016",
                         "<o:p>", "{mso-x:y;}", "Subscribe", "x" * 200, "\x0b", "\u2029"]),
        max_size=14,
    )
)  # fmt: skip
def test_lines_in_any_order_are_read_or_refused(lines):
    try:
        brief = read_brief("\n".join(lines))
    except UnreadableBrief:
        assert not set(lines) & set(filter(None, BRIEF.splitlines()))
    else:
        render_markdown(brief.body)


def test_slow_patterns_are_not_met():
    for piece in ("<!--", "[", "*", "•\n", "contact ", "1 ", ": ", "\n\n", "- x\n", "mso- <p "):
        read_brief("x" + piece * (150_000 // len(piece)))


def test_an_address_is_looked_for_once_in_a_long_word():
    # 80,000 digits took half a minute, and any editor may paste them.
    for piece in ("1", "a.", "a-b+", "_"):
        read_brief(piece * (150_000 // len(piece)))
    for text in ("a_b@c_d.example", "(first_last+x_y@a-b.example)", "mailto:a_b@c.example_"):
        assert "\\_" not in escape_inline(text)
    assert escape_inline("a_b@c") == "a\\_b@c"
