"""Who guesses at passwords is locked out: what django-axes counts, and what it answers.

It counts in the database, so that it holds without Redis. A guess counts for
its origin together with the address that was tried, and for its origin alone;
never for the address alone, since anybody could then lock an editor out.
"""

from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from axes.attempts import get_cool_off_threshold
from axes.handlers.database import AxesDatabaseHandler
from axes.models import AccessAttempt
from django.conf import settings
from django.db.models import Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from briefs import accounts
from subscribers.origin import likely_ip_of


class Handler(AxesDatabaseHandler):  # type: ignore[misc]  # axes has no types
    """Counts by origin and address, and by origin alone up to a limit of its own."""

    def get_failures(self, request: HttpRequest, credentials: Any = None) -> int:
        """Return the larger of both counts, in terms of AXES_FAILURE_LIMIT."""
        here = AccessAttempt.objects.filter(
            ip_address=request.axes_ip_address,  # type: ignore[attr-defined]  # set by axes
            attempt_time__gte=get_cool_off_threshold(request),
        )
        total = here.aggregate(total=Sum("failures_since_start"))["total"] or 0
        by_origin = total * settings.AXES_FAILURE_LIMIT // settings.AXES_FAILURES_PER_IP
        return max(int(by_origin), int(super().get_failures(request, credentials)))


def hashed_name(request: HttpRequest, credentials: dict[str, Any] | None) -> str:
    """Return what axes keeps of the address that was tried: it may have been a password."""
    given = credentials or {}
    typed = given.get("email") or given.get("username") or request.POST.get("login", "")
    return accounts.fingerprint(str(typed))


def origin(request: HttpRequest) -> str | None:
    """Return where a request comes from; a household has a /64 of IPv6 to itself."""
    ip = likely_ip_of(request.META)
    if ip and isinstance(ip_address(ip), IPv6Address):
        return str(ip_network((ip, 64), strict=False).network_address)
    return ip


def anonymous(*_client: object) -> str:
    """Return what the log says of a client: nothing that is theirs."""
    return "a client"


def answer(
    request: HttpRequest, _response: HttpResponse | None, _credentials: dict[str, Any] | None
) -> HttpResponse:
    """Say that it was tried too often, for how long, and what to do."""
    minutes = int(settings.AXES_COOLOFF_TIME.total_seconds() // 60)
    locked = render(request, "account/locked_out.html", {"minutes": minutes}, status=429)
    locked.headers["Retry-After"] = str(minutes * 60)
    return locked
