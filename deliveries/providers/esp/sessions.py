"""Kept-open sessions with an ESP, one for each thread that posts."""

import threading
from collections.abc import Callable
from typing import Any

import requests
from anymail.backends.base import AnymailBaseBackend
from anymail.backends.base_requests import AnymailRequestsBackend
from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.mail import get_connection

from deliveries.lanes import LaneTrouble


def backend_of(name: str) -> AnymailBaseBackend:
    """Return Anymail's backend for the ESP *name*; raise LaneTrouble if it cannot be used."""
    try:
        # By its path: test runners replace EMAIL_BACKEND.
        backend = get_connection(
            f"anymail.backends.{name}.EmailBackend", **_options.get(name, dict)()
        )
    except (ImportError, AnymailError, ImproperlyConfigured) as error:
        raise LaneTrouble(f"The provider “{name}” cannot be used: {error}") from error
    assert isinstance(backend, AnymailBaseBackend)
    if name in _MEASURING:
        # Theirs tells each reader from another, whatever a publication's policy says.
        untracked = {"track_opens": False, "track_clicks": False}
        backend.send_defaults = {**untracked, **(backend.send_defaults or {})}
    return backend


def _for_amazon() -> dict[str, Any]:
    """Return options with which a call is made once.

    botocore repeats a call that it got no answer to, up to five times: each
    may be a letter.
    """
    from botocore.client import Config

    anymail: dict[str, Any] = getattr(settings, "ANYMAIL", {})
    given = dict(anymail.get("AMAZON_SES_CLIENT_PARAMS", {}))
    config = given.get("config") or {}
    config = config if isinstance(config, Config) else Config(**config)
    connect, read = anymail.get("REQUESTS_TIMEOUT", (5, 30))
    once = Config(retries={"total_max_attempts": 1}, connect_timeout=connect, read_timeout=read)
    return {"client_params": {**given, "config": config.merge(once)}}


# Those that can be told with each call to leave links alone, and to set no pixel of their own;
# several do both where nobody says otherwise.
_MEASURING = {
    *("mailgun", "mailjet", "mandrill", "postmark", "sendgrid", "sparkpost", "unisender_go"),
}

# A client of boto3 may be used by several threads, and takes a third of a second to make.
SHARED = {"amazon_ses"}
_options: dict[str, Callable[[], dict[str, Any]]] = {"amazon_ses": _for_amazon}


class Session:
    """One way to the ESP, kept open; each thread has its own."""

    def __init__(self, backend: AnymailBaseBackend, is_ending: threading.Event) -> None:
        self.backend = backend
        self.is_ending = is_ending  # set when the process is told to end
        self._prepared: dict[str, tuple[requests.PreparedRequest, dict[str, Any]]] = {}

    def open(self) -> None:
        """Open it; the connection itself is made by the first call."""
        self.backend.open()

    def close(self) -> None:
        """Close it."""
        self.backend.close()

    def post(self, url: str, headers: dict[str, str], body: bytes) -> requests.Response:
        """Post *body* to *url* and return the answer, whatever its status.

        What requests works out anew for each call (proxies, netrc, cookies)
        took most of its time, and is the same for all of them.
        """
        assert isinstance(self.backend, AnymailRequestsBackend)
        session = self.backend.session
        assert session is not None
        if url not in self._prepared:
            request = session.prepare_request(requests.Request("POST", url, data=b"{}"))
            environment = session.merge_environment_settings(url, {}, False, None, None)
            self._prepared[url] = request, environment
        template, environment = self._prepared[url]
        request = template.copy()
        request.headers.update(headers)
        request.headers["Content-Length"] = str(len(body))
        request.body = body
        answer: requests.Response = session.send(
            request, timeout=self.backend.timeout, allow_redirects=False, **environment
        )
        return answer
