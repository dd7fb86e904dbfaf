"""Absolute addresses of a publication's pages, from SITE_URL only."""

from django.conf import settings
from django.urls import reverse

from briefs.models import Publication


def subscribe_url(publication: Publication) -> str:
    """Return where one subscribes."""
    return f"{settings.SITE_URL}{reverse('subscribers:subscribe', args=[publication.slug])}"


def home_url(publication: Publication) -> str:
    """Return the publication's page."""
    return f"{settings.SITE_URL}{reverse('briefs:publication', args=[publication.slug])}"


def privacy_url(publication: Publication) -> str:
    """Return the publication's own privacy notice, or the page that comes with the site."""
    own = reverse("subscribers:privacy", args=[publication.slug])
    return publication.privacy_url or f"{settings.SITE_URL}{own}"


def imprint_url(publication: Publication) -> str:
    """Return the publication's own imprint, or the page that comes with the site."""
    own = reverse("subscribers:imprint", args=[publication.slug])
    return publication.imprint_url or f"{settings.SITE_URL}{own}"
