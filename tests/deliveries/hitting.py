"""What tests of opens and clicks share: a mailed edition, a request past Django, the stream."""

import time

from django.utils import timezone

from briefs import revisions
from deliveries import compiling
from deliveries.models import Edition
from deliveries.tracking import counting, door, stream
from tests.make import make_brief, make_publication

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Thunderbird/128.4.0"


def make_mailed(tracking="totals", **fields):
    """Return an edition as it stands after its mail has gone out."""
    publication = make_publication(tracking=tracking, **fields)
    brief = make_brief(publication)
    edition = Edition.objects.create(
        brief=brief,
        revision=revisions.take(brief),
        publication=publication,
        send_at=timezone.now(),
        message_domain="harbour.example",
    )
    compiling.compile_edition(edition)
    return edition


def ask(path, method="GET", **environ):
    """Answer a request as intelbrief.wsgi does; return status, headers and body, or None."""
    said = []
    given = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "REMOTE_ADDR": "203.0.113.7",
        "HTTP_USER_AGENT": AGENT,
        "wsgi.url_scheme": "http",
        **environ,
    }
    body = door.answer(given, lambda status, headers: said.extend([status, headers]))
    if body is None:
        return None
    status, headers = said
    assert len({name for name, _value in headers}) == len(headers)
    return status, dict(headers), b"".join(body)


def taken():
    """Return the hits that lie in the stream."""
    with stream.connected() as redis:
        if not stream.life(redis):
            return []
        return [hit for entry in stream.read(redis, "-", 10_000).entries for hit in entry.hits]


def count(window=0.0):
    """Count everything that lies in the stream, as if its window were over."""
    time.sleep(0.002)  # what came in this millisecond is left for the next group
    with stream.connected() as redis:
        while counting.count_group(redis, window):
            pass


def set_policy(edition: Edition, tracking: str) -> None:
    """Change what the publication tracks from today on."""
    edition.publication.tracking = tracking
    edition.publication.save()
