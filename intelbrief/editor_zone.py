"""The desk in the time zone of whoever sits at it."""

from collections.abc import Callable
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from briefs.models import User
from intelbrief.middleware import is_desk, is_log_in


class EditorTimeZoneMiddleware:
    """Show and read the times of the admin in the user's own zone.

    Stands after the authentication. Public pages keep the site's zone: they
    ask for no session.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not (is_desk(request) or is_log_in(request)) or not isinstance(request.user, User):
            return self.get_response(request)
        try:
            zone = ZoneInfo(request.user.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            return self.get_response(request)  # a zone that was renamed locks nobody out
        with timezone.override(zone):
            return self.get_response(request)
