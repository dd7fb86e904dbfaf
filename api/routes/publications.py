"""The publication of a key, and what may be chosen within it."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from api.authority import Key, key_of
from api.models.keys import Scope
from api.paging import Page, page
from api.problems import not_found
from api.schemas import publications as shown
from api.schemas.common import Named
from briefs.models import Author, ClientGroup, Publication, Topic
from deliveries.models import Segment

router = Router(tags=["Publications"])
reads = Key(Scope.READ_PUBLICATIONS, "write")


def _shown(row: Publication) -> shown.Publication:
    return shown.Publication(
        **{name: getattr(row, name) for name in shown.Publication.model_fields if name != "url"},
        url=f"{settings.SITE_URL}/{row.slug}/",
    )


@router.get("/publications", response=shown.Publications, auth=reads, operation_id="publications")
def publications(request: HttpRequest) -> shown.Publications:
    """List the publications of this key: a key belongs to one."""
    return shown.Publications(items=[_shown(key_of(request).publication)], next=None)


@router.get(
    "/publications/{slug}", response=shown.Publication, auth=reads, operation_id="publication"
)
def publication(request: HttpRequest, slug: str) -> shown.Publication:
    """Read a publication."""
    ours = key_of(request).publication
    if slug != ours.slug:
        raise not_found()
    return _shown(ours)


@router.get("/topics", response=shown.Topics, auth=reads, operation_id="topics")
def topics(request: HttpRequest, response: HttpResponse, asked: Page) -> object:
    """List what readers may choose within the publication."""
    rows = Topic.objects.filter(publication=key_of(request).publication)
    return page(
        request,
        response,
        rows,
        asked,
        lambda row: shown.Topic(id=row.pk, slug=row.slug, name=row.name, kind=row.kind),
        newest_first=False,
    )


@router.get("/authors", response=shown.Authors, auth=reads, operation_id="authors")
def authors(request: HttpRequest, response: HttpResponse, asked: Page) -> object:
    """List the names that a brief may be signed with, those of the whole site."""
    return page(
        request,
        response,
        Author.objects.all(),
        asked,
        lambda row: shown.Author(id=row.pk, slug=row.slug, name=row.name),
        newest_first=False,
    )


@router.get("/segments", response=shown.Names, auth=reads, operation_id="segments")
def segments(request: HttpRequest, response: HttpResponse, asked: Page) -> object:
    """List the parts of the readership that an edition may be narrowed to."""
    rows = Segment.objects.filter(publication=key_of(request).publication)
    return page(request, response, rows, asked, _named, newest_first=False)


@router.get("/groups", response=shown.Names, auth=reads, operation_id="groups")
def groups(request: HttpRequest, response: HttpResponse, asked: Page) -> object:
    """List the client groups that a brief may be for."""
    rows = ClientGroup.objects.filter(publication=key_of(request).publication)
    return page(request, response, rows, asked, _named, newest_first=False)


def _named(row: Segment | ClientGroup) -> Named:
    return Named(id=row.pk, name=row.name)
