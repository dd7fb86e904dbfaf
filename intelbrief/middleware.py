"""What every request goes through: the pages of who watches, a number for the log, and headers."""

import re
import secrets
from collections.abc import Callable
from http import HTTPStatus

from django.core.signals import request_finished
from django.http import HttpRequest, HttpResponse
from structlog.contextvars import bind_contextvars, unbind_contextvars

from briefs.pages import POLICY
from intelbrief import hosts
from intelbrief.observing import views as observing

# What a proxy in front may have numbered it; anything else is no number.
NUMBER = re.compile(r"[\w-]{8,64}", re.ASCII)

# Unfold's Alpine.js evaluates expressions and sets inline styles. A brief may show
# images of other sites, so the preview beside its form must load them too.
ADMIN = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; "
    "script-src 'self' 'unsafe-inline' 'unsafe-eval'; img-src 'self' data: blob: https:; "
    "frame-src 'self' blob:; object-src 'none'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


def is_desk(request: HttpRequest) -> bool:
    """Tell whether *request* asks for a page of the admin."""
    return request.path_info.startswith("/admin/")


def is_log_in(request: HttpRequest) -> bool:
    """Tell whether *request* asks for a page of log-in."""
    return request.path_info.startswith("/accounts/")


class ObservingMiddleware:
    """Answer /healthz, /readyz and /metrics, and give every other request a number.

    It stands first, so that these pages need no Host header of ours, no https
    and no session. The number is on each line of the log that the request
    causes. The answer does not say it: what a stranger gets on signing up is the
    same to the byte, whoever they are.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or number and pass on; a request by another name makes no noise."""
        answered = observing.answer(request)
        if answered is not None:
            return answered
        given = request.META.get("HTTP_X_REQUEST_ID", "")
        number = given if NUMBER.fullmatch(given) else secrets.token_hex(8)
        bind_contextvars(request=number)
        response = self.get_response(request)
        if response.status_code == HTTPStatus.BAD_REQUEST and hosts.is_foreign(request):
            hosts.note(request)
            response._has_been_logged = True  # type: ignore[attr-defined]  # as django.utils.log asks
        return response


def _forget_number(**_signal: object) -> None:
    """Take the number off the thread: Django logs errors after the middleware has ended."""
    unbind_contextvars("request")


request_finished.connect(_forget_number)


class ContentSecurityPolicyMiddleware:
    """Set a strict Content-Security-Policy where the view has set none.

    Public pages run no inline script or style at all; the admin, whose
    toolkit needs them, has a policy of its own.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        policy = ADMIN if is_desk(request) else POLICY
        response.headers.setdefault("Content-Security-Policy", policy)
        return response
