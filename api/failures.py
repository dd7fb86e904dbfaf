"""How the API fails: what a refusal of the house is to a program."""

import logging
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError as WrongValue
from django.db import IntegrityError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError

from api import authority, problems
from api.problems import Problem
from briefs import text_versions, workflow
from briefs.addresses import InvalidAddress
from deliveries import control, planning, segments
from subscribers import consent, suppression

log = logging.getLogger(__name__)

Make = Callable[[Any, HttpRequest], Problem]
_MAKES: dict[type[Exception], Make] = {}


def register(api: NinjaAPI) -> None:
    """Have *api* answer each refusal with its problem."""
    for kind, make in _MAKES.items():
        api.add_exception_handler(kind, _handler(make))


def _handler(make: Make) -> Callable[[HttpRequest, Any], HttpResponse]:
    def handle(request: HttpRequest, error: Any) -> HttpResponse:
        return problems.answer(make(error, request), request)

    return handle


def _fails(kind: type[Exception]) -> Callable[[Make], Make]:
    """Note what a refusal of ours is to a program."""

    def note(make: Make) -> Make:
        _MAKES[kind] = make
        return make

    return note


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
    told = [
        # Ours begin with what pydantic calls them.
        {"where": _where(one["loc"]), "message": one["msg"].removeprefix("Value error, ")[:300]}
        for one in error.errors
    ]
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
