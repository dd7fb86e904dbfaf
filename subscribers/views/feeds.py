"""The feed of one reader, found by its key alone: it is nobody else's, and no cache's."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.cache import get_conditional_response
from django.utils.http import quote_etag
from django.views.decorators.http import require_safe

from briefs import access, feed_formats
from briefs import feeds as written_feeds
from briefs.feeds import Address
from briefs.models import Publication
from briefs.pages import private, speaks
from subscribers import feeds, tokens
from subscribers.models import FeedToken
from subscribers.views.answers import tiny


@require_safe
def show(request: HttpRequest, token: str, written: str) -> HttpResponse:
    """Give the feed of a key that stands; who has a revoked one is told to stop asking (410)."""
    try:
        key = feeds.open_key(token)
    except tokens.BadToken:
        return tiny("There is no such feed.\n", status=404)
    except feeds.Revoked:
        return tiny("This feed address was revoked.\n", status=410)
    if key is None:
        return tiny("There is no such feed.\n", status=404)
    feeds.note_use(key)
    home = key.subscription.publication
    with translation.override(home.language):
        return speaks(_answer(request, key, home, written), home.language)


def _answer(request: HttpRequest, key: FeedToken, home: Publication, written: str) -> HttpResponse:
    found = access.readable(feeds.reader(key), timezone.now()).filter(publication=home)
    shown = written_feeds.with_corrections(found)[: written_feeds.ON_A_PAGE]
    # Not where it stands: a feed that somebody passes on must not pass on its key.
    address = Address(f"/{home.slug}/", list_key=f"reader/{key.pk}")
    feed = written_feeds.gather(home, address, list(shown))
    etag = quote_etag(written_feeds.validator(feed, written))
    response = HttpResponse(content_type=feed_formats.TYPES[written])
    response.headers["ETag"] = etag
    answer = get_conditional_response(request, etag=etag, response=response)
    assert isinstance(answer, HttpResponse)
    if answer is response:
        response.content = feed_formats.write(feed, written)
    private(answer)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer
