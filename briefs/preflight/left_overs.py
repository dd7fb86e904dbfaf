"""Rules on what was left in a text: notes to oneself, another tool's fields, HTML."""

import re
from collections.abc import Iterator

from briefs.preflight.reading import TEXT, Reading, short, the
from briefs.preflight.registry import Trouble

_NOTE = re.compile(
    r"\b(?:TK|TKTK|TBC|TBD|TODO|FIXME|X{3,})\b|\?{3,}"
    r"|(?<!\[)\[(?i:insert|your|add|placeholder|link|name|date)\b[^\[\]\n]{0,60}\]"
)
# What stands where somebody was to write, or where another tool would have filled something in.
_PLACEHOLDER = re.compile(
    r"(?i:\blorem ipsum\b)|\{\{[^{}\n]{0,80}\}\}|\{%[^{}\n]{0,80}%\}|\*\|[A-Z0-9_:]{1,40}\|\*"
    r"|<<[A-Za-z_ ]{1,40}>>|%%[A-Za-z_]{2,40}%%|\$\{[A-Za-z_.]{1,40}\}|%recipient\.\w{1,40}%"
)
_HTML = re.compile(
    r"</?(?:p|br|div|span|table|tr|td|ul|ol|li|strong|em|b|i|a|img|font|h[1-6])\b[^<>\n]{0,200}>"
    r"|&(?:nbsp|amp|lt|gt|quot|#\d{2,5}|[mn]dash|[lr][ds]quo);"
)
_DAMAGED = re.compile("â€[™œ“”˜¦\x9d]|Ã[©¨¼¶¤±§]|\ufffd")


@TEXT.warning("left-over")
def left_over(text: Reading) -> Iterator[Trouble]:
    """Find notes to oneself, as TK, TODO, TBC, XXX, ??? and [insert …]: something is still to be
    written. They warn, since each may be meant; code is not looked at.
    """
    for where, words in text.words.items():
        if found := _NOTE.search(words):
            message = f"“{found[0]}” was left in {the(where)}. Write what is missing."
            yield Trouble(where, message)


@TEXT.error("placeholder")
def placeholder(text: Reading) -> Iterator[Trouble]:
    """Find “lorem ipsum” and the fields of other tools, as {{name}} or *|FNAME|*:
    nothing fills them in, so every reader would see them. In backticks they may stand.
    """
    for where, words in text.words.items():
        if found := _PLACEHOLDER.search(words):
            yield Trouble(
                where,
                f"“{short(found[0])}” in {the(where)} stands for something else, and "
                "readers would see it as it is. Write it out, or use [[name|there]] for what "
                "each reader has for themselves.",
            )


@TEXT.warning("html-left-over")
def html_left_over(text: Reading) -> Iterator[Trouble]:
    """Find HTML that readers would see as text, as “&nbsp;” or “<p>”: it was escaped twice on its
    way here, and stands so in the text part too. In backticks it may stand.
    """
    for where, words in text.words.items():
        if found := _HTML.search(words):
            yield Trouble(
                where,
                f"Readers would see “{short(found[0])}” in {the(where)}. Take it out, or put "
                "it into backticks if you mean it.",
            )


@TEXT.warning("damaged")
def damaged(text: Reading) -> Iterator[Trouble]:
    """Find characters that were damaged on the way here, as “â€™” for an apostrophe."""
    for where, words in text.words.items():
        if found := _DAMAGED.search(words):
            yield Trouble(
                where,
                f"“{found[0]}” in {the(where)} was another character before it was saved in "
                "the wrong encoding. Type it anew.",
            )


@TEXT.error("merge-broken")
def merge_broken(text: Reading) -> Iterator[Trouble]:
    """Find “[[” that opens no merge field: it was not closed, or has a name that cannot be."""
    for part in text.merge_troubles:
        for words in part.broken:
            yield Trouble(
                part.where,
                f"“{words}” in {the(part.where)} is no merge field, and readers would see "
                "it. Write it like [[name|there]], with letters, digits, “_”, “-”, “.” and "
                "spaces in its name, or put “[[” into backticks if you mean it.",
            )


@TEXT.error("merge-in-link")
def merge_in_link(text: Reading) -> Iterator[Trouble]:
    """Find merge fields in addresses, where none is filled in: no reader's data may decide
    where a link leads.
    """
    for part in text.merge_troubles:
        for words in part.in_links:
            yield Trouble(
                part.where,
                f"{words} stands in an address in {the(part.where)}, where no merge field "
                "is filled in. Take it out of the address.",
            )


@TEXT.warning("merge-without-default")
def merge_without_default(text: Reading) -> Iterator[Trouble]:
    """Find merge fields without a default: whoever has no such value sees a gap."""
    for part in text.merge_troubles:
        for field in part.fields:
            if not field.default:
                yield Trouble(
                    part.where,
                    f"Whoever has no “{field.name}” sees nothing where [[{field.name}]] stands in "
                    f"{the(part.where)}. If that reads badly, add what they shall see: "
                    f"[[{field.name}|there]].",
                )
