"""Small archives in the shapes of other houses, with words of our own."""

import base64
import io
import json
import zipfile
from pathlib import Path

from PIL import Image as Pillow

TRACKED = "https://substack.com/redirect/2/" + base64.urlsafe_b64encode(
    json.dumps({"e": "https://port.example/tides"}).encode()
).decode().rstrip("=")


def png(colour: str = "teal", size: tuple[int, int] = (40, 30)) -> bytes:
    """Return a small picture."""
    made = io.BytesIO()
    Pillow.new("RGB", size, colour).save(made, "PNG")
    return made.getvalue()


def zipped(path: Path, files: dict[str, str | bytes]) -> Path:
    """Store *files* in a ZIP."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


SUBSTACK_HTML = f"""
<h3>Key points</h3><ul><li><p>The tide was <strong>late</strong></p></li>
<li><p>Nobody knows why</p></li></ul>
<p>The harbour at *dawn*<a class="footnote-anchor" data-component-name="FootnoteAnchorToDOM"
id="footnote-anchor-1" href="#footnote-1" target="_self">1</a>, read
<a href="{TRACKED}">the table</a> and <a href="https://substack.com/redirect/0c3f">another</a>.</p>
<div class="subscription-widget-wrap-editor"><div class="subscription-widget show-subscribe">
<p class="cta-caption">Thanks for reading!</p><form><input type="email"></form></div></div>
<p class="button-wrapper"><a class="button primary" href="%%share_url%%"><span>Share</span></a></p>
<div class="captioned-image-container"><figure><a class="image-link"
href="https://img.example/a.png"><div class="image2-inset"><picture><source srcset="x"><img
src="https://img.example/a.png" alt="A crane" width="1200"></picture></div></a>
<figcaption class="image-caption">The third crane</figcaption></figure></div>
<script>alert(1)</script>
<p onclick="alert(2)">Last <em>words</em> for {{{{ subscriber.name }}}}.</p>
<img src="https://eotrx.substackcdn.com/open?token=abc" width="1" height="1">
<div class="footnote" data-component-name="FootnoteToDOM"><a id="footnote-1"
href="#footnote-anchor-1" class="footnote-number">1</a><div class="footnote-content">
<p>By the <em>old</em> clock.</p></div></div>
"""


def substack(path: Path) -> Path:
    """Store an export of Substack: a post for all, one that was paid for, a draft, and a thread."""
    head = "post_id,post_date,is_published,email_sent_at,type,audience,title,subtitle,podcast_url\n"
    return zipped(
        path,
        {
            "export/posts.csv": head
            + "901.late-tide,2019-07-26T20:48:19.814Z,true,,newsletter,everyone,Late Tide,A sub,\n"
            + "902.paid-tide,2019-08-02T08:00:00.000Z,true,,newsletter,only_paid,Paid Tide,,\n"
            + "903.draft,,false,,newsletter,everyone,Half a Tide,,\n"
            + "904.chat,2019-08-03T08:00:00.000Z,true,,thread,everyone,Talk,,\n"
            + "905.gone,2019-08-04T08:00:00.000Z,true,,newsletter,everyone,Gone,,\n",
            "export/posts/901.late-tide.html": SUBSTACK_HTML,
            "export/posts/902.paid-tide.html": "<p>For those who paid.</p>",
            "export/posts/903.draft.html": "<p>Not yet.</p>",
            "export/posts/904.chat.html": "<p>Hello?</p>",
        },
    )


def ghost(path: Path) -> Path:
    """Store an export of Ghost: a post with author, tags and picture, and a page."""
    post = {
        "id": "5f1",
        "uuid": "aa-bb",
        "title": "Low Water",
        "slug": "low-water",
        "html": '<p><a href="__GHOST_URL__/other/">Other</a> news<sup class="footnote-ref">'
        '<a href="#fn1" id="fnref1">[1]</a></sup>.</p>'
        '<div class="kg-card kg-signup-card"><p>Join</p>'
        '</div><!--members-only--><section class="footnotes"><ol class="footnotes-list">'
        '<li id="fn1" class="footnote-item"><p>A note. <a href="#fnref1" class="footnote-backref">↩︎'
        "</a></p></li></ol></section>",
        "status": "published",
        "type": "post",
        "visibility": "members",
        "published_at": "2021-03-04T23:30:00.000Z",
        "custom_excerpt": "What was low",
        "feature_image": "__GHOST_URL__/content/images/2021/03/low.png",
    }
    data = {
        "posts": [post, {"id": "5f2", "title": "About", "type": "page", "html": "<p>Us</p>"}],
        "posts_meta": [{"post_id": "5f1", "feature_image_alt": "The quay"}],
        "users": [{"id": "1", "name": "Ada Quay"}],
        "tags": [{"id": "7", "name": "Ports"}, {"id": "8", "name": "#hidden"}],
        "posts_authors": [{"post_id": "5f1", "author_id": "1", "sort_order": 0}],
        "posts_tags": [{"post_id": "5f1", "tag_id": n, "sort_order": 1} for n in ("7", "8")],
    }
    files: dict[str, str | bytes] = {
        "ghost.json": json.dumps({"db": [{"meta": {"version": "5.8"}, "data": data}]}),
        "content/images/2021/03/low.png": png(),
    }
    return zipped(path, files)


def ghost_editors(path: Path) -> Path:
    """Store an export of Ghost whose posts have no HTML, only what its two editors store."""

    def text(words: str, form: int = 0) -> dict[str, object]:
        return {"type": "extended-text", "text": words, "format": form}

    def block(kind: str, *children: object, **more: object) -> dict[str, object]:
        return {"type": kind, "children": list(children), **more}

    link = block("link", text("the log"), url="https://log.example/")
    lexical = {"root": block(
        "root",
        block("paragraph", text("Low & "), text("bold", 1), text(" both", 3), text(", see "), link),
        block("extended-heading", text("Tides"), tag="h2"),
        block("list", block("listitem", text("one")), block("listitem", text("two")),
              listType="number"),
        block("extended-quote", text("So it is.")),
        {"type": "horizontalrule"},
        {"type": "image", "src": "https://img.example/a.png", "alt": "A quay",
         "caption": "At <b>night</b>"},
        {"type": "html", "html": "<p>Raw <em>words</em></p><script>alert(1)</script>"},
        {"type": "markdown", "markdown": "Marked *down*."},
        {"type": "codeblock", "code": "a < b"},
        {"type": "bookmark", "url": "https://book.example/", "metadata": {"title": "A book"}},
        {"type": "callout", "calloutText": "Mind the gap", "calloutEmoji": "!"},
        {"type": "signup", "header": "Join"},
        {"type": "poll", "question": "?"},
    )}  # fmt: skip
    mobiledoc = {
        "version": "0.3.1",
        "atoms": [["soft-return", "", {}]],
        "cards": [["image", {"src": "https://img.example/b.png", "alt": "Old"}], ["hr", {}],
                  ["card-markdown", {"markdown": "- item"}], ["email-cta", {"html": "Buy"}]],
        "markups": [["strong"], ["a", ["href", "https://old.example/"]]],
        "sections": [[1, "h2", [[0, [], 0, "Old"]]],
                     [1, "p", [[0, [0], 1, "bold"], [0, [], 0, " and "], [0, [1], 1, "a link"]]],
                     [3, "ul", [[[0, [], 0, "one"]], [[0, [], 0, "two"]]]],
                     [10, 0], [10, 1], [10, 2], [10, 3]],
    }  # fmt: skip
    posts = [
        {"id": "1", "title": "New Editor", "slug": "new", "html": None, "status": "published",
         "published_at": "2024-01-02T08:00:00.000Z", "lexical": json.dumps(lexical)},
        {"id": "2", "title": "Old Editor", "slug": "old", "html": "", "status": "published",
         "published_at": "2019-01-02T08:00:00.000Z", "mobiledoc": json.dumps(mobiledoc)},
        {"id": "3", "title": "Broken", "lexical": '{"root": 7}'},
        {"id": "4", "title": "Endless", "lexical": "[" * 100_000},
    ]  # fmt: skip
    return zipped(path, {"ghost.json": json.dumps({"db": [{"data": {"posts": posts}}]})})


def buttondown(path: Path) -> Path:
    """Store an export of Buttondown: a public mail, a private one, and a draft."""
    head = "id,secondary_id,subject,publish_date,source,email_type,slug\n"
    rows = (
        "007b,5,High Water,2024-03-13 00:16:05.343246+00:00,api,public,high-water\n"
        "007c,6,Members Only,2024-03-14 10:00:00+00:00,api,private,members-only\n"
        "007d,,Unsent,,api,public,unsent\n"
    )
    text = (
        "Hello {{ subscriber.metadata.first_name | default: 'friend' }},\n\n## Highlights\n\n"
        "- One thing\n\nSee [the log](https://x.list-manage.com/track/click?u=1&id=2) or\n"
        "[this](https://log.example/a?utm_source=mail&b=1). In code: `{{ name }}`.\n\n"
        "[Unsubscribe]({{ unsubscribe_url }})\n"
    )
    return zipped(
        path,
        {
            "emails.csv": head + rows,
            "emails/high-water.md": text,
            "emails/members-only.md": "Just *you*.",
            "emails/unsent.md": "Soon.",
        },
    )


def listmonk(path: Path) -> Path:
    """Store campaigns as the API of listmonk gives them."""
    body = (
        '<p>Ebb. <a href="{{ UnsubscribeURL }}">Unsubscribe</a></p><p>Dear {{ .Subscriber.Name }}, '
        'the <a href="https://ebb.example/x@TrackLink">ebb</a>.</p>'
        '<p><a href="{{ MessageURL }}">View in browser</a></p>{{ TrackView }}'
    )
    one = {
        "id": 1,
        "uuid": "11111111-2222-3333-4444-555555555555",
        "name": "Ebb",
        "subject": "The Ebb",
        "body": body,
        "content_type": "richtext",
        "status": "finished",
        "started_at": "2022-01-02T06:00:00Z",
        "tags": ["tides"],
        "archive": True,
        "archive_slug": "the-ebb",
        "type": "regular",
    }
    path.write_text(json.dumps({"data": {"results": [one], "total": 1}}))
    return path


def beehiiv(path: Path) -> Path:
    """Store a table of beehiiv."""
    path.write_text(
        "id,web_title,status,audience,content_tags,url,web_subtitle,email_subject_line,"
        "email_preview_text,content_html,thumbnail_url,created_at\n"
        'post_1,Spring Tide,confirmed,free,"tides, ports",https://old.example/p/spring-tide,Sub,'
        'Subject,Preview,"<p>Up &amp; <b>down</b></p>",,2023-05-01T10:00:00Z\n'
    )
    return path


HUGO = """+++
title = "Slack Water"
date = 2018-05-06T07:08:09Z
tags = ["tides"]
authors = ["Ada Quay", "Ben Pier"]
aliases = ["/2018/slack.html"]
description = "Neither in nor out"
+++

![The quay](quay.png) and [[First name|you]]

**Key points:**

* not the first thing here
"""
JEKYLL = """---
layout: post
title: "Neap: half a tide"
categories: [ports, tides]
author: {name: Ben Pier}
---
# Neap: half a tide

{% highlight python %}
print("{{ kept }}")
{% endhighlight %}

Words\u00a0here {{ site.name }}.
"""


def markdown(path: Path) -> Path:
    """Store what Hugo and Jekyll read."""
    files: dict[str, str | bytes] = {
        "content/posts/slack/index.md": HUGO,
        "content/posts/slack/quay.png": png("navy"),
        "_posts/2017-02-03-neap.md": JEKYLL,
        "_drafts/later.md": "---\ntitle: Later\ndate: 2019-01-01\n---\nNot yet.\n",
        "README.md": "# A site",
    }
    return zipped(path, files)
