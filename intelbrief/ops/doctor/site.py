"""Whether the site answers where SITE_URL says, and as this one."""

import socket
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

import requests
from django.conf import settings

from intelbrief.ops.doctor import Severity, Trouble, examination

PATIENCE = 5.0
ALIVE = "alive"


@examination("site")
def site() -> Iterator[Trouble]:
    """Ask for the site as a reader would: whether it is there, is this one, and is reached by the
    scheme that SITE_URL names; a proxy that does not tell https from http sends readers round and
    round."""
    url = settings.SITE_URL
    try:
        alive = _get(f"{url}/healthz")
        page = _get(f"{url}/")
    except requests.exceptions.SSLError as error:
        cure = "Look at the certificate of the proxy: is it for this name, and not over?"
        yield Trouble(f"The certificate of the site is not right: {_short(error)}", cure, url)
        return
    except (requests.RequestException, OSError, ValueError) as error:
        yield _unanswered(url, error)
        return
    if alive.status_code == 200 and alive.text.strip() == ALIVE:
        found = list(_first_page(url, page))
        yield from found or _believed(url)
        return
    if _is_upgrade(url, alive) or _is_upgrade(url, page):
        cure = f"Write SITE_URL=https://{urlsplit(url).netloc}, and restart web and worker."
        yield Trouble("The site is reached by https, and SITE_URL says http.", cure, url)
    elif alive.status_code in (502, 503, 504):
        cure = "Start the web server, and look at the address that the proxy hands on to."
        yield Trouble("The proxy answers, and the web server behind it does not.", cure, url)
    else:
        cure = "Correct SITE_URL, or the DNS and the proxy: they lead to another site."
        yield Trouble(f"Another site answers at SITE_URL (status {alive.status_code}).", cure, url)


def _get(url: str, headers: Mapping[str, str] | None = None) -> requests.Response:
    return requests.get(url, timeout=PATIENCE, allow_redirects=False, headers=headers)


def _short(error: Exception) -> str:
    return str(error)[:200]


def _first_page(url: str, page: requests.Response) -> Iterator[Trouble]:
    target = page.headers.get("Location", "")
    if page.status_code == 400:
        cure = "Look at ALLOWED_HOSTS, and let the proxy hand the Host header on."
        yield Trouble("The site refuses requests for its own name (400).", cure, url)
    elif page.is_redirect and target.rstrip("/") == url.rstrip("/"):
        yield Trouble(
            "The first page leads to itself, round and round: the proxy does not say that the "
            "visitor came by https.",
            "Let it set X-Forwarded-Proto: in nginx proxy_set_header X-Forwarded-Proto $scheme; "
            "and see that BEHIND_PROXY is not off.",
            url,
        )
    elif _is_upgrade(url, page):
        cure = f"Write SITE_URL=https://{urlsplit(url).netloc}, and restart web and worker."
        yield Trouble("The site is reached by https, and SITE_URL says http.", cure, url)
    elif page.status_code >= 500:
        cure = "Look at the web server's log."
        yield Trouble(f"The first page fails (status {page.status_code}).", cure, url)


def _believed(url: str) -> Iterator[Trouble]:
    """Try whether the proxy hands on X_Forwarded_Proto: a program reads it as X-Forwarded-Proto."""
    if not (settings.SECURE_PROXY_SSL_HEADER and settings.SECURE_SSL_REDIRECT):
        return  # the program would not show it
    try:
        page = _get(f"{url}/", {"X_Forwarded_Proto": "http"})
    except (requests.RequestException, OSError, ValueError):
        return  # it has answered before
    if page.is_redirect and page.headers.get("Location", "").rstrip("/") == url.rstrip("/"):
        yield Trouble(
            "The proxy hands on what a visitor writes as X_Forwarded_…: anybody can say where they "
            "come from, and no limit and no lock-out holds.",
            "Let it drop headers with underscores: request_header -*_* in Caddy; in nginx "
            "underscores_in_headers is off unless somebody has set it.",
            url,
        )


def _is_upgrade(url: str, answer: requests.Response) -> bool:
    """Tell whether *answer* leads from http to https of the same name."""
    target = urlsplit(answer.headers.get("Location", ""))
    here = urlsplit(url)
    is_same = target.hostname == here.hostname
    return (here.scheme, target.scheme) == ("http", "https") and answer.is_redirect and is_same


def _unanswered(url: str, error: Exception) -> Trouble:
    if settings.SITE_IS_LOCAL:
        return Trouble("The site is not running.", "Start ./run.", url, Severity.WARNING)
    host = str(settings.SITE_HOST)
    try:
        socket.getaddrinfo(host, None)
    except OSError:
        cure = f"Publish an A record for {host} in the DNS, or correct SITE_URL."
        return Trouble("The name of the site is not known to the DNS.", cure, url)
    return Trouble(
        f"Nobody answers at SITE_URL: {type(error).__name__}.",
        "Start web server and proxy; look at the firewall for ports 80 and 443. (Some networks "
        "do not let a machine reach its own public address: then try it from elsewhere.)",
        url,
    )
