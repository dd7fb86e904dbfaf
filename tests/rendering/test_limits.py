"""What is too much for one brief: refused with a reason, within steps that are counted."""

import datetime as dt
import subprocess
import sys
from pathlib import Path

import pytest

from briefs.rendering import (
    LONGEST,
    LONGEST_LINE,
    Text,
    TooDeep,
    TooInvolved,
    TooLong,
    Unrenderable,
    render_inline,
    render_markdown,
    render_page,
    show_markdown,
)
from tests.rendering import hostile
from tests.rendering.sample import BODY, Page, render

ROOT = Path(__file__).resolve().parent.parent.parent
NESTED_LISTS = "\n".join("    " * level + "- a" for level in range(100))
DEFINITIONS = "a\n" + "\n".join("    " * level + ": a\n" for level in range(100))


@pytest.mark.slow
@pytest.mark.sqlite_only  # no database; some half a minute
def test_a_hundred_kilobytes_of_anything_are_read_or_refused_in_one_process():
    done = subprocess.run(
        [sys.executable, "-m", "tests.rendering.hostile"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,  # one such text alone took 90 minutes
    )
    assert done.returncode == 0, done.stdout[-300:] + done.stderr[-2000:]
    lines = done.stdout.splitlines()
    assert len(lines) == len(hostile.units()) + len(hostile.WHOLE) + 2 * len(hostile.PASTED)


@pytest.mark.parametrize("mark", ["[", "![", "<a ", "``a`", '"', "\n#", "a\n: b\n", "[^1] "])
def test_a_run_of_marks_that_nothing_closes_is_refused(mark):
    with pytest.raises(TooInvolved, match="nothing closes"):
        render_markdown(mark * (LONGEST // len(mark)))


@pytest.mark.parametrize("mark", ["[", "![", "<a "])
def test_a_few_marks_that_nothing_closes_are_text(mark):
    assert render_markdown(mark * 20)
    assert render_inline(mark * 20)


def test_a_key_point_of_brackets_is_refused():
    with pytest.raises(TooInvolved):
        render(key_points=("[" * LONGEST_LINE,))


@pytest.mark.parametrize(
    "source", [NESTED_LISTS, DEFINITIONS, "1. " * 300 + "a", "<b>" * 101 + "a", "<b>" * 3000]
)
def test_what_is_nested_too_deep_is_refused_by_name(source):
    with pytest.raises(TooDeep, match="nested too deep"):
        render(body=source)
    with pytest.raises(TooDeep):
        render(contact_block=source)


def test_a_text_that_was_refused_leaves_nothing_behind_for_the_next():
    expected = render_markdown(BODY)
    for source in (
        NESTED_LISTS,
        "- a\n\n    " + "[" * 50_000,
        DEFINITIONS,
        "[^1]: a\n\n" + "<b>" * 200,
    ):
        with pytest.raises(Unrenderable):
            render_markdown(source)
        assert render_markdown(BODY) == expected
        assert render_inline("*a*") == "<em>a</em>"


def test_lists_and_quotations_of_twenty_levels_are_rendered():
    html = render_markdown("\n".join("    " * level + "- a" for level in range(20)))
    assert html.count("<ul>") == 20
    assert render_markdown("> " * 20 + "a").count("<blockquote>") == 20


@pytest.mark.parametrize(
    "source",
    [
        (BODY.replace("[^1]", "") + "\n\n") * 85,
        "|a|b|\n|-|-|\n" + "|**x** y|[l](https://e.example/1)|\n" * 1000,
        "- item with *some* words, a [link](https://e.example/x).\n" * 1500,
        "A short paragraph.\n\n" * 3000,
        "word " * 20_000,
        "".join(f"[^{n}]: Note {n}\n" for n in range(150))
        + "".join(f"a[^{n}] " for n in range(150)),
    ],
)
def test_a_text_far_longer_than_any_brief_is_rendered_all_the_same(source):
    assert render_markdown(source)


def test_what_is_too_long_is_refused_with_its_length():
    assert render_markdown("a " * (LONGEST // 2))
    with pytest.raises(TooLong, match="The text has 100,001 characters; 100,000 are the most"):
        render_markdown("a" * (LONGEST + 1))
    assert render_inline("a" * LONGEST_LINE)
    with pytest.raises(TooLong, match="The key point has 2,001 characters; 2,000 are the most"):
        render(key_points=("a" * (LONGEST_LINE + 1),))


@pytest.mark.parametrize("source", [NESTED_LISTS, "[<b>&" * 15_000, "<b>" * 30_000, "a" * 200_000])
def test_a_page_shows_the_characters_of_what_cannot_be_rendered(source):
    html = show_markdown(source)
    (paragraph,) = Page(html).elements
    assert paragraph.text == " ".join(source[:LONGEST].split())
    page = render_page(Text("Headline", dt.date(2016, 4, 6), key_points=(source,), body=source))
    assert page.body_html == html
    assert page.key_points_html


def test_only_a_bullet_at_the_beginning_of_a_key_point_is_dropped():
    assert render_inline("• Port · harbour") == "Port · harbour"
