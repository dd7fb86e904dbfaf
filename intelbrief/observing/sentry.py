"""Faults reported to Sentry, where SENTRY_DSN says so: what went wrong where, and of nobody."""

from importlib.util import find_spec
from typing import Any

from intelbrief import release
from intelbrief.masking import masked_deeply

# What a fault is found by. The rest of a request is a visitor's.
KEPT_OF_REQUEST = ("method", "url")


def is_installed() -> bool:
    """Tell whether the package is there that reports; it is an extra."""
    return find_spec("sentry_sdk") is not None


def is_dsn(dsn: str) -> bool:
    """Tell whether Sentry's client can read *dsn*."""
    from sentry_sdk.utils import BadDsn, Dsn

    try:
        Dsn(dsn)
    except BadDsn:
        return False
    return True


def start(dsn: str, environment: str) -> None:
    """Report faults of this process to *dsn*; a system check tells what stands against it."""
    if dsn and is_installed() and is_dsn(dsn):
        import sentry_sdk

        sentry_sdk.init(**options(dsn, environment))


def options(dsn: str, environment: str) -> dict[str, Any]:
    """Return how Sentry's client is set up: no addresses, no bodies, no variables, no traces."""
    return {
        "dsn": dsn,
        "environment": environment,
        "release": _release(),
        # What tells of persons (send_default_pii) is off as long as nobody turns it on.
        # Variables on the stack are letters and readers.
        "include_local_variables": False,
        "max_request_body_size": "never",
        "before_send": scrub,
        "before_breadcrumb": scrub,
        # It would write to stderr past the mask.
        "debug": False,
        # A send is a million of whatever would be traced.
        "traces_sample_rate": None,
    }


def scrub(event: Any, _hint: object) -> Any:
    """Return *event* without who it was about, and with every text in it masked."""
    shown: dict[str, Any] = masked_deeply(dict(event))
    shown.pop("user", None)
    if request := shown.get("request"):
        shown["request"] = {name: request[name] for name in KEPT_OF_REQUEST if name in request}
    return shown


def _release() -> str | None:
    found = release.version()
    return f"intelbrief@{found}" if found else None
