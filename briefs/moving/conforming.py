"""Makes of what another house wrote a brief as ours are: Markdown, key points, clean lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.utils.text import slugify

from briefs.models import Publication
from briefs.rendering import LONGEST_LINE, Unrenderable, render_inline, render_markdown

from . import furniture, html_tree
from .items import Item, RefusedItem, clean_line, clean_text
from .links import resolver
from .pictures import Pictures
from .to_markdown import to_markdown

_LABEL = re.compile(
    r"(?:#{1,6}[ \t]+)?[*_]{0,3}(?:(?:key|main)\s+(?:points|takeaways|judge?ments|findings)"
    r"|bottom line up front|at a glance|in brief|highlights|takeaways|das wichtigste(?: in kürze)?"
    r"|l.essentiel|puntos clave)[*_]{0,3}[: \t]*[*_]{0,3}",
    re.IGNORECASE,
)
_BULLET = re.compile(r"(?:[-*+]|\d{1,2}\.)[ \t]+(?=\S)")
_MOST_POINTS = 20
# Code, where a field of another house may stand because it is what the text is about.
_CODE = re.compile(r"(^(?:```|~~~).*?^(?:```|~~~)[ \t]*$|`[^`\n]+`)", re.DOTALL | re.MULTILINE)
_TARGET = re.compile(r"(?<=\]\()(<?)(https?://[^\s<>()]+(?:\([^\s<>()]*\)[^\s<>()]*)*)(>?)")
_BARE = re.compile(r"(?<![\](=\"'\w])<?(https?://[^\s<>()\[\]\"']+)>?")
_SHORTCODE = re.compile(r"\{\{[<%]\s*figure\b([^{}]{0,500})[%>]\}\}")
_HIGHLIGHT = re.compile(
    r"\{%-?\s*highlight\s+(\w+)[^%]{0,60}%\}\n?(.*?)\n?\{%-?\s*endhighlight\s*-?%\}", re.DOTALL
)
_ATTRIBUTE = re.compile(r"(\w+)\s*=\s*\"([^\"]*)\"")


def conform(item: Item, publication: Publication, pictures: Pictures, base: str) -> None:
    """Make *item* fit to be stored; raise RefusedItem where it cannot be."""
    if item.is_exact:
        _exact(item, pictures)
    else:
        _foreign(item, publication, pictures, base)
    if not item.headline:
        raise RefusedItem("It has no headline.")
    if len(item.headline) > 200 or len(item.preheader) > 200 or len(item.series or "") > 80:
        raise RefusedItem("Its headline, series or description is longer than any of ours.")
    _require_shown(item)


def _require_shown(item: Item) -> None:
    try:
        render_markdown(item.body)
        for point in item.key_points:
            render_inline(point)
    except Unrenderable as error:
        raise RefusedItem(str(error)) from error


def _exact(item: Item, pictures: Pictures) -> None:
    item.body = pictures.exact(item, item.body)
    if item.contact_block:
        item.contact_block = pictures.exact(item, item.contact_block)
    for correction in item.corrections:
        for state in (correction.before, correction.after):
            for key in ("body", "contact_block"):
                if key in state:
                    state[key] = pictures.exact(item, state[key])


def _foreign(item: Item, publication: Publication, pictures: Pictures, base: str) -> None:
    counts: Counter[str] = Counter()

    def say(what: str) -> None:
        counts[what] += 1

    resolve = resolver(base, say)
    if item.is_html:
        item.body = _from_html(item, resolve, pictures, say)
    else:
        item.body = _from_markdown(item, resolve, pictures, say)
    _lines(item, publication, say)
    if not item.key_points:
        item.key_points, item.body = _points(item.body)
    item.notes += [f"{what}: {count}" for what, count in sorted(counts.items())]


def _lines(item: Item, publication: Publication, say: Callable[[str], None]) -> None:
    """Cut the short texts of *item* to what ours have, and clean them of fields."""
    zone = ZoneInfo(publication.time_zone)
    whole = clean_line(furniture.without_fields(clean_text(item.headline), say), 2_000)
    begins = f"{publication.series}:"
    if item.series is None and publication.series and whole.lower().startswith(begins.lower()):
        whole = whole[len(begins) :].strip() or whole
    item.headline = clean_line(whole)
    if item.headline != whole:
        item.notes.append("its headline was cut to 200 characters")
    preheader = furniture.without_fields(clean_text(item.preheader), say)
    item.preheader = clean_line(preheader)
    item.series = clean_line(item.series, 80) if item.series else None
    item.slug = slugify(item.slug)[:90].strip("-")
    item.key_points = [
        line for one in item.key_points[:_MOST_POINTS] if (line := clean_line(one, LONGEST_LINE))
    ]
    item.authors = _distinct(item.authors, 120)
    item.topics = [
        (name, kind)
        for kind in ("region", "subject")
        for name in _distinct([one for one, its in item.topics if its == kind], 80)
    ]
    item.groups = _distinct(item.groups, 80)
    if item.published_at and item.date is None:
        item.date = item.published_at.astimezone(zone).date()


def _distinct(names: list[str], most: int) -> list[str]:
    """Return *names* as lines, each once whatever its case."""
    found: dict[str, str] = {}
    for name in names[:50]:
        line = clean_line(name, most)
        if line:
            found.setdefault(line.casefold(), line)
    return list(found.values())


def _from_html(
    item: Item, resolve: Callable[[str], str], pictures: Pictures, say: Callable[[str], None]
) -> str:
    root, embeds = html_tree.read(furniture.strip_comments(clean_text(item.body)))
    for _number in range(embeds):
        say("films, sounds and frames left out")
    furniture.strip_tree(root, say)

    def addressed(href: str) -> str:
        # A link that was filled in for each reader leads nowhere for everybody.
        if furniture.has_field(href):
            say("links with merge fields")
            return ""
        return resolve(href)

    return to_markdown(root, addressed, pictures.shown(item, resolve))


def _from_markdown(
    item: Item, resolve: Callable[[str], str], pictures: Pictures, say: Callable[[str], None]
) -> str:
    """Return the body without furniture; code stays as it is."""
    text = clean_text(item.body)
    if "endhighlight" in text and text.count("highlight") < 1_000:  # each begun one is looked after
        text = _HIGHLIGHT.sub(r"```\1\n\2\n```", text)
    text = re.sub(r"(?m)^<!--\s*buttondown-editor-mode:[^>]*-->\s*", "", text)
    text = "".join(
        part if number % 2 else _outside_code(part, resolve, say)
        for number, part in enumerate(_CODE.split(text))
    )
    item.body = text
    return pictures.in_markdown(item, resolve).strip("\n").rstrip()


def _outside_code(text: str, resolve: Callable[[str], str], say: Callable[[str], None]) -> str:
    text = _SHORTCODE.sub(_figure, text)
    if "<!--" in text:
        text = furniture.strip_comments(text)
    if re.search(r"(?m)^[ \t]*<(?:p|div|table|a|img|center)\b", text):
        text = re.sub(r"<img\b[^<>]{0,1000}>", lambda m: _unless_pixel(m[0], say), text)
    kept = []
    for block in re.split(r"(\n{2,})", text):
        words = re.sub(r"!?\[([^\[\]]*)\]\([^()\s]*\)|<[^<>]{1,500}>", r"\1", block)
        bare = re.sub(r"[*_#>~]+", "", furniture.without_fields(words, lambda _what: None)).strip()
        if furniture.is_furniture(bare):
            say("ways out, web views and buttons of the mail")
        else:
            kept.append(block)
    text = furniture.without_fields("".join(kept), say)
    # A link whose address was all field is only its words now.
    text = re.sub(r"(?<!!)\[([^\[\]\n]{1,300})\]\(\s*<?>?\s*\)", r"\1", text)
    text = _TARGET.sub(lambda m: f"{m[1]}{resolve(m[2])}{m[3]}", text)
    text = re.sub(r"(?<!!)\[([^\[\]\n]{1,300})\]\(<?>?\)", r"\1", text)
    return _BARE.sub(lambda m: m[0].replace(m[1], resolve(m[1])) if resolve(m[1]) else m[0], text)


def _unless_pixel(tag: str, say: Callable[[str], None]) -> str:
    if re.search(r"\b(?:width|height)\s*=\s*[\"']?[01](?:px)?[\"'\s/>]", tag):
        say("tracking pixels")
        return ""
    return tag


def _figure(match: re.Match[str]) -> str:
    """Return Hugo's shortcode for a picture as Markdown."""
    given = dict(_ATTRIBUTE.findall(match[1]))
    if not given.get("src"):
        return ""
    words = given.get("alt") or given.get("caption") or given.get("title") or ""
    return f"![{words}]({given['src'].replace(' ', '%20')})"


def _points(body: str) -> tuple[list[str], str]:
    """Take the list under a first line that says “Key points”; return it and what is left."""
    lines = body.lstrip("\n").split("\n")
    if not lines or not _LABEL.fullmatch(lines[0].strip()):
        return [], body
    at = 1
    while at < len(lines) and not lines[at].strip():
        at += 1
    points: list[str] = []
    while at < len(lines):
        line = lines[at]
        bullet = _BULLET.match(line)
        following = lines[at + 1] if at + 1 < len(lines) else ""
        if bullet:
            points.append(line[bullet.end() :].strip())
        elif line.startswith("  ") and line.strip() and points and not _BULLET.match(line.strip()):
            points[-1] += " " + line.strip()
        elif line.strip() or not _BULLET.match(following):
            break
        at += 1
    rest = "\n".join(lines[at:]).lstrip("\n")
    has_levels = rest.startswith("  ")
    if (
        not 1 <= len(points) <= _MOST_POINTS
        or has_levels
        or any(len(p) > LONGEST_LINE for p in points)
    ):
        return [], body
    return points, rest
