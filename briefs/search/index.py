"""Upkeep of the index: what is on the web can be found, in the transaction that put it there."""

import html
import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from django.db import connection, transaction
from django.db.models import F
from django.utils.html import strip_tags

from briefs.models import Brief, Revision, SearchText, SearchWord
from briefs.rendering import Text, fill_lines, render_page
from briefs.revisions import text_of

from . import postgres, sqlite
from .folding import WORD, fold
from .languages import LANGUAGES

LONGEST_BODY = 100_000  # characters; a tsvector has a megabyte at most
_AT_ONCE = 100
# Elements that stand beside the next word without a space between them.
_BREAKS = re.compile(
    r"<sup\b.*?</sup>|</?(?:p|li|t[dhr]|h[1-6]|br|d[ltd]|div|pre)\b[^>]*>", re.DOTALL
)


def keep(brief: Brief, revision: Revision) -> None:
    """Let *brief* be found by the words of *revision*, the one that stands on the web.

    Call it in the transaction that publishes. A repeat changes nothing.
    """
    put([words_of(brief, revision)])


def rebuild(*, only_missing: bool = False, say: Callable[[int], None] = lambda _: None) -> int:
    """Read every published brief anew, or those whose text is not the indexed one.

    Return how many were read; *say* is told the number after each hundred. What
    is published meanwhile is kept: each hundred is a transaction of its own,
    and holds its briefs while it reads them.
    """
    published = Brief.objects.filter(status=Brief.Status.PUBLISHED)
    if only_missing:
        published = published.exclude(search_text__digest=F("published_revision__digest"))
    else:
        # Words that nothing has any more go, and come back where something has them.
        SearchWord.objects.all().delete()
    ids = list(published.order_by("pk").values_list("pk", flat=True))
    done = 0
    for start in range(0, len(ids), _AT_ONCE):
        with transaction.atomic():
            held = (
                Brief.objects.select_for_update(of=("self",), no_key=True)
                .select_related("publication", "published_revision")
                .filter(pk__in=ids[start : start + _AT_ONCE])
                .order_by("pk")
            )
            put([words_of(one, one.published_revision) for one in held if one.published_revision])
        done = min(start + _AT_ONCE, len(ids))
        say(done)
    return done


def put(rows: list[SearchText]) -> None:
    """Let briefs be found by *rows*, whatever they were found by before."""
    SearchText.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["brief"],
        update_fields=["digest", "configuration", "headline", "names", "lead", "body"],
    )
    (sqlite if connection.vendor == "sqlite" else postgres).write(rows)
    _learn(rows)


def words_of(brief: Brief, revision: Revision) -> SearchText:
    """Return what *brief* is found by, from *revision*; not stored."""
    publication = revision.snapshot["publication"]
    text = fill_lines(text_of(revision))
    points, body = _plain(text, publication["language"])
    return SearchText(
        brief=brief,
        digest=revision.digest,
        configuration=configuration(publication["language"]),
        headline=text.headline,
        names="\n".join([*text.topics, *text.authors]),
        lead="\n".join(filter(None, [text.preheader, *points, text.series])),
        body=body[:LONGEST_BODY],
    )


def _plain(text: Text, language: str) -> tuple[list[str], str]:
    """Return the key points and the body of *text* as everybody reads them on the web."""
    page = render_page(replace(text, contact_block=""), language=language)
    return [plain(point) for point in page.key_points_html], plain(page.body_html)


def plain(fragment: str) -> str:
    """Return the words of an HTML *fragment* in one line: no addresses of links, no markup."""
    return " ".join(html.unescape(strip_tags(_BREAKS.sub(" ", fragment))).split())


def configuration(language: str) -> str:
    """Return PostgreSQL's name for *language*; "simple", which has no stems, for any other."""
    name = LANGUAGES.get(language[:2], "simple")
    known = (sqlite if connection.vendor == "sqlite" else postgres).configurations()
    return name if name in known else "simple"


def _learn(rows: Iterable[SearchText]) -> None:
    """Remember which words there are, for whoever mistypes one."""
    found: dict[str, str] = {}
    for row in rows:
        for word in WORD.findall(f"{row.headline} {row.names} {row.lead} {row.body}".lower()):
            folded = fold(word) if 4 <= len(word) <= 30 and word.isalpha() else ""
            if 4 <= len(folded) <= 40:
                found[word] = folded
    words = list(found)
    for start in range(0, len(words), 500):
        some = words[start : start + 500]
        for word in SearchWord.objects.filter(word__in=some).values_list("word", flat=True):
            del found[word]
    # In one order for everybody: two that publish at once wait for each other, but not crosswise.
    SearchWord.objects.bulk_create(
        [SearchWord(word=w, head=found[w][:2], tail=found[w][-3:]) for w in sorted(found)],
        ignore_conflicts=True,
        batch_size=500,
    )
