"""HTML of other houses as Markdown, by the rules of what is pasted at the desk (convert.js)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .html_tree import BLOCKS, Node

Resolve = Callable[[str], str]
_DEEPEST = 40
_NOTE = re.compile(r"#(?:user-content-)?(?:_?ftn|fn|footnote|note)[:-]?(\w{1,20})", re.IGNORECASE)
_NOTE_BACK = re.compile(
    r"#(?:user-content-)?(?:_?ftnref|fnref\d*|footnote-anchor|footnote-ref|noteref|ref)[:-]?\w{0,20}",
    re.IGNORECASE,
)
_NOTE_ID = re.compile(r"(?:user-content-)?(?:_?ftn|fn|footnote|note)[:-]?(\w{1,20})", re.IGNORECASE)
_IN_WORDS = re.compile(r"(^|[^\w])_+|_+(?=$|[^\w])")


def to_markdown(root: Node, resolve: Resolve, picture: Callable[[str, str], str]) -> str:
    """Return *root* as Markdown.

    *resolve* makes an address one that can be kept, *picture* an image's address
    and words a line that shows it; both may say "" for nothing.
    """
    return _Converter(resolve, picture).document(root)


@dataclass(frozen=True)
class _Run:
    text: str
    marks: str = ""


@dataclass
class _Converter:
    resolve: Resolve
    picture: Callable[[str, str], str]
    notes: dict[str, int] = field(default_factory=dict)
    defined: dict[int, str] = field(default_factory=dict)

    def document(self, root: Node) -> str:
        """Return the whole text, with its notes at the end."""
        blocks = self.blocks(root, 0)
        notes = [f"[^{n}]: {words}" for n, words in sorted(self.defined.items()) if words]
        text = "\n\n".join([*blocks, "\n".join(notes)] if notes else blocks)
        # A call whose note did not come along is a plain number.
        for number in set(self.notes.values()) - set(self.defined):
            text = text.replace(f"[^{number}]", "")
        text = text.replace("\u200b", "").replace("\ufeff", "").replace("\u00a0", " ")
        text = re.sub(r"(?<! ) +$| {3,}$", "", text, flags=re.MULTILINE)
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    def number_of(self, key: str) -> int:
        return self.notes.setdefault(key, len(self.notes) + 1)

    # --- blocks ---

    def blocks(self, parent: Node, depth: int) -> list[str]:
        if depth > _DEEPEST:
            return [_escaped(parent.words())]
        found: list[str] = []
        loose: list[Node | str] = []
        for child in parent.children:
            if isinstance(child, str) or not _is_block(child):
                loose.append(child)
                continue
            if loose:
                found.append(_paragraph(self.inline(loose)))
                loose = []
            found += self.block(child, depth + 1)
        if loose:
            found.append(_paragraph(self.inline(loose)))
        return [text for text in found if text.strip()]

    def block(self, node: Node, depth: int) -> list[str]:
        if self.is_note(node, depth):
            return []
        name = node.name
        if re.fullmatch(r"h[1-6]", name):
            return self.heading(node)
        if name in ("ul", "ol"):
            return [self.listing(node, depth)]
        if name == "li":
            return [self.item(node, "- ", depth)]
        if name == "blockquote":
            text = "\n\n".join(self.blocks(node, depth))
            return ["\n".join(f"> {line}" if line else ">" for line in text.split("\n"))] * bool(
                text
            )
        if name == "pre":
            return [_code(node)]
        if name == "table":
            return self.table(node, depth)
        if name == "figure":
            return self.figure(node, depth)
        if name == "hr":
            return ["* * *"]
        return self.blocks(node, depth)

    def heading(self, node: Node) -> list[str]:
        # Deeper levels than three look like text in a mail, and the headline is the first.
        level = min(4, max(2, int(node.name[1])))
        words = re.sub(r"\s*\n\s*", " ", self.inline(node.children)).strip()
        words = re.sub(r"^\*\*(.+)\*\*$", r"\1", words)
        pictures = [one for one in node.walk() if one.name == "img"]
        return [f"{'#' * level} {words}"] if words and not pictures else [words] * bool(words)

    def listing(self, node: Node, depth: int) -> str:
        if depth > _DEEPEST:
            return _escaped(node.words())
        start = node.get("start")
        number = int(start) if start.isdigit() and len(start) < 5 else 1
        rows = []
        for child in node.elements():
            if child.name == "li":
                if self.is_note(child, depth):
                    continue
                rows.append(
                    self.item(child, f"{number}. " if node.name == "ol" else "- ", depth + 1)
                )
                number += 1
            elif child.name in ("ul", "ol"):
                rows.append(_indented(self.listing(child, depth + 1)))
        return "\n".join(row for row in rows if not re.fullmatch(r"\s*(-|\d+\.)\s*", row))

    def item(self, node: Node, marker: str, depth: int) -> str:
        parts = self.blocks(node, depth)
        text = parts.pop(0) if parts and not _is_list(parts[0]) else ""
        text = marker + text.replace("\n", "\n    ")
        for part in parts:
            text += ("\n" if _is_list(part) else "\n\n") + _indented(part)
        return text

    def figure(self, node: Node, depth: int) -> list[str]:
        caption = next((one for one in node.walk() if one.name == "figcaption"), None)
        words = self.inline(caption.children).strip() if caption else ""
        image = next((one for one in node.walk() if one.name == "img"), None)
        if image is None:
            return self.blocks(node, depth)
        shown = self.picture(
            image.get("src"), image.get("alt") or (caption.words() if caption else "")
        )
        lines = [shown] if shown else []
        return [*lines, f"*{words}*" if words and not re.search(r"[*\n]", words) else words]

    def table(self, node: Node, depth: int) -> list[str]:
        rows = [
            [cell for cell in row.elements() if cell.name in ("td", "th")]
            for row in node.walk()
            if row.name == "tr"
        ]
        inside = {"table", "h1", "h2", "h3", "h4", "ul", "ol", "blockquote", "img"}
        # Mails are laid out with tables; what has one column, or another inside, is no table.
        if max(map(len, rows), default=0) < 2 or any(one.name in inside for one in node.walk()):
            outer = [cell for row in self.rows_of(node) for cell in row]
            return [text for cell in outer for text in self.blocks(cell, depth)]
        lines = [[self.cell(cell, depth) for cell in row] for row in rows]
        lines = [line for line in lines if any(line)]
        if not lines:
            return []
        width = max(map(len, lines))
        drawn = ["| " + " | ".join([*line, *[""] * (width - len(line))]) + " |" for line in lines]
        return ["\n".join([drawn[0], "|" + " --- |" * width, *drawn[1:]])]

    def rows_of(self, table: Node) -> list[list[Node]]:
        """Return the cells of a table's own rows, not of one inside of it."""
        found = []
        for child in table.elements():
            if child.name == "tr":
                found.append([cell for cell in child.elements() if cell.name in ("td", "th")])
            elif child.name in ("tbody", "thead", "tfoot"):
                found += self.rows_of(child)
        return found

    def cell(self, node: Node, depth: int) -> str:
        text = "<br>".join(self.blocks(node, depth))
        return re.sub(r"(?<!\\)\|", r"\\|", re.sub(r"\s*\n\s*", " ", text))

    # --- notes ---

    def is_note(self, node: Node, depth: int) -> bool:
        """Tell whether *node* is a footnote, and keep its words for the end if it is."""
        if node.name not in ("div", "li", "p", "section", "aside"):
            return False
        back = [a for a in node.walk() if a.name == "a" and _NOTE_BACK.fullmatch(a.get("href"))]
        if not back or len(back) > 3:
            return False
        key = _NOTE_ID.fullmatch(node.get("id")) or _NOTE_ID.fullmatch(back[0].get("id"))
        if key is None:
            return False
        words = " ".join(" ".join(part.split()) for part in self.blocks(node, depth + 1))
        self.defined.setdefault(self.number_of(key[1]), words.strip())
        return True

    # --- words ---

    def inline(self, nodes: list[Node | str]) -> str:
        text = _joined([run for node in nodes for run in self.runs(node, "", 0)])
        text = re.sub(r"[ \t\u00a0]*\n[ \t\u00a0]*", "\n", text)
        return re.sub(r"[ \t]{2,}", " ", text)

    def runs(self, node: Node | str, marks: str, depth: int) -> list[_Run]:
        if isinstance(node, str):
            return [_Run(_escaped(re.sub(r"[\s\u00a0]+", " ", node)), marks)]
        if depth > _DEEPEST:
            return [_Run(_escaped(node.words()), marks)]
        name = node.name
        if name == "br":
            return [_Run("\n", marks)]
        if name == "img":
            return [_Run(self.picture(node.get("src"), node.get("alt")), marks)]
        if name == "a":
            return self.link(node, marks, depth)
        if name == "code" and not node.elements():
            return [_Run(f"`{node.words().replace('`', chr(39))}`" if node.words() else "", marks)]
        inside = [
            run
            for child in node.children
            for run in self.runs(child, _marks(node, marks), depth + 1)
        ]
        if name in ("sup", "sub"):
            words = _joined(inside).strip()
            return [
                _Run(f"<{name}>{words}</{name}>" if re.fullmatch(r"[\w+-]{1,12}", words) else words)
            ]
        if name == "q":
            return [_Run("“", marks), *inside, _Run("”", marks)]
        return [_Run(" ", marks), *inside, _Run(" ", marks)] if name in BLOCKS else inside

    def link(self, node: Node, marks: str, depth: int) -> list[_Run]:
        href = node.get("href")
        at_hash = href[href.find("#") :] if "#" in href else ""
        if at_hash and _NOTE_BACK.fullmatch(at_hash):
            return []
        if (note := _NOTE.fullmatch(at_hash)) and (
            href.startswith("#") or "footnote" in node.get("class")
        ):
            return [_Run(f"[^{self.number_of(note[1])}]", marks)]
        words = _joined([run for child in node.children for run in self.runs(child, "", depth + 1)])
        text = re.sub(r"\s*\n\s*", " ", words.strip())
        target = self.resolve(href) if text else ""
        if not target:
            return [_Run(words, marks)]
        # A picture that is a link leads to itself larger, on most houses.
        shown = text if text.startswith("![") else f"[{text}]({target})"
        shown = f"<{target}>" if text.replace("\\", "") == target else shown
        before, after = (" " if words[:1].isspace() else ""), (" " if words[-1:].isspace() else "")
        return [_Run(f"{before}{shown}{after}", marks)]


def _is_block(node: Node) -> bool:
    if node.name in BLOCKS:
        return True
    # A link or a span around paragraphs is no line of text.
    return any(one.name in BLOCKS for one in node.walk())


def _is_list(part: str) -> bool:
    return bool(re.match(r"(- |\d+\. )", part))


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" if line else line for line in text.split("\n"))


def _code(node: Node) -> str:
    text = node.raw().rstrip()
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`+", text))])
    return f"{fence}\n{text}\n{fence}" if text.strip() else ""


def _paragraph(text: str) -> str:
    """Return lines that begin no list, heading or quotation where they did not."""

    def line(words: str) -> str:
        words = re.sub(r"^(#{1,6}(?=\s)|[-+](?=\s)|>|:(?=\s))", r"\\\1", words.strip())
        words = re.sub(r"^(\d{1,9})([.)])(?=\s)", r"\1\\\2", words)
        return re.sub(r"^(-{2,}|={2,}|~{3,})$", r"\\\1", words)

    parts = re.split(r"\n{2,}", text.strip())
    return "\n\n".join("  \n".join(line(words) for words in part.split("\n")) for part in parts)


def _marks(node: Node, marks: str) -> str:
    found = set(re.findall(r"~~|\*\*|(?<!\*)\*(?!\*)", marks.replace("***", "** *")))
    weight = re.search(r"font-weight:(\w+)", node.style)
    if weight:  # Google Docs wraps everything in a <b> that is not bold
        bold = re.fullmatch(r"bold|bolder|[6-9]00", weight[1])
        found = found | {"**"} if bold else found - {"**"}
    elif node.name in ("b", "strong"):
        found.add("**")
    if node.name in ("i", "em", "cite") or re.search(r"font-style:(italic|oblique)", node.style):
        found.add("*")
    if node.name in ("s", "del", "strike"):
        found.add("~~")
    return "".join(mark for mark in ("~~", "**", "*") if mark in found)


def _joined(runs: list[_Run]) -> str:
    """Return runs as one text; marks between two that are alike would be no emphasis."""
    merged: list[_Run] = []
    for run in runs:
        if not run.text:
            continue
        last = merged[-1] if merged else None
        if last and (last.marks == run.marks or not run.text.strip()):
            merged[-1] = _Run(last.text + run.text, last.marks)
        else:
            merged.append(run)
    return "".join(_surrounded(run) for run in merged)


def _surrounded(run: _Run) -> str:
    # Marks cling to words: "** word **" is no emphasis.
    if not run.marks or not re.search(r"\w", run.text):
        return run.text
    closing = "".join(reversed(re.findall(r"~~|\*\*|\*", run.marks)))
    stripped = run.text.strip()
    start = run.text.index(stripped)
    lines = [
        f"{run.marks}{line.strip()}{closing}" if line.strip() else line
        for line in stripped.split("\n")
    ]
    return run.text[:start] + "\n".join(lines) + run.text[start + len(stripped) :]


def _escaped(text: str) -> str:
    """Return *text* with what Markdown, or a merge field of ours, would be read from escaped."""
    text = re.sub(r"\\(?=[!-/:-@\[-`{-~])", r"\\\\", text)
    text = re.sub(r"[*`]", r"\\\g<0>", text)
    text = _IN_WORDS.sub(lambda m: m[0].replace("_", "\\_"), text)
    text = text.replace("~~", "\\~\\~").replace("[[", "\\[\\[")
    text = re.sub(r"(?<![\[\\])\[(?!\[)(?=[^\]]{0,300}\][(\[:])", r"\\[", text)
    text = re.sub(r"(?<!\\)\[(?=\^)", r"\\[", text)
    text = re.sub(r"&(?=#?\w+;)", "&amp;", text)
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", text)
