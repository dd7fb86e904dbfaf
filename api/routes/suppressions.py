"""Addresses that are never mailed: listed, added, and released where an editor may."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Status

from api.authority import Key, key_of
from api.models.keys import Scope
from api.paging import Page, page
from api.problems import invalid, not_found
from api.schemas import readers as shown
from api.schemas.common import AskedFor, PathId
from briefs.addresses import InvalidAddress
from subscribers import suppression
from subscribers.models import Suppression

router = Router(tags=["Suppressions"])
reads = Key(Scope.READ_SUPPRESSIONS, "publish")
writes = Key(Scope.WRITE_SUPPRESSIONS, "publish")
manages = Key(Scope.WRITE_SUPPRESSIONS, "manage")


def _of_key(request: HttpRequest) -> QuerySet[Suppression]:
    return Suppression.objects.filter(publication=key_of(request).publication)


def _found(request: HttpRequest, suppression_id: int) -> Suppression:
    row = _of_key(request).filter(pk=suppression_id).first()
    if row is None:
        raise not_found(f"There is no suppression {suppression_id} for this key.")
    return row


def _shown(row: Suppression) -> shown.Suppression:
    return shown.Suppression(
        **{name: getattr(row, name) for name in ("id", "address", "reason", "note", "created_at")},
        can_be_released=row.reason in suppression.RELEASABLE,
    )


def _hash_of(address: str, where: str) -> str:
    try:
        return suppression.hash_of(address)
    except InvalidAddress as error:
        raise invalid("This is no address and no @domain.", where, str(error)) from error


@router.get("/suppressions", response=shown.Suppressions, auth=reads, operation_id="suppressions")
def suppressions(
    request: HttpRequest, response: HttpResponse, asked: Page, address: AskedFor
) -> object:
    """List what this publication never mails, or look one *address* up: it need not be shown."""
    rows = _of_key(request)
    if address:
        rows = rows.filter(address_hash=_hash_of(address, "query.address"))
    return page(request, response, rows, asked, _shown)


@router.post(
    "/suppressions",
    response={200: shown.Suppression, 201: shown.Suppression},
    auth=writes,
    operation_id="add_suppression",
)
def add_suppression(
    request: HttpRequest, given: Body[shown.NewSuppression]
) -> Status[shown.Suppression]:
    """Never mail an address or a whole “@domain” again, whoever imports it; 200 if it was so."""
    key = key_of(request)
    hashed = _hash_of(given.address, "body.address")
    is_new = suppression.suppress(
        given.address, Suppression.Reason.MANUAL, key.publication, note=given.note, by=key.user
    )
    return Status(201 if is_new else 200, _shown(_of_key(request).get(address_hash=hashed)))


@router.get(
    "/suppressions/{int:suppression_id}",
    response=shown.Suppression,
    auth=reads,
    operation_id="suppression",
)
def one_suppression(request: HttpRequest, suppression_id: PathId) -> shown.Suppression:
    """Read one."""
    return _shown(_found(request, suppression_id))


@router.post(
    "/suppressions/{int:suppression_id}/release",
    response=shown.Released,
    auth=manages,
    operation_id="release_suppression",
)
def release_suppression(
    request: HttpRequest, suppression_id: PathId, given: Body[shown.Release]
) -> shown.Released:
    """Let mail go there again; it subscribes nobody. A reader's own word is not taken back."""
    row = _found(request, suppression_id)
    released = suppression.release(row, why=given.why, by=key_of(request).user)
    return shown.Released(released=released)
