"""What every public page of a publication has in common."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import translation

from briefs.models import Publication

View = Callable[..., HttpResponse]


def speaks(response: HttpResponse, language: str) -> HttpResponse:
    """Say in which language *response* is written, whatever the visitor's browser prefers."""
    response.headers["Content-Language"] = language
    return response


def publication_page(view: View) -> View:
    """Call *view* with the Publication of the slug in the URL, in that publication's language."""

    @wraps(view)
    def find(request: HttpRequest, slug: str, *args: Any, **kwargs: Any) -> HttpResponse:
        publication = get_object_or_404(Publication, slug=slug)
        with translation.override(publication.language):
            response = view(request, publication, *args, **kwargs)
        return speaks(response, publication.language)

    return find


def private(response: HttpResponse) -> HttpResponse:
    """Keep a page that was reached by a token out of caches, indexes and referrers."""
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response
