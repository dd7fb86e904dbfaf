"""Briefs: read, written under the eyes of others, and looked at before they go out."""

import hashlib
import json
from typing import Any, Literal

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Body, Header, Router
from ninja.responses import NinjaJSONEncoder

from api import authority, writing
from api.authority import Key, key_of
from api.models.keys import Scope
from api.paging import Page, page
from api.problems import Problem, not_found
from api.schemas import briefs as shown
from api.schemas.common import PathId
from briefs import revisions, text_versions
from briefs.models import Brief
from deliveries import preflight
from deliveries.preflight import Matter, Outside

router = Router(tags=["Briefs"])
reads = Key(Scope.READ_BRIEFS, "write")
writes = Key(Scope.WRITE_BRIEFS, "write")

_ROW = (
    *("id", "status", "date", "series", "headline", "preheader", "slug", "access", "due_at"),
    *("embargo_until", "readable_until", "published_at", "created_at", "updated_at"),
)


def of_key(request: HttpRequest) -> QuerySet[Brief]:
    """Return the briefs of the key's publication."""
    return Brief.objects.filter(publication=key_of(request).publication).select_related(
        "publication"
    )


def found(request: HttpRequest, brief_id: int) -> Brief:
    """Return the brief; raise Problem where this key has none of that number."""
    brief = of_key(request).filter(pk=brief_id).first()
    if brief is None:
        raise not_found(f"There is no brief {brief_id} for this key.")
    return brief


def _row(brief: Brief) -> dict[str, Any]:
    return {
        **{name: getattr(brief, name) for name in _ROW},
        "version": brief.text_version,
        "topics": sorted(topic.slug for topic in brief.topics.all()),
        "authors": sorted(author.slug for author in brief.authors.all()),
        "url": f"{settings.SITE_URL}{brief.web_path()}" if brief.published_at else None,
    }


def whole(brief: Brief) -> shown.Brief:
    """Return *brief* as it is shown."""
    row = (
        Brief.objects.select_related(
            "publication", "submitted_revision", "approved_revision", "published_revision"
        )
        .prefetch_related("topics", "authors", "groups", "key_points")
        .get(pk=brief.pk)
    )
    numbers: dict[str, Any] = {
        name: revision.number if (revision := getattr(row, name)) else None
        for name in ("submitted_revision", "approved_revision", "published_revision")
    }
    return shown.Brief(
        **_row(row),
        key_points=[point.text for point in row.key_points.all()],
        body=row.body,
        contact_block=row.contact_block,
        groups=sorted(group.pk for group in row.groups.all()),
        **numbers,
    )


def etag(brief: shown.Brief) -> str:
    """Return what changes with anything that is shown of *brief*."""
    text = json.dumps(brief.model_dump(), cls=NinjaJSONEncoder, sort_keys=True)
    return f'"{brief.version}-{hashlib.sha256(text.encode()).hexdigest()[:20]}"'


@router.get("/briefs", response=shown.Briefs, auth=reads, operation_id="briefs")
def briefs(
    request: HttpRequest,
    response: HttpResponse,
    asked: Page,
    status: Literal["draft", "in-review", "approved", "published"] | None = None,
) -> object:
    """List the briefs, the latest first."""
    rows = of_key(request).prefetch_related("topics", "authors").defer("body", "contact_block")
    if status:
        rows = rows.filter(status=status)
    return page(request, response, rows, asked, lambda brief: shown.BriefRow(**_row(brief)))


@router.post("/briefs", response={201: shown.Brief}, auth=writes, operation_id="create_brief")
def create_brief(request: HttpRequest, given: Body[shown.NewBrief]) -> HttpResponse:
    """Begin a brief; what is left out is as the publication has it."""
    key = key_of(request)
    brief = whole(writing.create(key.publication, given.model_dump(exclude_unset=True), key.user))
    return answered(brief, 201, f"/api/v1/briefs/{brief.id}")


def answered(brief: shown.Brief, status: int = 200, location: str = "") -> HttpResponse:
    """Return *brief* with its ETag."""
    body = json.dumps(brief.model_dump(), cls=NinjaJSONEncoder)
    answer = HttpResponse(body, status=status, content_type="application/json; charset=utf-8")
    answer["ETag"] = etag(brief)
    if location:
        answer["Location"] = location
    return answer


@router.get(
    "/briefs/{int:brief_id}",
    response={200: shown.Brief, 304: None},
    auth=reads,
    operation_id="brief",
)
def brief(request: HttpRequest, brief_id: PathId, if_none_match: Header[str] = "") -> HttpResponse:
    """Read a brief in whole. Its ETag says which text it is.

    304, and nothing else, to who sends that ETag in `If-None-Match`: it is as they know it.
    """
    read = whole(found(request, brief_id))
    known = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    if "*" in known or etag(read) in known:
        return HttpResponse(status=304, headers={"ETag": etag(read)})
    return answered(read)


@router.patch(
    "/briefs/{int:brief_id}", response=shown.Brief, auth=writes, operation_id="change_brief"
)
def change_brief(
    request: HttpRequest,
    brief_id: PathId,
    given: Body[shown.Written],
    if_match: Header[str] = "",
) -> HttpResponse:
    """Change what is sent of a brief; `If-Match` has the ETag of the text that was read.

    Somebody who has saved it meanwhile is not overwritten: 412 says so. What
    was approved and reads otherwise now is a draft again. What is published
    stays on the web as it was; its editors change it, no writer does.
    """
    key = key_of(request)
    with transaction.atomic():
        found(request, brief_id)
        held = (
            Brief.objects.select_related("publication")
            .select_for_update(of=("self",), no_key=True)
            .get(pk=brief_id)
        )
        if held.status == Brief.Status.PUBLISHED:
            authority.require(key, "edit")
        _require_read(whole(held), if_match)
        try:
            changed = writing.change(held, given.model_dump(exclude_unset=True), key.user)
        except text_versions.SavedMeanwhile as error:
            raise _changed() from error
        return answered(whole(changed))


def _require_read(brief: shown.Brief, if_match: str) -> None:
    if not if_match.strip():
        raise Problem(
            "no-version", "Send If-Match with the ETag of the brief that you have read (RFC 9110)."
        )
    tags = [tag.strip() for tag in if_match.split(",")]
    if "*" not in tags and etag(brief) not in tags:
        raise _changed()


def _changed() -> Problem:
    return Problem("changed", "The brief was changed since you read it. Read it again.")


@router.get(
    "/briefs/{int:brief_id}/preflight",
    response=shown.Findings,
    auth=reads,
    operation_id="preflight",
)
def check_brief(request: HttpRequest, brief_id: PathId, wait: bool = False) -> shown.Findings:
    """Tell what stands against sending a brief as it is now.

    Links, records and the provider are looked at behind the scenes; *wait*
    for them takes some seconds.
    """

    row = found(request, brief_id)
    matter = Matter(revisions.snapshot(row), row, Outside.ASK if wait else Outside.KNOWN)
    findings = preflight.check_matter(matter)
    return shown.Findings(
        ok=findings.ok,
        errors=[shown.Finding(**one._asdict()) for one in findings.errors],
        warnings=[shown.Finding(**one._asdict()) for one in findings.warnings],
        pending=bool(matter.waits_for),
    )
