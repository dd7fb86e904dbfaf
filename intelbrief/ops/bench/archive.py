"""How fast the archive is searched and shown with thousands of briefs in it."""

import datetime as dt
import hashlib
import json
import random
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client, RequestFactory
from django.utils import timezone

from briefs import pages, search
from briefs.models import Author, Brief, Publication, Revision, SearchText, Topic
from briefs.revisions import snapshot_publication
from intelbrief.ops.scratch import CannotRun, Scratch

PUBLICATIONS = 4
SUBJECTS, REGIONS, AUTHORS = 20, 12, 40
WORDS = 20_000  # that a language of ours has
WORDS_OF_A_BRIEF = 450
SEARCHES, PAGES = 300, 150
CACHED_SECONDS = 3.0
_SYLLABLES = "ba ce di fo gu ka le mi no pu ra se ti vo zu har lin mar ter wen".split()  # noqa: SIM905  (reads better than twenty quoted words)


def run(_installation: Scratch, briefs: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Return the figures of an archive of *briefs* briefs, of ten years and four publications.

    Times are those of whole answers through Django's handler, in milliseconds
    of one process: no page is asked for twice before the last two figures, and
    nothing of it comes from a cache. Of these, the first is what the web server's
    own entry point answers from memory, packed as for a browser.
    """
    settings.ALLOWED_HOSTS = ["testserver"]
    rng = random.Random(4711)  # noqa: S311  (the same archive each time)
    words = _words(rng)
    say(f"writing {briefs} briefs")
    paths = _write(briefs, words, rng)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    say("searching")
    client = Client()
    client.get("/")  # loads what a process loads once
    searched = [_milliseconds(client, path) for path in _searches(words, rng)]
    say("reading")
    some = rng.sample(paths, min(PAGES, len(paths)))
    read = [_milliseconds(client, path, is_cold=True) for path in some]
    return {
        "briefs": briefs,
        "search_p95_ms": _p95(searched),
        "search_median_ms": round(statistics.median(searched), 1),
        "page_p95_ms": _p95(read),
        "pages_per_second": _a_second(some[:20], _from_memory),
        "rendered_per_second": _a_second(some[:20], Client().get),
    }


def _words(rng: random.Random) -> list[str]:
    """Return made-up words, the commonest first."""
    found: dict[str, None] = {}
    while len(found) < WORDS:
        found["".join(rng.choices(_SYLLABLES, k=rng.choice((2, 2, 3, 3, 4))))] = None
    return list(found)


def _write(count: int, words: list[str], rng: random.Random) -> list[str]:
    """Store published briefs as publishing leaves them; return the addresses of public ones."""
    homes = [_publication(number) for number in range(PUBLICATIONS)]
    authors = Author.objects.bulk_create(
        Author(name=f"Author {number}", slug=f"author-{number}") for number in range(AUTHORS)
    )
    # As words are in any language: the tenth is a tenth as common as the first.
    weights = [1 / place for place in range(1, len(words) + 1)]
    paths: list[str] = []
    for start in range(0, count, 500):
        numbers = range(start, min(start + 500, count))
        bodies = [rng.choices(words, weights, k=WORDS_OF_A_BRIEF) for _ in numbers]
        with transaction.atomic():
            paths += _write_some(numbers, bodies, homes, authors, rng)
    return paths


def _write_some(
    numbers: range,
    bodies: list[list[str]],
    homes: list[tuple[Publication, list[Topic]]],
    authors: list[Author],
    rng: random.Random,
) -> list[str]:
    today, now = timezone.localdate(), timezone.now()
    stored = Brief.objects.bulk_create(
        Brief(
            publication=homes[number % PUBLICATIONS][0],
            headline=" ".join(words[:6]).capitalize(),
            slug=f"brief-{number}",
            date=today - dt.timedelta(days=number * 3650 // 10_000),
            body=_prose(words),
            access="subscribers" if number % 5 == 4 else "public",
        )
        for number, words in zip(numbers, bodies, strict=True)
    )
    revisions = [Revision(brief=brief, number=1) for brief in stored]
    texts, subjects, names = [], [], []
    for brief, revision in zip(stored, revisions, strict=True):
        topics = rng.sample(next(t for p, t in homes if p.pk == brief.publication_id), 3)
        author = rng.choice(authors)
        revision.snapshot = _snapshot(brief, topics, author)
        canonical = json.dumps(revision.snapshot, sort_keys=True)
        revision.digest = hashlib.sha256(canonical.encode()).hexdigest()
        texts.append(_searched(brief, revision))
        subjects += [Brief.topics.through(brief=brief, topic=topic) for topic in topics]
        names.append(Brief.authors.through(brief=brief, author=author))
    Revision.objects.bulk_create(revisions)
    for brief, revision in zip(stored, revisions, strict=True):
        brief.status, brief.published_revision = Brief.Status.PUBLISHED, revision
        brief.published_at = now - dt.timedelta(days=(today - brief.date).days, seconds=60)
    Brief.objects.bulk_update(stored, ["status", "published_revision", "published_at"])
    Brief.topics.through.objects.bulk_create(subjects)
    Brief.authors.through.objects.bulk_create(names)
    search.put(texts)
    return [brief.web_path() for brief in stored if brief.access == "public"]


def _publication(number: int) -> tuple[Publication, list[Topic]]:
    publication = Publication.objects.create(
        name=f"Bench {number}", slug=f"bench-{number}", language="de" if number == 3 else "en"
    )
    kinds = ["subject"] * SUBJECTS + ["region"] * REGIONS
    topics = Topic.objects.bulk_create(
        Topic(publication=publication, name=f"{kind} {place}", slug=f"{kind}-{place}", kind=kind)
        for place, kind in enumerate(kinds)
    )
    return publication, topics


def _prose(words: list[str]) -> str:
    """Return *words* as paragraphs of sentences."""
    sentences = [
        " ".join(words[at : at + 15]).capitalize() + "." for at in range(6, len(words), 15)
    ]
    return "\n\n".join(" ".join(sentences[at : at + 5]) for at in range(0, len(sentences), 5))


def _snapshot(brief: Brief, topics: list[Topic], author: Author) -> dict[str, Any]:
    return {
        "headline": brief.headline,
        "series": "",
        "date": brief.date.isoformat(),
        "slug": brief.slug,
        "preheader": brief.body[:100].rpartition(" ")[0],
        "key_points": [],
        "body": brief.body,
        "authors": [author.name],
        "topics": [topic.name for topic in topics],
        "contact_block": "",
        "publication": snapshot_publication(brief.publication),
    }


def _searched(brief: Brief, revision: Revision) -> SearchText:
    """Return what search.keep() would store: the prose has no markup that it would take off."""
    said = revision.snapshot
    return SearchText(
        brief=brief,
        digest=revision.digest,
        configuration=search.configuration(brief.publication.language),
        headline=said["headline"],
        names="\n".join([*said["topics"], *said["authors"]]),
        lead=said["preheader"],
        body=" ".join(brief.body.split()),
    )


def _searches(words: list[str], rng: random.Random) -> Iterator[str]:
    """Yield addresses of searches: rare and common words, phrases, beginnings, mistakes, facets."""

    def one(most: int) -> str:
        return words[rng.randrange(most)]

    kinds: list[Callable[[], dict[str, str]]] = [
        lambda: {"q": one(WORDS)},
        lambda: {"q": one(30)},  # every brief has it
        lambda: {"q": f"{one(300)} {one(3000)}"},
        lambda: {"q": f"{one(30)} {one(30)} {one(300)}", "page": "3"},
        lambda: {"q": f'"{one(40)} {one(40)}"'},
        lambda: {"q": f"{one(5000)[:3]}* {one(1000)}"},
        lambda: {"q": one(WORDS)[:4]},
        lambda: {"q": _mistyped(one(2000))},
        lambda: {"q": one(1000), "region": f"region-{SUBJECTS + rng.randrange(REGIONS)}"},
        lambda: {"q": one(200), "author": f"author-{rng.randrange(AUTHORS)}", "year": "2024"},
        lambda: {"q": one(100), "publication": f"bench-{rng.randrange(PUBLICATIONS)}"},
        lambda: {"topic": f"subject-{rng.randrange(SUBJECTS)}"},
    ]
    for number in range(SEARCHES):
        yield "/search/?" + urlencode(kinds[number % len(kinds)]())


def _mistyped(word: str) -> str:
    return f"{word[:2]}{word[3:4]}{word[2:3]}{word[4:]}q"


def _milliseconds(client: Client, path: str, *, is_cold: bool = False) -> float:
    if is_cold:
        pages.rendered.cache_clear()
        cache.clear()
    started = time.perf_counter()
    answer = client.get(path)
    took = 1000 * (time.perf_counter() - started)
    if answer.status_code != 200:
        raise CannotRun(f"{path} answered {answer.status_code}.")
    return took


def _from_memory(path: str) -> None:
    """Ask for *path* as granian does for a visitor's browser."""
    from intelbrief.wsgi import application  # for this process alone: it checks the installation

    environ = {**RequestFactory().get(path).environ, "HTTP_ACCEPT_ENCODING": "gzip, deflate, br"}
    said: list[str] = []
    note: Any = lambda status, _headers: said.append(status)  # noqa: E731  (typed as what it is given for)
    sum(map(len, application(environ, note)))
    if said != ["200 OK"]:
        raise CannotRun(f"{path} answered {said}.")


def _a_second(paths: list[str], ask: Callable[[str], object]) -> float:
    """Return how many pages a second this process answers that it has answered before."""
    for path in paths:
        ask(path)
    done, started = 0, time.perf_counter()
    while (took := time.perf_counter() - started) < CACHED_SECONDS:
        for path in paths:
            ask(path)
        done += len(paths)
    return round(done / took, 1)


def _p95(took: list[float]) -> float:
    return round(statistics.quantiles(took, n=20)[-1], 1)
