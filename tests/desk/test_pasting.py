"""Pasting, toolbar and pictures of the writing form, in a real browser."""

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image as Pillow
from playwright.sync_api import Page

from briefs.models import Image, Snippet
from briefs.rendering import render_markdown
from tests.desk.browsing import Desk
from tests.make import make_publication

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sqlite_only,
    pytest.mark.django_db(transaction=True),
]
CLIPBOARD = Path(__file__).with_name("clipboard")  # written by hand in the shapes of each
ADD = "/admin/briefs/brief/add/"

WORD = """\
## Cranes for the north quay

Two **cranes** arrived—on *Monday*, said “the port”[^1].

**See** [the **report**](https://port.example/a?id=2) or this.

- First
    - Inner
- Second

Then:

1. One
2. Two

> We plan for the average year.

| Quay | Ships |
| --- | ---: |
| North \\| old | 12 |

[^1]: Port *Authority*, 2026."""
GOOGLE_DOCS = """\
## What the figures say

Water **fell** *fast*, see [the note](https://w.example/x_y).[^1]

- Outer \\*star\\*
    - **Inner**
- Next

3. Third
4. Fourth

| A | B |
| --- | --- |
| 1 | 2<br>3 |

1986\\. A year

* * *

[^1]: Water Board."""


def paste(page: Page, html: str, text: str = "bare") -> None:
    page.evaluate(
        """([html, text]) => {
            const data = new DataTransfer();
            data.setData("text/html", html);
            data.setData("text/plain", text);
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
            );
        }""",
        [html, text],
    )


def body_of(page: Page) -> str:
    return page.input_value("textarea[name=body]")


def start(desk: Desk) -> Page:
    page = desk.open(ADD)
    page.locator("textarea[name=body]").click()
    return page


def test_what_word_google_docs_and_pages_copy_becomes_markdown(desk: Desk) -> None:
    make_publication()
    page = start(desk)
    paste(page, (CLIPBOARD / "word.html").read_text())
    assert body_of(page) == WORD
    assert "A picture was left out" in page.inner_text("[data-pasted]")
    page.keyboard.press("Control+z")
    assert body_of(page) == ""
    paste(page, (CLIPBOARD / "google-docs.html").read_text())
    assert body_of(page) == GOOGLE_DOCS
    paste(page, (CLIPBOARD / "word.html").read_text())
    assert "[^2]: Port *Authority*, 2026." in body_of(page)  # the next free number
    page.fill("textarea[name=body]", "")
    paste(page, (CLIPBOARD / "page.html").read_text())
    shown = render_markdown(body_of(page))
    for words in (
        "a_b and __init__ &lt;b&gt; cost 5 * 3 [sic](x) &amp;amp; <code>a*b</code><br>",
        "H<sub>2</sub>O local <a href=\"mailto:a@b.example\">write</a>",
        "<p># no heading</p>",
        "<p>- no list</p>",
        "<p>Only a layout</p>",
    ):  # fmt: skip
        assert words in shown
    assert not any(words in body_of(page) for words in ("alert", "onclick", "hidden", "style"))
    page.fill("textarea[name=body]", "A ")
    page.keyboard.press("Control+End")
    paste(page, "<meta charset=utf-8><a href='https://x.example/'>word</a>", " word")
    assert body_of(page) == "A  [word](https://x.example/)"
    assert desk.wrong == []


def test_the_toolbar_writes_markdown_that_can_be_taken_back_and_pictures_ask_for_their_words(
    desk: Desk, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path
    publication = make_publication(language="de")
    Snippet.objects.create(publication=publication, name="Ropes", kind="sponsor", text="Buy.")
    page = start(desk)
    tools = page.locator(".ib-field:has(textarea[name=body]) [data-tools]")
    page.keyboard.type("one two")
    page.keyboard.press("Control+Shift+ArrowLeft")
    page.keyboard.press("Control+b")
    assert body_of(page) == "one **two**"
    page.keyboard.press("Control+b")
    assert body_of(page) == "one two"
    page.keyboard.press("Control+z")
    assert body_of(page) == "one **two**"
    page.keyboard.press("End")
    page.keyboard.press("Alt+F10")
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.dataset.tool") == "italic"
    page.keyboard.press("Escape")
    tools.locator("[data-tool=footnote]").click()
    page.keyboard.type("Source.")
    assert body_of(page) == "one **two**[^1]\n\n[^1]: Source."
    page.keyboard.press("Control+Home")
    tools.locator("[data-tool=bullets]").click()
    assert body_of(page).startswith("- one **two**[^1]\n")
    page.fill("textarea[name=body]", "Text")
    tools.locator("[data-tool=table]").click()
    page.fill("[data-table-rows]", "1")
    page.fill("[data-table-columns]", "2")
    page.keyboard.press("Enter")
    assert body_of(page) == "Text\n\n| Column 1 | Column 2 |\n| --- | --- |\n|   |   |"
    page.fill("textarea[name=body]", "")
    tools.locator("[data-tool=merge]").click()
    page.fill("[data-merge-default]", "there")
    page.locator("[data-dialog=merge] [data-dialog-go]").click()
    assert body_of(page) == "[[name|there]]"
    page.fill("textarea[name=body]", "")
    tools.locator("[data-tool=snippet]").click()
    page.locator("[data-snippets] button").click()
    assert body_of(page) == "**Anzeige:** Buy."
    page.fill("textarea[name=body]", "")
    stored = io.BytesIO()
    Pillow.new("RGB", (900, 300), "teal").save(stored, "PNG")
    page.evaluate(
        """(octets) => {
            const data = new DataTransfer();
            const file = new File([new Uint8Array(octets)], "<img src=x onerror=alert(1)>.png",
                                  {type: "image/png"});
            data.items.add(file);
            document.activeElement.dispatchEvent(
                new ClipboardEvent("paste", {clipboardData: data, bubbles: true, cancelable: true})
            );
        }""",
        list(stored.getvalue()),
    )
    dialog = page.locator("[data-dialog=image]")
    dialog.locator("[data-dialog-go]").click()
    assert "what the picture shows" in dialog.locator("[data-dialog-error]").inner_text()
    assert not Image.objects.exists()
    dialog.locator("[data-image-alt]").fill("A crane")
    dialog.locator("[data-dialog-go]").click()
    dialog.wait_for(state="hidden")
    image = Image.objects.get()
    assert body_of(page) == f"![A crane]({image.file.url})"
    frame = page.frame_locator("[data-preview-frame]")
    frame.locator(f"img[src='{image.file.url}'][width='560'][height='187']").wait_for()
    held: list[Any] = []
    page.route("**/brief/preview/", lambda r: r.continue_() if held else held.append(r))
    with page.expect_request("**/brief/preview/"):
        page.fill("textarea[name=body]", "older words")
    page.fill("textarea[name=body]", "newer words")
    shown = "document.querySelector('[data-preview-frame]').srcdoc"
    page.wait_for_function(f"{shown}.includes('newer words')")
    held[0].fulfill(json={"html": "late", "sender": "", "subject": "", "octets": 1, "text": ""})
    page.wait_for_timeout(100)
    assert "newer words" in page.evaluate(shown)
    assert desk.wrong == []
