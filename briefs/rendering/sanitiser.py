"""What may stand in a brief: an allow-list, so that a new kind of attack meets a closed door."""

from __future__ import annotations

import re

import nh3

from .images import is_own

_INLINE = {
    "a", "abbr", "b", "br", "cite", "code", "del", "em", "i", "ins", "kbd", "mark", "q", "s",
    "small", "strong", "sub", "sup", "u",
}  # fmt: skip
_BLOCK = {
    "blockquote", "dd", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "img", "li", "ol", "p", "pre", "table", "tbody", "td", "tfoot", "th", "thead",
    "tr", "ul", "caption",
}  # fmt: skip
# Their content is code or markup for another parser, never prose.
_WITH_CONTENT = {
    "embed", "iframe", "math", "noembed", "noframes", "noscript", "object", "script", "style",
    "svg", "template", "title", "xmp",
}  # fmt: skip
_ATTRIBUTES = {
    "a": {"href", "title"},
    "abbr": {"title"},
    "img": {"src", "alt", "title", "width", "height"},
    "li": {"id"},
    "ol": {"start"},
    "sup": {"id"},
    "td": {"align", "colspan", "rowspan"},
    "th": {"align", "colspan", "rowspan", "scope"},
}
_CLASSES = {
    "a": {"footnote-ref", "footnote-backref"},
    "div": {"footnote"},
}
_FOOTNOTE = re.compile(r"#?fn(ref\d*)?:[\w.-]{1,60}")
_NUMBER = re.compile(r"\d{1,4}")
_HEADING = re.compile(r"<(/?)h([1-6])>")
_IMAGE = re.compile(r"<img\b[^>]*>")


def sanitise(fragment: str) -> str:
    """Return *fragment* with only harmless HTML left; headings start at level two."""
    clean = _blocks.clean(fragment)
    # The page and the mail have one first-level heading: the headline.
    clean = _HEADING.sub(lambda m: f"<{m[1]}h{min(int(m[2]) + 1, 6)}>", clean)
    return _IMAGE.sub(_whole_image, clean)


def sanitise_inline(fragment: str) -> str:
    """Return *fragment* with only harmless HTML left that fits inside a paragraph."""
    return _inline.clean(fragment).strip()


def _allowed_value(tag: str, name: str, value: str) -> str | None:
    if name == "href":
        return _allowed_link(value)
    if name == "src":
        if is_own(value):
            return value
        # Mail clients block or flag plain http, and a data: URL is megabytes of mail.
        link = _allowed_link(value)
        return link if link and link.startswith("https://") else None
    if name == "id":
        return value if _FOOTNOTE.fullmatch(value) else None
    if name == "align":
        return value if value in {"left", "right", "center"} else None
    if name in {"width", "height", "colspan", "rowspan", "start"}:
        return value if _NUMBER.fullmatch(value) else None
    if name == "scope":
        return value if value in {"row", "col"} else None
    return value


def _allowed_link(value: str) -> str | None:
    # A line break in a URL would end a line of the text part in the middle of it.
    url = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]", "", value).strip().replace(" ", "%20")
    scheme, colon, rest = url.partition(":")
    if colon and scheme.lower() in {"http", "https"} and rest.startswith("//") and len(rest) > 2:
        return scheme.lower() + colon + rest
    if colon and scheme.lower() == "mailto" and rest:
        return scheme.lower() + colon + rest
    return url if _FOOTNOTE.fullmatch(url) and url.startswith("#") else None


def _allowed_without_host(value: str) -> str | None:
    return value if is_own(value) else _allowed_link(value)


def _whole_image(match: re.Match[str]) -> str:
    tag = match[0]
    if ' src="' not in tag:
        return ""
    return tag if ' alt="' in tag else tag[:-1] + ' alt="">'


def _cleaner(tags: set[str]) -> nh3.Cleaner:
    return nh3.Cleaner(
        tags=tags,
        clean_content_tags=_WITH_CONTENT,
        attributes={tag: names for tag, names in _ATTRIBUTES.items() if tag in tags},
        attribute_filter=_allowed_value,
        allowed_classes={tag: names for tag, names in _CLASSES.items() if tag in tags},
        url_schemes={"http", "https", "mailto"},
        url_relative=_allowed_without_host,
        link_rel=None,
    )


_inline = _cleaner(_INLINE)
_blocks = _cleaner(_INLINE | _BLOCK)
