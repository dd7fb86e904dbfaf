"""What is wrong, told to a program: every error of the API is a problem of RFC 9457."""

import json
from dataclasses import dataclass, field
from typing import Any

from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse

MEDIA_TYPE = "application/problem+json"

# What can be wrong; docs/api.md lists them, and `type` points there.
KINDS: dict[str, tuple[int, str]] = {
    "bad-request": (400, "The request cannot be read"),
    "no-key": (401, "A key is needed"),
    "not-allowed": (403, "This key may not do that"),
    "not-found": (404, "There is no such thing here"),
    "method": (405, "This address does not know that method"),
    "conflict": (409, "It cannot be done as things stand"),
    "under-way": (409, "The same request is under way"),
    "preflight": (409, "The brief is not fit to be sent"),
    "already-scheduled": (409, "The brief is on its way already"),
    "suppressed": (409, "The address is never mailed"),
    "changed": (412, "It was changed meanwhile"),
    "too-large": (413, "The request is too large"),
    "media-type": (415, "Only JSON is understood here"),
    "invalid": (422, "Something in it is not right"),
    "key-reused": (422, "The Idempotency-Key belongs to another request"),
    "no-version": (428, "Say which version you have read"),
    "too-many": (429, "Too many requests"),
    "broken": (500, "Something broke on our side"),
}
DOCUMENTED_AT = "/api/v1/docs#problem-"


@dataclass
class Problem(Exception):
    """Ends a request with a problem; what its transaction has done is undone.

    *kind* is one of KINDS. *errors* say what is wrong with which field:
    [{"where": "headline", "message": "…"}]. *more* are members of their own.
    """

    kind: str
    detail: str
    errors: list[dict[str, str]] = field(default_factory=list)
    more: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The status of HTTP."""
        return KINDS[self.kind][0]


def not_found(detail: str = "") -> Problem:
    """Return the one answer for what is not there and what is not this key's to know of."""
    return Problem("not-found", detail or "There is nothing at this address for this key.")


def invalid(detail: str, where: str, message: str) -> Problem:
    """Return what is said where one field is wrong, the one at *where*."""
    return Problem("invalid", detail, errors=[{"where": where, "message": message}])


def errors_of(form: BaseForm) -> list[dict[str, str]]:
    """Return what *form* says of its fields, as a problem lists it."""
    return [
        {"where": "body" if name == "__all__" else f"body.{name}", "message": str(message)}
        for name, messages in form.errors.items()
        for message in messages
    ]


def answer(problem: Problem, request: HttpRequest) -> HttpResponse:
    """Return *problem* as it goes over the wire."""
    return HttpResponse(
        # As it was asked for, but for what would make a log of it.
        body_of(problem, request.get_full_path()[:500]),
        status=problem.status,
        content_type=MEDIA_TYPE,
        headers=problem.headers,
    )


def body_of(problem: Problem, instance: str = "") -> bytes:
    """Return *problem* in JSON; *instance* is the address that was asked for."""
    status, title = KINDS[problem.kind]
    body: dict[str, Any] = {
        "type": f"{DOCUMENTED_AT}{problem.kind}",
        "title": title,
        "status": status,
        "detail": problem.detail,
        "instance": instance,
        **problem.more,
    }
    if problem.errors:
        body["errors"] = problem.errors
    # All in ASCII: half of a character pair, which somebody sent, can be told again.
    return json.dumps(body).encode()
