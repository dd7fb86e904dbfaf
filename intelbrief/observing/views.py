"""The pages for machines that watch: /healthz, /readyz and /metrics.

They are answered before the rest of the middleware (intelbrief.middleware): a
balancer asks by an address of its own, over plain http, so the Host header
and the redirect to https must not stand in its way, and no cookie is made.
"""

import ipaddress
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.crypto import constant_time_compare

from intelbrief.observing import readiness
from intelbrief.observing.readiness import Probe

# Anybody may ask whether the site is ready: what was found is good for so long.
FRESH_SECONDS = 1.0
# What a proxy adds of itself: a visitor of the world may be behind it.
FORWARDED = (
    *("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_HOST"),
    *("HTTP_X_FORWARDED_PROTO", "HTTP_X_REAL_IP"),
)


def healthz(_request: HttpRequest) -> HttpResponse:
    """Answer that this process is alive; nothing else is touched."""
    return HttpResponse("alive\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Answer 200 if each part that an edition needs is there, else 503.

    `?only=database,migrations` looks at these alone. Which part is missing,
    and why, is told to an insider only: words name hosts and folders.
    """
    only = [name for name in request.GET.get("only", "").split(",") if name]
    wanted = [name for name in readiness.names() if not only or _is_named(name, only)]
    if not wanted or any(not any(_is_named(name, [one]) for name in wanted) for one in only):
        return JsonResponse({"error": "“only” names a probe that there is not."}, status=400)
    found = _recent.probes(wanted)
    is_ready = all(probe.ok for probe in found)
    answer: dict[str, object] = {"ready": is_ready}
    if is_insider(request):
        answer["probes"] = [
            {"name": one.name, "ok": one.ok, "words": one.words, "seconds": round(one.seconds, 3)}
            for one in found
        ]
    return JsonResponse(answer, status=200 if is_ready else 503)


def _is_named(name: str, only: list[str]) -> bool:
    return name in only or name.partition(":")[0] in only


def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with what Prometheus scrapes, to an insider."""
    if not is_insider(request):
        if not settings.METRICS_TOKEN:
            return HttpResponse("Not found\n", status=404, content_type="text/plain")
        refused = HttpResponse("A token is needed.\n", status=401, content_type="text/plain")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refused
    from intelbrief.observing import exposition

    body, content_type = exposition.scrape(request.headers.get("Accept", ""))
    return HttpResponse(body, content_type=content_type)


# Asked past the list of URLs, which has them too: see intelbrief.middleware.
PAGES: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": metrics,
}


def answer(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to *request* if it asks for one of these pages."""
    page = PAGES.get(request.path_info)
    if page is None:
        return None
    if request.method in ("GET", "HEAD"):
        response = page(request)
    else:
        response = HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Django logs each 503 as an error: who asks every second knows it already.
    response._has_been_logged = True  # type: ignore[attr-defined]  # as django.utils.log asks
    return response


# --- who asks -----------------------------------------------------------------


def is_insider(request: HttpRequest) -> bool:
    """Tell whether *request* may see figures and faults.

    With METRICS_TOKEN that is who presents it, from anywhere. Without one, it
    is who asks from this very machine, and not by way of a proxy on it: what a
    proxy adds to a request gives it away.
    """
    if settings.METRICS_TOKEN:
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        is_right = constant_time_compare(given.strip(), settings.METRICS_TOKEN)
        return is_right and scheme.lower() == "bearer"
    if any(name in request.META for name in FORWARDED):
        return False
    return _is_loopback(request.META.get("REMOTE_ADDR", "")) and _names_this_machine(request)


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address.strip("[]")).is_loopback
    except ValueError:
        return False


def _names_this_machine(request: HttpRequest) -> bool:
    """Tell whether the Host header is a loopback one: a proxy mostly passes on the site's."""
    host = request.META.get("HTTP_HOST", "localhost")
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    return name == "localhost" or _is_loopback(name)


# --- what was found lately ----------------------------------------------------


class _Recent:
    """What the probes found a moment ago, so that many who ask cost what one does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, tuple[float, Probe]] = {}

    def probes(self, names: list[str]) -> list[Probe]:
        """Return a Probe of each of *names*."""
        now = time.monotonic()
        with self._lock:
            fresh = {n: p for n, (at, p) in self._found.items() if now - at < FRESH_SECONDS}
        if stale := [name for name in names if name not in fresh]:
            found = {probe.name: probe for probe in readiness.probes(stale)}
            fresh |= found
            with self._lock:
                self._found |= {name: (time.monotonic(), one) for name, one in found.items()}
        return [fresh[name] for name in names if name in fresh]

    def forget(self) -> None:
        """Ask anew at the next call."""
        with self._lock:
            self._found.clear()


_recent = _Recent()
