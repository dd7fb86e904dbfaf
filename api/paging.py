"""Pages of a list by key: whatever is added meanwhile, nothing is missed or comes twice."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from django.core import signing
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from ninja import Field, Query, Schema

from api.bodies import require_text
from api.problems import Problem, invalid

MOST = 200
USUAL = 50

M = TypeVar("M", bound=Model)


class Paging(Schema):
    """Which page of a list."""

    limit: int = Field(USUAL, ge=1, le=MOST, description="How many at most.")
    cursor: str = Field(
        "", max_length=400, description="The `next` of the page before; empty for the first."
    )


Page = Annotated[Paging, Query(...)]


def page(
    request: HttpRequest,
    response: HttpResponse,
    rows: QuerySet[M],
    asked: Paging,
    shown: Callable[[M], Any],
    *,
    by: str = "pk",
    newest_first: bool = True,
) -> dict[str, Any]:
    """Return the page of *rows* that was *asked* for, in the order of the column *by*.

    *by* is unique among *rows*, and there is an index in its order. A cursor
    belongs to the list and the filters that it was given for.
    """
    if asked.cursor:
        after = _opened(asked.cursor, _list_of(request))
        rows = rows.filter(**{f"{by}__{'lt' if newest_first else 'gt'}": after})
    found: Sequence[M] = list(
        rows.order_by(f"{'-' if newest_first else ''}{by}")[: asked.limit + 1]
    )
    more = len(found) > asked.limit
    found = found[: asked.limit]
    following = None
    if more:
        following = _sealed(getattr(found[-1], by), _list_of(request))
        response["Link"] = f'<{_address_of(request, following)}>; rel="next"'
    return {"items": [shown(row) for row in found], "next": following}


def _list_of(request: HttpRequest) -> str:
    """Return what tells one list from another: its address and filters, and whose it is."""
    given = sorted((name, request.GET[name]) for name in request.GET)
    kept = [(name, value) for name, value in given if name not in ("limit", "cursor")]
    publication = request.auth.publication_id  # type: ignore[attr-defined]  # set by ninja
    return json.dumps([publication, request.path, kept])


def _address_of(request: HttpRequest, cursor: str) -> str:
    kept = [(name, request.GET[name]) for name in request.GET if name != "cursor"]
    return f"{request.path}?{urlencode([*kept, ('cursor', cursor)])}"


def _sealed(position: int, of_list: str) -> str:
    body = base64.urlsafe_b64encode(str(position).encode()).rstrip(b"=").decode()
    return f"{body}.{_mac(body, of_list)}"


def _opened(cursor: str, of_list: str) -> int:
    require_text(cursor)
    body, _dot, mac = cursor.rpartition(".")
    if not constant_time_compare(mac, _mac(body, of_list)):
        detail = "This cursor was given for another list. Begin without one."
        raise invalid(detail, "query.cursor", "It is not ours, or of other filters.")
    try:
        return int(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, binascii.Error) as error:  # signed, and made by nobody
        raise Problem("invalid", "This cursor cannot be read. Begin without one.") from error


def _mac(body: str, of_list: str) -> str:
    # Made here: where SECRET_KEY is missing, it is for the checks to say so, and not for an import.
    return signing.Signer(salt="api.paging").signature(f"{body}:{of_list}")[:22]
