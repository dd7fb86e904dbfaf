"""The steps of a brief between its writer and the web."""

from django.http import HttpRequest, HttpResponse
from ninja import Body, Router

from api import authority
from api.authority import Key, key_of
from api.idempotency import first
from api.models.keys import Scope
from api.problems import not_found
from api.routes.briefs import answered, found, whole
from api.schemas import briefs as shown
from api.schemas.common import PathId
from briefs import approvals
from briefs.models import Brief, Revision
from deliveries import signing_off
from deliveries.preflight import Outside
from deliveries.preflight import check as check_whole

router = Router(tags=["Signing off"])
writes = Key(Scope.WRITE_BRIEFS, "write")
approves = Key(Scope.WRITE_BRIEFS, "approve")
overrides = Key(Scope.WRITE_BRIEFS, "override")
publishes = Key(Scope.WRITE_EDITIONS, "publish")


WORDLESS = shown.Worded()  # who has nothing to say sends no body


def ask_outside(request: HttpRequest, brief_id: int, **_given: object) -> None:
    """Have links looked at before a transaction is open, which then finds them known."""
    check_whole(found(request, brief_id), outside=Outside.ASK)


def _seen(brief: Brief, number: int) -> Revision:
    revision: Revision | None = (
        brief.revisions.select_related("brief").filter(number=number).first()
    )
    if revision is None:
        raise not_found(f"Brief {brief.pk} has no revision {number}.")
    return revision


@router.post(
    "/briefs/{int:brief_id}/hand-in", response=shown.Brief, auth=writes, operation_id="hand_in"
)
@first(ask_outside)
def hand_in(request: HttpRequest, brief_id: PathId) -> HttpResponse:
    """Hand a brief in as it stands; those who may approve it are told by mail."""
    brief = found(request, brief_id)
    signing_off.hand_in(brief, key_of(request).user)
    return answered(whole(brief))


@router.post(
    "/briefs/{int:brief_id}/approve", response=shown.Brief, auth=approves, operation_id="approve"
)
def approve(request: HttpRequest, brief_id: PathId, given: Body[shown.Seen]) -> HttpResponse:
    """Approve the revision that was read; nobody approves what they have had a hand in."""
    brief = found(request, brief_id)
    signing_off.approve(_seen(brief, given.revision), key_of(request).user)
    return answered(whole(brief))


@router.post(
    "/briefs/{int:brief_id}/override",
    response=shown.Brief,
    auth=overrides,
    operation_id="override",
)
def override(request: HttpRequest, brief_id: PathId, given: Body[shown.Reasoned]) -> HttpResponse:
    """Let a revision go out without a second person; the reason is kept."""
    brief = found(request, brief_id)
    signing_off.override(_seen(brief, given.revision), key_of(request).user, given.reason)
    return answered(whole(brief))


@router.post(
    "/briefs/{int:brief_id}/return",
    response=shown.Brief,
    auth=writes,
    operation_id="return_to_writer",
)
def return_to_writer(
    request: HttpRequest, brief_id: PathId, given: Body[shown.Worded] = WORDLESS
) -> HttpResponse:
    """Give a brief back with words on what is missing; its writer takes it back without any."""
    brief, key = found(request, brief_id), key_of(request)
    if not approvals.is_author(key.user, brief):
        authority.require(key, "approve")
    signing_off.return_to_writer(brief, key.user, given.words)
    return answered(whole(brief))


@router.post(
    "/briefs/{int:brief_id}/withdraw-approval",
    response=shown.Brief,
    auth=approves,
    operation_id="withdraw_approval",
)
def withdraw_approval(
    request: HttpRequest, brief_id: PathId, given: Body[shown.SeenAndWorded]
) -> HttpResponse:
    """Take an approval back; an edition that waits with that text will not start."""
    brief = found(request, brief_id)
    signing_off.withdraw_approval(_seen(brief, given.revision), key_of(request).user, given.words)
    return answered(whole(brief))


@router.post(
    "/briefs/{int:brief_id}/publish", response=shown.Brief, auth=publishes, operation_id="publish"
)
def publish(request: HttpRequest, brief_id: PathId) -> HttpResponse:
    """Put a brief on the web as it stands, and mail it to nobody."""
    brief = found(request, brief_id)
    signing_off.publish(brief, key_of(request).user)
    return answered(whole(brief))
