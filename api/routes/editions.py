"""Editions: set going after the preflight, followed, stopped."""

import datetime as dt
from collections.abc import Callable
from typing import Any, Literal

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Body, Router, Status

from api.authority import Key, key_of
from api.idempotency import first
from api.models.keys import Scope
from api.paging import Page, page
from api.problems import Problem, invalid, not_found
from api.routes import briefs
from api.routes.sign_off import ask_outside
from api.schemas import editions as shown
from api.schemas.common import PathId
from briefs import revisions, roles
from briefs.models import Brief
from deliveries import control, planning, tallies, zones
from deliveries.admin.live import progress
from deliveries.models import Edition, Segment
from deliveries.tasks import tick
from subscribers import doorbell

router = Router(tags=["Editions"])
reads = Key(Scope.READ_EDITIONS, "write")
sends = Key(Scope.WRITE_EDITIONS, "publish")
# A time beyond is a typing error.
_FAR = dt.timedelta(days=3650)


def of_key(request: HttpRequest) -> QuerySet[Edition]:
    """Return the editions of the key's publication."""
    rows = Edition.objects.filter(publication=key_of(request).publication)
    return rows.select_related("brief", "publication", "revision", "tally")


def found(request: HttpRequest, edition_id: int) -> Edition:
    """Return the edition; raise Problem where this key has none of that number."""
    edition = of_key(request).filter(pk=edition_id).first()
    if edition is None:
        raise not_found(f"There is no edition {edition_id} for this key.")
    return edition


_ROW = (
    *("id", "kind", "status", "send_at", "clock", "local_time", "created_at", "started_at"),
    *("finished_at", "audience"),
)


def _row(edition: Edition, counts: dict[str, int]) -> dict[str, Any]:
    return {
        **{name: getattr(edition, name) for name in _ROW},
        "brief": edition.brief_id,
        "headline": edition.brief.headline,
        "segment": edition.segment_id,
        "counts": counts,
    }


def _whole(request: HttpRequest, edition_id: int) -> shown.Edition:
    edition = found(request, edition_id)
    key = key_of(request)
    may_publish = roles.can(key.user, "publish", key.publication)
    now = progress(edition, whole=False)
    return shown.Edition(
        **_row(edition, now["counts"]),
        **{name: now[name] for name in ("settled", "percent", "reasons", "missed", "verbs")},
        lanes=[shown.Lane(**row) for row in now["lanes"]],
        # A server's words may name a reader.
        word=edition.word if may_publish else None,
    )


@router.get("/editions", response=shown.Editions, auth=reads, operation_id="editions")
def editions(
    request: HttpRequest,
    response: HttpResponse,
    asked: Page,
    status: Literal[
        "scheduled",
        "sending",
        "paused",
        "finishing",
        "finished",
        "withdrawn",
        "missed",
        "cancelled",
    ]
    | None = None,
) -> object:
    """List the editions, the latest first, with how far each is."""
    rows = of_key(request)
    if status:
        rows = rows.filter(status=status)
    return page(
        request,
        response,
        rows,
        asked,
        lambda edition: shown.EditionRow(**_row(edition, tallies.of(edition)["statuses"])),
    )


@router.get(
    "/editions/{int:edition_id}", response=shown.Edition, auth=reads, operation_id="edition"
)
def edition(request: HttpRequest, edition_id: PathId) -> shown.Edition:
    """Read an edition, with the numbers of its live page."""
    return _whole(request, edition_id)


def _ask_outside(request: HttpRequest, given: shown.NewEdition, **_more: object) -> None:
    ask_outside(request, given.brief)


@router.post("/editions", response={201: shown.Edition}, auth=sends, operation_id="send_brief")
@first(_ask_outside)
def send_brief(
    request: HttpRequest, response: HttpResponse, given: Body[shown.NewEdition]
) -> Status[shown.Edition]:
    """Send a brief to its readers, and put it on the web when it starts.

    The preflight comes first: what stands against it is in `errors`. A brief
    that is on its way, or has gone out already, is not sent a second time.
    """
    brief, key = briefs.found(request, given.brief), key_of(request)
    # Held, so that the text that is taken below is of that version.
    held = Brief.objects.select_for_update(no_key=True).only("text_version").get(pk=brief.pk)
    if given.version not in (None, held.text_version):
        raise Problem("changed", "The brief was changed since you read it. Read it again.")
    edition = planning.schedule(
        revisions.take(brief, by=key.user),
        send_at=_later(given),
        clock=Edition.Clock.READER if given.local_time else Edition.Clock.PUBLICATION,
        local_time=_on_the_wall(given),
        segment=_segment(request, given.segment),
        hold=dt.timedelta(seconds=key.publication.hold_seconds),
        by=key.user,
        after=planning.last_seen(brief, again=given.again),
    )
    doorbell.ring(tick)
    return Status(201, _whole(request, edition.pk))


def _later(given: shown.NewEdition) -> dt.datetime | None:
    if given.send_at and given.local_time:
        raise _wrong("send_at", "Take one of send_at and local_time.")
    if given.send_at and not timezone.now() < given.send_at < timezone.now() + _FAR:
        raise _wrong("send_at", "Choose a time that is to come, within ten years.")
    return given.send_at


def _on_the_wall(given: shown.NewEdition) -> str:
    if not given.local_time:
        return ""
    try:
        zones.parse(given.local_time)
    except zones.NotALocalTime as error:
        raise _wrong("local_time", str(error)) from error
    return given.local_time


def _segment(request: HttpRequest, segment_id: int | None) -> Segment | None:
    if segment_id is None:
        return None
    ours = Segment.objects.filter(publication=key_of(request).publication)
    segment = ours.filter(pk=segment_id).first()
    if segment is None:
        raise _wrong("segment", "The publication has no such segment.")
    return segment


def _wrong(field: str, message: str) -> Problem:
    return invalid("Nothing was scheduled.", f"body.{field}", message)


def _do(request: HttpRequest, edition_id: int, act: Callable[..., object]) -> shown.Edition:
    edition = found(request, edition_id)
    if not act(edition, by=key_of(request).user):
        raise Problem("conflict", f"Too late for that: the edition is {edition.status} by now.")
    doorbell.ring(tick)
    return _whole(request, edition_id)


@router.post(
    "/editions/{int:edition_id}/withdraw",
    response=shown.Edition,
    auth=sends,
    operation_id="withdraw",
)
def withdraw(request: HttpRequest, edition_id: PathId) -> shown.Edition:
    """Take an edition back before its first mail."""
    return _do(request, edition_id, control.withdraw)


@router.post(
    "/editions/{int:edition_id}/pause", response=shown.Edition, auth=sends, operation_id="pause"
)
def pause(request: HttpRequest, edition_id: PathId) -> shown.Edition:
    """Stop handing out mail; what a worker has in hand is finished first."""
    return _do(request, edition_id, control.pause)


@router.post(
    "/editions/{int:edition_id}/resume", response=shown.Edition, auth=sends, operation_id="resume"
)
def resume(request: HttpRequest, edition_id: PathId) -> shown.Edition:
    """Go on with a paused edition."""
    return _do(request, edition_id, control.resume)


@router.post(
    "/editions/{int:edition_id}/cancel", response=shown.Edition, auth=sends, operation_id="cancel"
)
def cancel(request: HttpRequest, edition_id: PathId) -> shown.Edition:
    """Stop an edition for good: who has no mail yet gets none."""
    return _do(request, edition_id, control.cancel)
