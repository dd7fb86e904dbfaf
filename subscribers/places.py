"""Absolute addresses of a publication's pages, from SITE_URL only."""

from django.conf import settings
from django.urls import reverse

from briefs.models import Publication


def subscribe_url(publication: Publication) -> str:
    """Return where one subscribes."""
    return f"{settings.SITE_URL}{_path('subscribers:subscribe', publication)}"


def home_url(publication: Publication) -> str:
    """Return the publication's page."""
    return f"{settings.SITE_URL}{_path('briefs:publication', publication)}"


def privacy_url(publication: Publication) -> str:
    """Return the publication's own privacy notice, or the page that comes with the site."""
    own = _path("subscribers:privacy", publication)
    return publication.privacy_url or f"{settings.SITE_URL}{own}"


def imprint_url(publication: Publication) -> str:
    """Return the publication's own imprint, or the page that comes with the site."""
    own = _path("subscribers:imprint", publication)
    return publication.imprint_url or f"{settings.SITE_URL}{own}"


def _path(page: str, publication: Publication) -> str:
    return reverse(page, args=[publication.slug], urlconf=settings.READERS_URLCONF)
