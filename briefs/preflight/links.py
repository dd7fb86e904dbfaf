"""Rules on links, by what is written; whether their targets answer is asked elsewhere."""

import re
from collections.abc import Iterator
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from django.conf import settings

from briefs import hosts
from briefs.addresses import InvalidAddress, normalise
from briefs.preflight.reading import TEXT, Reading, short, the
from briefs.preflight.registry import Trouble
from briefs.rendering.inspection import Anchor

# What leads to the desk, to one reader's own page, or to what only our programs speak to.
_OURS = re.compile(
    r"/(?:admin|inbox|api|webhooks|[uvco]|s/(?:confirm|more|prefs|own|undo|address))(?:/|$)"
)
_PREVIEW = {"preview", "preview_id", "preview_nonce", "_preview"}
_SAYS_NOTHING = re.compile(
    r"(?:click|tap|read|see)?\s*(?:here|this|link|more|this link|read more)\W*", re.IGNORECASE
)
_UNREAD = re.compile(r"\]\((?:https?:|www\.|mailto:|/)|\]\[\w{1,30}\]")


@TEXT.error("link-nowhere")
def link_nowhere(text: Reading) -> Iterator[Trouble]:
    """Find links without an address that a mail can lead to: “page.html” and “www.…” mean nothing
    in an inbox, so readers get the words without a link.
    """
    for where, anchor in _anchors(text):
        if anchor.words and (not anchor.href or (_is_web(anchor) and _parts(anchor) is None)):
            yield Trouble(
                where,
                f"“{short(anchor.words)}” in {the(where)} is written as a link and leads "
                "nowhere. Give it a whole address, beginning with https://.",
            )


@TEXT.error("link-unread")
def link_unread(text: Reading) -> Iterator[Trouble]:
    """Find the marks of a link that stand in the text as marks: a bracket is missing, or there is
    a space in the address.
    """
    for where, words in text.words.items():
        if where in text.lines:
            continue
        if found := _UNREAD.search(words):
            around = words[max(0, found.start() - 20) : found.end() + 20]
            yield Trouble(
                where,
                f"“{short(around)}” in {the(where)} was to be a link and is none. Write it "
                "like [words](https://…), without a space in the address.",
            )


@TEXT.error("link-inside")
def link_inside(text: Reading) -> Iterator[Trouble]:
    """Find links to localhost, to a private address or to a name of one house: they work for who
    wrote them and for no reader.
    """
    for where, anchor, parts in _web_links(text):
        host = parts.hostname or ""
        if hosts.is_inside(host) and not _is_here(parts):
            yield Trouble(
                where,
                f"The link “{short(anchor.href)}” in {the(where)} works within your own "
                "network only. Point it at the public page.",
            )


@TEXT.error("link-preview")
def link_preview(text: Reading) -> Iterator[Trouble]:
    """Find links to the desk, to an editor's preview, and to one reader's own page: readers would
    meet a log-in, or unsubscribe somebody else.
    """
    for where, anchor, parts in _web_links(text):
        ours = _is_here(parts) and _OURS.match(parts.path)
        if ours or "/wp-admin/" in parts.path or _PREVIEW & parse_qs(parts.query).keys():
            yield Trouble(
                where,
                f"The link “{short(anchor.href)}” in {the(where)} leads to a page that only "
                "an editor or one reader can open. Point it at the public page.",
            )


@TEXT.warning("link-http")
def link_http(text: Reading) -> Iterator[Trouble]:
    """Find links that begin with http://: anybody on the way can read and change what comes, and
    browsers warn of it.
    """
    for where, anchor, parts in _web_links(text):
        if (
            parts.scheme == "http"
            and not _is_here(parts)
            and not hosts.is_inside(parts.hostname or "")
        ):
            yield Trouble(
                where,
                f"The link “{short(anchor.href)}” in {the(where)} is not encrypted. Try it "
                "with https://.",
            )


@TEXT.warning("link-made-up")
def link_made_up(text: Reading) -> Iterator[Trouble]:
    """Find links to names that are kept for examples (RFC 2606), as “example.com”; not where the
    publication itself lives under one, as a try-out does.
    """
    sender = text.publication["sender_address"].rpartition("@")[2]
    if not sender or hosts.is_made_up(sender):
        return
    for where, anchor, parts in _web_links(text):
        host = parts.hostname or ""
        if hosts.is_made_up(host) and not hosts.is_inside(host):
            yield Trouble(
                where,
                f"The link “{short(anchor.href)}” in {the(where)} leads to an address that "
                "is made up for examples. Point it at the page you mean.",
            )


@TEXT.error("link-mailto")
def link_mailto(text: Reading) -> Iterator[Trouble]:
    """Find mail links to what is no address: who clicks them writes to nobody."""
    for where, anchor in _anchors(text):
        if not anchor.href.startswith("mailto:"):
            continue
        written, _mark, query = anchor.href.removeprefix("mailto:").partition("?")
        address = unquote(written)
        if not address and query:
            continue  # the reader says to whom: “send this to a friend”
        try:
            for one in address.split(","):
                normalise(one)
        except InvalidAddress as error:
            yield Trouble(
                where,
                f"“{short(address)}” in {the(where)} is no address to write to: {error}",
            )


@TEXT.warning("link-words")
def link_words(text: Reading) -> Iterator[Trouble]:
    """Find links whose words do not say where they lead, as “click here” or none at all: who
    listens to the mail hears these words alone (WCAG 2.2, 2.4.4).
    """
    for where, anchor in _anchors(text):
        if anchor.href and (not anchor.words or _SAYS_NOTHING.fullmatch(anchor.words)):
            shown = f"“{anchor.words}”" if anchor.words else f"the link to {short(anchor.href)}"
            yield Trouble(
                where,
                f"Nobody can tell from {shown} in {the(where)} where it leads. Link the "
                "words that say it.",
            )


def web_links(text: Reading) -> Iterator[tuple[str, str]]:
    """Yield (where, address) of each link that leads to another site and may be asked for."""
    for where, anchor, parts in _web_links(text):
        host = parts.hostname or ""
        if not (_is_here(parts) or hosts.is_inside(host) or hosts.is_made_up(host)):
            yield where, anchor.href


def _anchors(text: Reading) -> Iterator[tuple[str, Anchor]]:
    """Yield each link but those between a note and its mark."""
    for part in text.parts:
        for anchor in part.anchors:
            if not anchor.href.startswith("#"):
                yield part.where, anchor


def _web_links(text: Reading) -> Iterator[tuple[str, Anchor, SplitResult]]:
    for where, anchor in _anchors(text):
        if _is_web(anchor) and (parts := _parts(anchor)) is not None:
            yield where, anchor, parts


def _is_web(anchor: Anchor) -> bool:
    return anchor.href.startswith(("https://", "http://"))


def _parts(anchor: Anchor) -> SplitResult | None:
    """Return the parts of an address, None where it has no host or cannot be read."""
    try:
        parts = urlsplit(anchor.href)
        _ = parts.port
    except ValueError:
        return None
    return parts if parts.hostname else None


def _is_here(parts: SplitResult) -> bool:
    """Tell whether an address is one of this site's."""
    return parts.netloc.lower() == urlsplit(settings.SITE_URL).netloc.lower()
