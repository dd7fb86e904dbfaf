"""What a mail had around its text: another house's fields, buttons, pixels, ways out."""

from __future__ import annotations

import re
from collections.abc import Callable

from .html_tree import Node

Say = Callable[[str], None]

# Classes of what is no text: subscribe forms, buttons, share bars, as these houses name them.
_CLASSES = re.compile(
    r"(subscription-widget\S*|subscribe-\S*|button-wrapper|captioned-button-wrap|share-dialog"
    r"|post-ufi|post-footer|footer-wrap|paywall\S*|image-link-expand|like-button-container"
    r"|install-substack-app|community-chat|poll-embed|header-anchor-parent|header-anchor-widget"
    r"|kg-button-card|kg-email-cta|kg-signup-card|kg-cta-card|kg-email-card|kg-header-card"
    r"|mcnfollow\S*|mcnshare\S*|social-share\S*|share-buttons?|preheader|preview-text)"
)
# A short paragraph that says only this is furniture, whatever house it comes from.
_LINE = re.compile(
    r"(?:.{0,60}\b(?:unsubscribe|manage (?:your )?(?:subscription|preferences)"
    r"|update (?:your )?preferences|email preferences)\b.{0,90}"
    r"|(?:view|read|open|see) (?:this |it )?"
    r"(?:(?:post|email|e-mail|mail|message|issue|newsletter) )?"
    r"(?:on the web|online|in (?:your |a |the )?(?:web )?(?:browser|app)).{0,30}"
    r"|(?:having )?trouble (?:viewing|reading) this.{0,80}"
    r"|(?:subscribe|subscribe now|share|share this post|leave a comment|upgrade to paid|read more"
    r"|give a gift subscription|like|restack|forward (?:this )?(?:to|email).{0,40}"
    r"|sent (?:with|by|via|from) \w+|powered by \w+"
    r"|share .{1,60}|tweet(?: this)?))[.!:»→ ]*",
    re.IGNORECASE,
)
_PIXEL = re.compile(
    r"/track/open|/open\.(?:php|aspx|gif)|/o/[\w-]{16,}|/wf/open|/e/o/|/pixel\b|/beacon\b"
    r"|open\.substack\.com|eotrx\.substackcdn|email\.mg|list-manage\.com/track",
    re.IGNORECASE,
)
# Fields of other houses. What stands as a default is what everybody gets.
_DEFAULT = re.compile(
    r"\{\{[^{}\n]{0,80}?(?:\bdefault:?\s*|\bor\s+[.\w]+\s+|\|\s*default\()['\"]([^'\"{}\n]{0,80})['\"]"
    r"[^{}\n]{0,20}\}\}|\{\w{1,40},\s*['\"]([^'\"{}\n]{0,80})['\"]\}"
)
_TAGS = re.compile(
    r"\{\{[^{}\n]{0,300}\}\}|\{%[^{}\n]{0,300}%\}|\*\|[A-Za-z0-9_:]{1,60}\|\*"
    r"|%recipient(?:\.\w{1,40})?%|%%[A-Za-z_]{2,40}%%|%[A-Z][A-Z_]{2,40}%|\$\{[A-Za-z_.]{1,40}\}"
    r"|\{\$[a-z_]{1,40}\}"
    r"|(?<!\\)\[\[[ \t]*[^\W\d_][\w .\\-]{0,59}[ \t]*(?:\|([^\[\]\n]{0,200}))?\]\](?!\()"
    r"|\[(?:UNSUBSCRIBE|UNSUBSCRIBE_URL|VIEW_IN_BROWSER|EMAIL|FNAME|FIRSTNAME)\]"
    # Of an address that was encoded before its field was filled in.
    r"|%7B%7B.{0,80}?%7D%7D|\*%7C.{0,60}?%7C\*",
)
_MSO = re.compile(r"<!(?:--)?\[(?:if|endif)[^\]]*\](?:--)?>")


def without_fields(text: str, say: Say) -> str:
    """Return *text* without the fields that another house filled in for each reader."""
    if not any(mark in text for mark in "{*%[$"):
        return text

    def told(match: re.Match[str]) -> str:
        say("merge fields")
        return next((group for group in match.groups() if group), "") if match.groups() else ""

    found = _TAGS.sub(told, _DEFAULT.sub(told, text))
    if found == text:
        return text
    # “Dear {{name}},” would leave a space before the comma.
    return re.sub(r"[ \t]+(?=[,.!;:?](?:\s|$))", "", re.sub(r"(?<=\S)[ \t]{2,}", " ", found))


def has_field(text: str) -> bool:
    """Tell whether another house would have put something into *text*."""
    return bool(_TAGS.search(text))


def is_furniture(words: str) -> bool:
    """Tell whether a paragraph of these words is no part of the text."""
    return bool(words) and len(words) <= 180 and bool(_LINE.fullmatch(words))


def strip_tree(root: Node, say: Say) -> None:
    """Take out of a tree what was around the text, and the fields inside it."""
    kept: list[Node | str] = []
    for child in root.children:
        if isinstance(child, str):
            kept.append(without_fields(child, say))
            continue
        what = _furniture_of(child)
        if what:
            say(what)
            continue
        strip_tree(child, say)
        kept.append(child)
    root.children = kept


def _furniture_of(node: Node) -> str:
    """Return what *node* is, if it is no part of the text; "" if it may be."""
    style = node.style
    if any(_CLASSES.fullmatch(name) for name in node.classes):
        return "buttons, forms and share bars"
    if "hidden" in node.attributes or "display:none" in style or "mso-hide:all" in style:
        return "hidden text"
    if node.name == "img" and _is_pixel(node):
        return "tracking pixels"
    if node.name in ("p", "div", "td", "li", "h1", "h2", "h3", "h4", "footer", "center", "small"):
        words = node.words()
        if is_furniture(without_fields(words, lambda _what: None)) or _is_bare_way_out(node, words):
            return "ways out, web views and buttons of the mail"
    return ""


def _is_bare_way_out(node: Node, words: str) -> bool:
    """Tell whether *node* is one short line with a link that is filled in for each reader."""
    if not words or len(words) > 120 or node.name not in ("p", "div", "td"):
        return False
    links = [one for one in node.walk() if one.name == "a"]
    linked = sum(len(one.words()) for one in links if has_field(one.get("href")))
    return linked * 2 > len(words)


def _is_pixel(node: Node) -> bool:
    sizes = {node.get("width").removesuffix("px"), node.get("height").removesuffix("px")}
    if sizes & {"0", "1"} or re.search(r"(?:width|height):[01]px", node.style):
        return True
    return bool(_PIXEL.search(node.get("src"))) or has_field(node.get("src"))


def strip_comments(source: str) -> str:
    """Return HTML or Markdown without comments, which may hold another mail program's text."""
    kept, at = [], 0
    while (begin := source.find("<!--", at)) >= 0 and (close := source.find("-->", begin)) >= 0:
        kept.append(source[at:begin])
        at = close + 3
    return _MSO.sub("", "".join([*kept, source[at:]]))
