"""The API in its first version: what it is made of, how it fails, and its own description."""

import functools
import logging
from collections.abc import Callable
from typing import Any, cast

from django.core.exceptions import ValidationError as WrongValue
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.operation import Operation
from ninja.parser import Parser

from api import authority, idempotency, keys, problems
from api.problems import Problem
from api.routes import (
    briefs,
    editions,
    publications,
    reports,
    sign_off,
    subscribers,
    suppressions,
)
from api.schemas.common import Problem as ProblemSchema
from briefs import audit, text_versions, workflow
from briefs.addresses import InvalidAddress
from deliveries import control, planning, segments
from subscribers import consent, suppression

log = logging.getLogger(__name__)

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


class Api(NinjaAPI):
    """Adds to the description of each operation how it may fail, and what it needs."""

    def get_openapi_schema(self, *arguments: Any, **named: Any) -> Any:
        """Return the description of the API."""
        schema = super().get_openapi_schema(*arguments, **named)
        for path, methods in schema["paths"].items():
            for method, operation in methods.items():
                _complete(operation, method, has_id="{" in path)
        for component in schema["components"]["schemas"].values():
            for described in component.get("properties", {}).values():
                if described.get("default", "") is None and "anyOf" not in described:
                    del described["default"]  # it may be left out, and not be null
        problem = ProblemSchema.model_json_schema()
        schema["components"]["schemas"]["Problem"] = problem
        schema["components"]["responses"] = {
            str(status): {
                "description": title,
                "content": {
                    problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}
                },
            }
            for status, title in _TITLES.items()
        }
        return schema


_TITLES: dict[int, str] = {}
for _status, _title in problems.KINDS.values():
    _TITLES[_status] = " · ".join(part for part in (_TITLES.get(_status), _title) if part)


def _complete(operation: dict[str, Any], method: str, *, has_id: bool) -> None:
    fails = {400, 401, 403, 422, 429, 500}
    fails |= {404} if has_id else set()
    if method in ("post", "patch", "delete"):
        fails |= {404, 409, 413, 415}
    if method == "post":
        fails.add(412)
        operation.setdefault("parameters", []).append(
            {
                "in": "header",
                "name": idempotency.HEADER,
                "schema": {
                    "type": "string",
                    "pattern": f'^"?{idempotency.WRITTEN_AS}"?$',
                },
                "required": False,
                "description": "The same key with the same request is done once.",
            }
        )
    if method == "patch":
        fails |= {412, 428}
    for status in sorted(fails):
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{status}"}


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


api.add_decorator(idempotency.once)
api.add_decorator(_named)
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


def operations() -> list[tuple[str, Operation]]:
    """Return every operation with its path."""
    return [
        (f"/{prefix.strip('/')}{path}".replace("//", "/"), operation)
        for prefix, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
    ]


# --- how it fails -------------------------------------------------------------


def _fails(kind: type[Exception]) -> Callable[..., Any]:
    """Register what a refusal of ours is to a program."""

    def register(make: Callable[[Any, HttpRequest], Problem]) -> Callable[..., Any]:
        def handle(request: HttpRequest, error: Any) -> HttpResponse:
            return problems.answer(make(error, request), request)

        api.add_exception_handler(kind, handle)
        return make

    return register


@_fails(Problem)
def _problem(error: Problem, _request: HttpRequest) -> Problem:
    return error


@_fails(AuthenticationError)
def _no_key(_error: Any, request: HttpRequest) -> Problem:
    try:
        authority.refuse_stranger(request)
    except Problem as too_many:
        return too_many
    return Problem(
        "no-key",
        "Send Authorization: Bearer and a key that is neither revoked nor expired.",
        headers={"WWW-Authenticate": 'Bearer realm="IntelBrief"'},
    )


@_fails(ValidationError)
def _invalid(error: ValidationError, _request: HttpRequest) -> Problem:
    told = [{"where": _where(one["loc"]), "message": str(one["msg"])[:300]} for one in error.errors]
    return Problem("invalid", "Something in the request is not right.", errors=told[:50])


def _where(loc: Any) -> str:
    """Return “body.topics.0” for the place that pydantic names, without our argument's name."""
    parts = [str(part) for part in loc]
    kept = [parts[0], *(part for part in parts[1:] if part not in ("given", "asked"))]
    return ".".join(kept)[:200]


@_fails(WrongValue)
def _wrong_value(error: WrongValue, _request: HttpRequest) -> Problem:
    return Problem("invalid", " ".join(error.messages)[:500])


@_fails(HttpError)
def _http(error: HttpError, _request: HttpRequest) -> Problem:
    by_status = {status: kind for kind, (status, _title) in reversed(problems.KINDS.items())}
    return Problem(by_status.get(error.status_code, "bad-request"), str(error))


@_fails(Http404)
def _not_found(_error: Http404, _request: HttpRequest) -> Problem:
    return problems.not_found()


@_fails(planning.PreflightFailed)
def _unfit(error: planning.PreflightFailed, _request: HttpRequest) -> Problem:
    told = [
        {"where": one.where, "rule": one.rule, "message": one.message}
        for one in error.findings.errors
    ]
    return Problem("preflight", str(error)[:1000], errors=told)


@_fails(planning.AlreadyScheduled)
def _scheduled(error: planning.AlreadyScheduled, _request: HttpRequest) -> Problem:
    return Problem("already-scheduled", str(error), more={"edition": error.edition.pk})


@_fails(consent.SuppressedAddress)
def _suppressed(error: consent.SuppressedAddress, _request: HttpRequest) -> Problem:
    return Problem("suppressed", str(error))


def _conflict(error: Exception, _request: HttpRequest) -> Problem:
    return Problem("conflict", str(error)[:1000])


for _kind in (
    workflow.WrongStatus,
    workflow.WrongPublication,
    workflow.NoReason,
    control.StillOpen,
    planning.TimeHasPassed,
    segments.UnknownRule,
    suppression.ReadersOwnWord,
    suppression.NoReason,
    consent.NoBasis,
):
    _fails(_kind)(_conflict)


@_fails(InvalidAddress)
def _no_address(error: InvalidAddress, _request: HttpRequest) -> Problem:
    return Problem("invalid", str(error))


@_fails(text_versions.SavedMeanwhile)
def _overtaken(_error: Any, _request: HttpRequest) -> Problem:
    return Problem("changed", "The brief was changed meanwhile. Read it again.")


@_fails(IntegrityError)
def _quicker(error: IntegrityError, _request: HttpRequest) -> Problem:
    log.info("Two did the same at once: %s", type(error).__name__)
    return Problem("conflict", "Somebody was quicker. Read it again.")
