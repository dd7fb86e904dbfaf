"""The feeds that everybody may read; a reader's own are in subscribers.views.feeds."""

from contextlib import suppress

from django.core.cache import cache
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from briefs import access, archive, caching, feed_formats, feeds
from briefs.feeds import Address
from briefs.models import Author, Brief, Publication, Topic
from briefs.pages import publication_page

# Known by what is in it, so that an old one is never asked for again.
KEPT_SECONDS = 3600


@require_safe
@publication_page
def show_feed(request: HttpRequest, publication: Publication, written: str) -> HttpResponse:
    """Give the feed of a publication, which may be empty; one that is not public has none."""
    if not publication.is_public:
        raise Http404
    return _feed(request, publication, _open_to_all(publication), written)


@require_safe
@publication_page
def show_topic_feed(
    request: HttpRequest, publication: Publication, kind: str, list_slug: str, written: str
) -> HttpResponse:
    """Give the feed of a topic or a region."""
    wanted = Topic.Kind.REGION if kind == "regions" else Topic.Kind.SUBJECT
    topic = get_object_or_404(Topic, publication=publication, slug=list_slug, kind=wanted)
    found = _open_to_all(publication).filter(topics=topic)
    path = archive.topic_path(publication, topic)
    return _list_feed(request, publication, found, path, f"topic/{topic.pk}", topic.name, written)


@require_safe
@publication_page
def show_author_feed(
    request: HttpRequest, publication: Publication, list_slug: str, written: str
) -> HttpResponse:
    """Give the feed of what an author writes for a publication."""
    author = get_object_or_404(Author, slug=list_slug)
    found = _open_to_all(publication).filter(authors=author)
    path = archive.author_path(publication, author)
    key = f"author/{author.pk}"
    return _list_feed(request, publication, found, path, key, author.name, written)


def _open_to_all(publication: Publication) -> QuerySet[Brief]:
    """Return what anybody may read: a feed reader has no cookie, and caches keep its answers."""
    return access.readable(access.ANONYMOUS, timezone.now()).filter(publication=publication)


def _list_feed(
    request: HttpRequest,
    publication: Publication,
    briefs: QuerySet[Brief],
    path: str,
    key: str,
    name: str,
    written: str,
) -> HttpResponse:
    """Give the feed of a list; as the list itself, one without briefs is none and tells no name."""
    if not briefs.exists():
        raise Http404
    return _feed(request, publication, briefs, written, path, key, name)


def _feed(
    request: HttpRequest,
    publication: Publication,
    briefs: QuerySet[Brief],
    written: str,
    path: str = "",
    key: str = "",
    name: str = "",
) -> HttpResponse:
    path = path or f"/{publication.slug}/"
    pages = Paginator(feeds.with_corrections(briefs), feeds.ON_A_PAGE)
    number = request.GET.get("page", "1")
    if not (number.isascii() and number.isdecimal() and len(number) < 9):
        raise Http404
    if not 1 <= int(number) <= pages.num_pages:
        raise Http404
    shown = list(pages.page(int(number)).object_list)
    address = Address(
        path, f"{path}feed.atom", f"{path}feed.json", key, name, int(number), pages.num_pages
    )
    feed = feeds.gather(publication, address, shown)
    known = feeds.validator(feed, written)
    response = HttpResponse(content_type=feed_formats.TYPES[written])
    response.headers["ETag"] = quote_etag(known)
    # Pages of other sites may show it: it says nothing that is not public.
    response.headers["Access-Control-Allow-Origin"] = "*"
    seconds = caching.seconds_left(shown, timezone.now())
    answer = caching.for_all(request, response, seconds, feeds.last_modified(feed))
    if answer is response:  # who has it already is told so before it is written
        response.content = _written(feed, written, known)
    return answer


def _written(feed: feeds.Feed, written: str, known: str) -> bytes:
    """Return the feed as bytes; what was written before under *known* is the same."""
    with suppress(RedisError):
        kept: bytes | None = cache.get(f"feed:{known}")
        if kept is not None:
            return kept
    made = feed_formats.write(feed, written)
    with suppress(RedisError):
        cache.set(f"feed:{known}", made, KEPT_SECONDS)
    return made
