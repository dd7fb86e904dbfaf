"""The short ways in for sign-ups, webhooks and the API, past what they have no use for."""

import re
from collections.abc import Callable
from typing import Any, cast

from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.common import CommonMiddleware

from api import door as api_door
from intelbrief.languages import LanguageMiddleware
from subscribers.middleware import ReaderMiddleware

Next = Callable[[HttpRequest], HttpResponse]

SIGN_UP = re.compile(r"/s/([-a-zA-Z0-9_]+)/")
WEBHOOK = re.compile(r"/webhooks/([-a-z_]{1,30})/?")


class FrontDoorMiddleware:
    """Hand a posted sign-up form to its view without session, log-in and messages.

    A robot posts a thousand of them a second; static files, session, CSRF
    token, user and messages cost each a tenth of its time, and none of them is
    looked at. What is left is the same middleware in the same order, so that
    the answer is the same to the byte; a test holds it to that. Webhooks and the
    API are asked for by programs, and get none of them.
    """

    def __init__(self, get_response: Next) -> None:
        self._long_way = get_response
        way: Any = convert_exception_to_response(self._sign_up)
        inside_out = (
            XFrameOptionsMiddleware,
            CommonMiddleware,
            LanguageMiddleware,
            ReaderMiddleware,
        )
        for kept in inside_out:
            way = convert_exception_to_response(kept(way))
        self._short_way: Next = way
        back: Any = convert_exception_to_response(_webhook)
        self._back_door: Next = back

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Choose the way."""
        if api_door.is_ours(request.path_info):
            return cast("HttpResponse", api_door.answer(request))
        if WEBHOOK.fullmatch(request.path_info):
            return self._back_door(request)
        is_sign_up = request.method == "POST" and SIGN_UP.fullmatch(request.path_info)
        return self._short_way(request) if is_sign_up else self._long_way(request)

    def _sign_up(self, request: HttpRequest) -> HttpResponse:
        # Views need the apps, which are loaded by the time somebody signs up.
        from subscribers.views.signup import subscribe

        found = SIGN_UP.fullmatch(request.path_info)
        assert found
        return subscribe(request, found[1])


def _webhook(request: HttpRequest) -> HttpResponse:
    from deliveries.receivers.views import webhook

    found = WEBHOOK.fullmatch(request.path_info)
    assert found
    return webhook(request, found[1])
