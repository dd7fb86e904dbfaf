"""Quote a text where it was found: escaped first, then marked."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString

from .folding import WORD, fold

LENGTH = 240  # characters
_BEFORE = 60  # of them, before the first word that is marked
_MOST_HITS = 200  # that are weighed: enough for the beginning of the longest text


@dataclass(frozen=True)
class Marker:
    """The words to mark: these, those that begin like one of *beginnings*, and the *alike*."""

    exact: frozenset[str] = frozenset()
    beginnings: tuple[str, ...] = ()
    alike: frozenset[str] = frozenset()

    def hits(self, text: str) -> list[tuple[int, int, str]]:
        """Return from where to where the words stand in *text*, each with its folded form."""
        found = []
        for word in WORD.finditer(text):
            folded = fold(word.group())
            if self.is_meant(folded):
                found.append((*word.span(), folded))
                if len(found) == _MOST_HITS:
                    break
        return found

    def is_meant(self, folded: str) -> bool:
        """Tell whether a word is one of those that were looked for."""
        return (
            folded in self.exact
            or folded in self.alike
            or (bool(self.beginnings) and folded.startswith(self.beginnings))
        )

    def mark(self, text: str) -> SafeString:
        """Return the whole of *text* as HTML, marked."""
        return _marked(text, self.hits(text))


def excerpt(marker: Marker, texts: Iterable[str]) -> SafeString:
    """Return the part of *texts* that says most of what was looked for; the first if none does."""
    best, most = SafeString(""), -1
    for text in filter(None, texts):
        hits = marker.hits(text)
        start, weight = _window(hits)
        if weight > most:
            best, most = _quoted(text, start, hits), weight
    return best


def _quoted(text: str, start: int, hits: list[tuple[int, int, str]]) -> SafeString:
    part, first = _cut(text, start)
    last = first + len(part)
    inside = [(a - first, b - first, word) for a, b, word in hits if first <= a and b <= last]
    before, after = "… " if first else "", " …" if last < len(text) else ""
    return format_html("{}{}{}", before, _marked(part, inside), after)


def beginnings_of(marker: Marker, texts: Iterable[str], letters: int = 3) -> set[str]:
    """Return the folded words of *texts* that begin like an exact one: a stem keeps these."""
    heads = {word[:letters] for word in marker.exact if len(word) >= letters}
    words = {fold(word) for text in texts for word in WORD.findall(text)}
    return {word for word in words if word[:letters] in heads} - marker.exact


def _window(hits: list[tuple[int, int, str]]) -> tuple[int, int]:
    """Return where the stretch begins that has most different words, and its weight."""
    best, most = 0, 0
    for place, (start, _, _) in enumerate(hits):
        inside = [word for a, b, word in hits[place : place + 40] if b - start <= LENGTH - _BEFORE]
        weight = 10 * len(set(inside)) + min(len(inside), 9)
        if weight > most:
            best, most = start, weight
    return best, most


def _cut(text: str, start: int) -> tuple[str, int]:
    """Return LENGTH characters of *text* around *start*, in whole words, and where they begin."""
    first = max(start - _BEFORE, 0)
    if first:
        space = text.find(" ", first, start)
        first = space + 1 if space >= 0 else start
    last = min(first + LENGTH, len(text))
    if last < len(text):
        space = text.rfind(" ", first + LENGTH // 2, last)
        last = space if space > 0 else last
    return text[first:last], first


def _marked(text: str, hits: list[tuple[int, int, str]]) -> SafeString:
    parts, done = [], 0
    for start, end, _ in hits:
        parts.append((escape(text[done:start]), escape(text[start:end])))
        done = end
    return format_html("{}{}", format_html_join("", "{}<mark>{}</mark>", parts), text[done:])
