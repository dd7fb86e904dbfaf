"""The API in its first version: its operations, and what stands around each of them."""

import functools
from typing import Any, cast

from django.http import HttpRequest
from ninja.operation import Operation
from ninja.parser import Parser

from api import authority, failures, idempotency, keys, problems
from api.describing import Api
from api.routes import (
    briefs,
    editions,
    publications,
    reports,
    sign_off,
    subscribers,
    suppressions,
)
from briefs import audit

DESCRIPTION = (
    "The verbs of the desk for other programs: the same functions, and so the same rules on "
    "consent, sign-off and preflight. Send `Authorization: Bearer ib_…`; an owner makes keys "
    "at the desk."
)


class Parsed(Parser):
    """Hands over what was read when the key was looked at, and had to be refused there."""

    def parse_body(self, request: HttpRequest) -> Any:
        """Return the body."""
        return request.__dict__["_api_body"]


api = Api(
    title="IntelBrief",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    openapi_url=None,
    parser=cast("Parser", Parsed()),
    urls_namespace="api-1",
    servers=[{"url": "/"}],
)


def _named(view: idempotency.View) -> idempotency.View:
    """Wrap *view* so that the audit trail names the key by which somebody acted."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, **arguments: Any) -> Any:
        with audit.through(keys.in_words(authority.key_of(request))):
            return view(request, **arguments)

    return wrapped


def _asked_well(view: idempotency.View) -> idempotency.View:
    """Wrap *view* so that a parameter that it does not know is refused.

    Who misspells a filter would be shown everybody, and take the first for the one they meant.
    """

    @functools.wraps(view)
    def wrapped(request: HttpRequest, **arguments: Any) -> Any:
        known = {"limit", "cursor"} if "asked" in arguments else set()
        known |= arguments.keys() - {"asked", "given", "response"}
        for name in request.GET:
            if name not in known:
                message = f"There are: {', '.join(sorted(known)) or 'none'}."
                where = f"query.{name[:100]}"
                raise problems.invalid("A parameter is not known here.", where, message)
        return view(request, **arguments)

    return wrapped


api.add_decorator(idempotency.once)
api.add_decorator(_named)
api.add_decorator(_asked_well)
for _router in (
    publications.router,
    briefs.router,
    sign_off.router,
    editions.router,
    subscribers.router,
    suppressions.router,
    reports.router,
):
    api.add_router("", _router)


failures.register(api)


def operations() -> list[tuple[str, Operation]]:
    """Return every operation with its path."""
    return [
        (f"/{prefix.strip('/')}{path}".replace("//", "/"), operation)
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
    ]
