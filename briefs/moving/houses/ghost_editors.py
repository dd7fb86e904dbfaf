"""What Ghost's editors store of a post, Lexical and before it Mobiledoc, as HTML.

Some exports have nothing else of a post. Text and cards become the HTML that
Ghost itself makes of them; what has no place in a text is told by name.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Iterable
from typing import Any

from briefs.moving.items import RefusedItem
from briefs.rendering import show_markdown

Node = dict[str, Any]
Say = Callable[[str], None]

_DEEPEST = 40
# Bits of a text's `format`, from the inside out.
_MARKS = ((16, "code"), (32, "sub"), (64, "sup"), (128, "mark"), (4, "s"), (2, "em"), (1, "strong"))
_HEADINGS = {"h1", "h2", "h3", "h4", "h5", "h6"}
_INLINE = {"b", "strong", "i", "em", "s", "code", "sub", "sup", "mark", "a", "u"}
_OLD_CARDS = {"hr": "horizontalrule", "code": "codeblock", "card-markdown": "markdown"}
_BLOCKS = {
    "paragraph": "p",
    "quote": "blockquote",
    "extended-quote": "blockquote",
    "aside": "blockquote",
    "listitem": "li",
}


def to_html(post: dict[str, Any], say: Say) -> str:
    """Return the text of *post* as HTML; "" where no editor stored one.

    *say* is told each kind of card that was left out. Raise RefusedItem for
    what is no document of these editors.
    """
    for name, read in (("lexical", _from_lexical), ("mobiledoc", _from_mobiledoc)):
        stored = post.get(name)
        if not stored:
            continue
        try:
            document = json.loads(stored) if isinstance(stored, str) else stored
            return read(document, say)
        except (ValueError, RecursionError, KeyError, TypeError, IndexError, AttributeError) as bad:
            raise RefusedItem(
                f"It has no HTML, and its {name} cannot be read. Open and save it in Ghost, then "
                "export again."
            ) from bad
    return ""


# --- Lexical ----------------------------------------------------------------


def _from_lexical(document: Any, say: Say) -> str:
    return _all(document["root"]["children"], say, 0)


def _all(nodes: Any, say: Say, depth: int) -> str:
    return "".join(_node(node, say, depth) for node in nodes or [] if isinstance(node, dict))


def _node(node: Node, say: Say, depth: int) -> str:
    kind = str(node.get("type", ""))
    if depth > _DEEPEST:
        say("what is nested too deep")
        return ""
    inside = _all(node.get("children"), say, depth + 1)
    if kind in _BLOCKS:
        return f"<{_BLOCKS[kind]}>{inside}</{_BLOCKS[kind]}>\n"
    if kind in ("heading", "extended-heading"):
        tag = node.get("tag") if node.get("tag") in _HEADINGS else "h2"
        return f"<{tag}>{inside}</{tag}>\n"
    if kind in ("text", "extended-text", "tk"):
        return _text(node)
    if kind in ("linebreak", "tab"):
        return "<br>" if kind == "linebreak" else " "
    if kind in ("link", "autolink"):
        return f"<a{_attribute('href', node.get('url'))}>{inside}</a>"
    if kind == "list":
        tag = "ol" if node.get("listType") == "number" else "ul"
        return f"<{tag}{_attribute('start', node.get('start'))}>{inside}</{tag}>\n"
    return _card(kind, node, say) + inside


def _text(node: Node) -> str:
    shown = html.escape(str(node.get("text", "")), quote=False)
    form = node.get("format")
    for bit, tag in _MARKS:
        if isinstance(form, int) and form & bit:
            shown = f"<{tag}>{shown}</{tag}>"
    return shown


# --- cards, which both editors have -----------------------------------------


def _card(kind: str, node: Node, say: Say) -> str:
    """Return a card as HTML; what says nothing to a reader of a text is left out, and told."""
    make = _CARDS.get(kind)
    made = make(node) if make else ""
    if not made:
        say(f"{kind or 'a nameless'} card")
    return made + "\n" if made else ""


def _image(node: Node) -> str:
    if not node.get("src"):
        return ""
    shown = f"<img{_attribute('src', node['src'])}{_attribute('alt', node.get('alt') or '')}>"
    return f"<figure>{shown}{_caption(node)}</figure>"


def _caption(node: Node) -> str:
    # Ghost stores it as HTML.
    return f"<figcaption>{node['caption']}</figcaption>" if node.get("caption") else ""


def _gallery(node: Node) -> str:
    images = [one for one in node.get("images") or [] if isinstance(one, dict)]
    # Ghost's rows of a gallery name the file alone.
    return "".join(_image(one) for one in images) + (
        f"<p>{node['caption']}</p>" if node.get("caption") else ""
    )


def _code(node: Node) -> str:
    code = html.escape(str(node.get("code") or ""), quote=False)
    return f"<pre><code>{code}</code></pre>{_caption(node)}" if code else ""


def _bookmark(node: Node) -> str:
    about = node.get("metadata") or {}
    words = about.get("title") or node.get("url")
    more = about.get("description") or ""
    return _link_paragraph(node.get("url"), words, f" – {html.escape(str(more))}" if more else "")


def _embed(node: Node) -> str:
    about = node.get("metadata") or {}
    return _link_paragraph(node.get("url"), about.get("title") or node.get("url"))


def _file(node: Node) -> str:
    return _link_paragraph(
        node.get("src"), node.get("fileTitle") or node.get("title") or node.get("fileName")
    )


def _link_paragraph(url: Any, words: Any, more: str = "") -> str:
    if not url:
        return ""
    return f"<p><a{_attribute('href', url)}>{html.escape(str(words or url))}</a>{more}</p>"


def _callout(node: Node) -> str:
    words = node.get("calloutText") or ""
    emoji = html.escape(str(node.get("calloutEmoji") or ""))
    return f"<blockquote><p>{emoji} {words}</p></blockquote>" if words else ""


def _toggle(node: Node) -> str:
    return f"<h4>{node.get('heading') or ''}</h4>{node.get('content') or ''}"


def _markdown(node: Node) -> str:
    return show_markdown(str(node.get("markdown") or node.get("source") or ""))


_CARDS: dict[str, Callable[[Node], str]] = {
    "horizontalrule": lambda _node: "<hr>",
    "image": _image,
    "gallery": _gallery,
    "html": lambda node: str(node.get("html") or ""),
    "markdown": _markdown,
    "codeblock": _code,
    "bookmark": _bookmark,
    "embed": _embed,
    "callout": _callout,
    "toggle": _toggle,
    "file": _file,
    "audio": _file,
    "video": _file,
}


def _attribute(name: str, value: Any) -> str:
    return f' {name}="{html.escape(str(value))}"' if value not in (None, "") else ""


# --- Mobiledoc --------------------------------------------------------------


def _from_mobiledoc(document: Any, say: Say) -> str:
    found = []
    for section in document["sections"]:
        kind, *rest = section
        if kind == 1:
            tag, markers = rest[0], rest[1]
            found.append(f"<{_block(tag)}>{_markers(markers, document)}</{_block(tag)}>")
        elif kind == 2:
            found.append(_image({"src": rest[0]}))
        elif kind == 3:
            tag = "ol" if rest[0] == "ol" else "ul"
            rows: Iterable[Any] = rest[1]
            items = "".join(f"<li>{_markers(row, document)}</li>" for row in rows)
            found.append(f"<{tag}>{items}</{tag}>")
        else:
            name, payload = document["cards"][rest[0]][:2]
            found.append(_card(_OLD_CARDS.get(name, str(name)), payload or {}, say))
    return "\n".join(found)


def _block(tag: Any) -> str:
    if tag in _HEADINGS or tag == "blockquote":
        return str(tag)
    return "blockquote" if tag == "aside" else "p"


def _markers(markers: Any, document: Any) -> str:
    """Return a row of texts, each of which opens some marks and closes as many as it says."""
    found, opened = "", []
    for kind, opens, closes, value in markers:
        for number in opens:
            tag, *attributes = document["markups"][number]
            tag = str(tag).lower()
            given = attributes[0] if attributes else []
            named = dict(zip(given[::2], given[1::2], strict=False))
            opened.append(tag if tag in _INLINE else "")
            target = _attribute("href", named.get("href")) if tag == "a" else ""
            found += f"<{tag}{target}>" if opened[-1] else ""
        if kind == 0:
            found += html.escape(str(value), quote=False)
        else:
            name, words = document["atoms"][value][:2]
            found += "<br>" if name == "soft-return" else html.escape(str(words), quote=False)
        for _ in range(closes):
            tag = opened.pop()
            found += f"</{tag}>" if tag else ""
    return found + "".join(f"</{tag}>" for tag in reversed(opened) if tag)
