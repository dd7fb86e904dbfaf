"""What the settings say of mail: the lanes, the ESPs' own names, and how notices go out."""

from collections.abc import Iterable, Mapping
from typing import Any

from deliveries.relay import Relay


def lanes_of(given: Any, provider: str, url: str) -> dict[str, dict[str, Any]]:
    """Return the lanes of PROVIDERS in order, else the one of EMAIL_PROVIDER.

    What is malformed is left out, and a system check names it.
    """
    if not given and provider:
        given = {"main": {"provider": provider, "url": url}}
    return {
        name: {**lane, "provider": lane["provider"].strip().lower().replace("-", "_")}
        for name, lane in (given.items() if isinstance(given, dict) else ())
        if isinstance(lane, dict) and isinstance(lane.get("provider"), str)
    }


def esp_names(lanes: Mapping[str, Mapping[str, Any]], variables: Iterable[str]) -> set[str]:
    """Return those of *variables* that are an ESP's own (POSTMARK_SERVER_TOKEN), without _FILE."""
    names = {lane["provider"].upper() for lane in lanes.values()}
    prefixes = tuple(f"{name}_" for name in names - {"", "SMTP"})
    found = (variable.removesuffix("_FILE") for variable in variables)
    return {name for name in found if prefixes and name.startswith(prefixes)}


def secrets_of(given: str) -> list[str]:
    """Return each “user:password” of WEBHOOK_SECRET; the user is “webhook” where none is named."""
    secrets = (one.strip() for one in given.split(","))
    return [one if ":" in one else f"webhook:{one}" for one in secrets if one]


def of_notices(lanes: Mapping[str, Mapping[str, Any]]) -> tuple[str, Relay]:
    """Return by which backend of Django's notices go, and where the mail server is if it is one.

    They take the first lane. Raises ValueError, with what to write instead,
    where its address is none.
    """
    first = next(iter(lanes.values()), {"provider": "smtp"})
    if first["provider"] in ("smtp", ""):
        relay = Relay.parse(str(first.get("url") or ""))
        return "django.core.mail.backends.smtp.EmailBackend", relay
    return f"anymail.backends.{first['provider']}.EmailBackend", Relay.parse("")
