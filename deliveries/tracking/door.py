"""What answers the links and the pixel of a mail: a stored target, 43 octets, and a hit taken down.

For minutes after a send nothing is asked for more often, so it stands before
Django's middleware (intelbrief.wsgi) and reads nothing but memory. What it
does not know, it leaves to the views.
"""

import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from django.conf import settings
from django.db import Error as DatabaseError

from deliveries.tracking import agents
from deliveries.tracking.hits import CANARY, GET, HEAD, PIXEL, Hit
from deliveries.tracking.stream import Intake, Secret
from deliveries.tracking.targets import Memory, Policy, Targets, look_up
from subscribers import origin, tokens

PATHS = ("/o/", "/c/")
# One transparent point, as GIF89a writes it.
GIF = bytes.fromhex(
    "47494638396101000100800000000000ffffff21f90401000000002c00000000010001000002024401003b"
)
# As long as a browser's may be; what is longer is no better known.
_LONGEST_AGENT = 512

Headers = list[tuple[str, str]]
_PRIVATE: Headers = [
    ("Cache-Control", "no-store"),
    ("X-Robots-Tag", "noindex, nofollow"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
]
_PIXEL: Headers = [("Content-Type", "image/gif"), ("Content-Length", str(len(GIF))), *_PRIVATE]
_NOTHING = b"There is nothing here for you to do.\n"
_CANARY: Headers = [
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Length", str(len(_NOTHING))),
    *_PRIVATE,
]
_LINK: Headers = [("Content-Type", "text/plain"), ("Content-Length", "0"), *_PRIVATE]


class Answer(NamedTuple):
    """What a visitor gets."""

    status: HTTPStatus
    headers: Headers
    body: bytes = b""


class Place(NamedTuple):
    """What a token stands for."""

    edition: int
    position: int
    delivery: int


intake, secret, memory = Intake(), Secret(), Memory()


def answer(environ: Mapping[str, Any], start_response: Callable[..., Any]) -> list[bytes] | None:
    """Answer a request for the pixel or a link; None leaves it to Django."""
    method = environ["REQUEST_METHOD"]
    if method not in (GET, HEAD) or environ.get("SCRIPT_NAME"):
        return None
    is_secure = _is_secure(environ)
    if settings.SECURE_SSL_REDIRECT and not is_secure:
        return None
    try:
        found = look(environ["PATH_INFO"], environ)
    except DatabaseError:
        return None
    if found is None:
        return None
    headers = found.headers
    if is_secure and settings.SECURE_HSTS_SECONDS:
        headers = [*headers, _transport()]
    start_response(f"{found.status.value} {found.status.phrase}", headers)
    return [b"" if method == HEAD else found.body]


def look(path: str, environ: Mapping[str, Any], *, anew: bool = False) -> Answer | None:
    """Return the answer to a GET or HEAD of *path*, and take the hit down; None if unknown.

    *anew* reads the database, whatever is in memory.
    """
    place = _place(path[:3], path[3:])
    if place is None:
        return None
    targets = (look_up if anew else memory.find)(place.edition)
    found = _answer(place, targets)
    if found is not None and targets is not None and targets.policy is not Policy.OFF:
        intake.put(_hit(place, targets.policy, environ))
    return found


def _place(kind: str, token: str) -> Place | None:
    """Return what *token* stands for, None if it is none of ours."""
    if kind == "/c/":
        try:
            return Place(*tokens.click.load(token))
        except tokens.BadToken:
            pass  # perhaps that of the pixel: the link that no person can see
    try:
        edition, delivery = tokens.pixel.load(token)
    except tokens.BadToken:
        return None
    return Place(edition, PIXEL if kind == "/o/" else CANARY, delivery)


def _answer(place: Place, targets: Targets | None) -> Answer | None:
    if place.position == PIXEL:
        # An old mail shows no broken image, whatever became of its edition.
        return Answer(HTTPStatus.OK, _PIXEL, GIF)
    if place.position == CANARY:
        return Answer(HTTPStatus.OK, _CANARY, _NOTHING)
    url = targets.urls.get(place.position) if targets else None
    if url is None:
        return None
    return Answer(HTTPStatus.FOUND, [*_LINK, ("Location", url)])


def _hit(place: Place, policy: Policy, environ: Mapping[str, Any]) -> Hit:
    user_agent = environ.get("HTTP_USER_AGENT", "")[:_LONGEST_AGENT]
    ip = origin.likely_ip_of(environ) or ""
    return Hit(
        at=time.time_ns() // 1_000_000,
        edition=place.edition,
        position=place.position,
        delivery=place.delivery if policy is Policy.PER_READER else 0,
        visitor=secret.visitor(ip, user_agent),
        kind=agents.kind_of(user_agent, ip, environ),
        method=environ["REQUEST_METHOD"],
    )


def _is_secure(environ: Mapping[str, Any]) -> bool:
    """Tell whether the visitor came by https, as HttpRequest.scheme tells it."""
    if settings.SECURE_PROXY_SSL_HEADER:
        name, value = settings.SECURE_PROXY_SSL_HEADER
        given = environ.get(name)
        if given is not None:
            return bool(given.split(",", 1)[0].strip() == value)
    return bool(environ.get("wsgi.url_scheme") == "https")


def _transport() -> tuple[str, str]:
    value = f"max-age={settings.SECURE_HSTS_SECONDS}"
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        value += "; includeSubDomains"
    if settings.SECURE_HSTS_PRELOAD:
        value += "; preload"
    return "Strict-Transport-Security", value
