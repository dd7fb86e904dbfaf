"""System checks: what is missing or dangerous in this installation, with a hint.

`manage.py check` names all of it; web and worker refuse to start on an error.
"""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from anymail.exceptions import AnymailConfigurationError, AnymailImproperlyInstalled
from django.conf import settings
from django.core.checks import ERROR, CheckMessage, Error, Warning, register  # noqa: A004  (Django's name)
from django.core.exceptions import ImproperlyConfigured

from deliveries import collecting, mailto
from deliveries.receivers import esps
from deliveries.returnpaths import is_domain
from intelbrief import hosts, lane_options
from intelbrief.disks import FLEETING, filesystem_of
from intelbrief.observing import checks as watched
from intelbrief.ops.backup import marker

SHORTEST_KEY = 32
NEW_KEY = "python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
RELAY = "submission://user:password@host"  # port 587 with STARTTLS
# Anymail's modules that are no provider.
NO_PROVIDER = {"__init__", "base", "base_requests", "console", "sendinblue", "test"}


def refuse_to_start() -> None:
    """End this process with what is wrong, if anything must not be."""
    errors = [message for message in look() if message.level >= ERROR]
    if errors:
        lines = [f"  ({error.id}) {error.msg} {error.hint or ''}".rstrip() for error in errors]
        raise SystemExit("\n".join(["IntelBrief cannot start:", *lines]))


@register("intelbrief")
def installation(app_configs: Any, **_: Any) -> list[CheckMessage]:
    """Check this installation as a whole."""
    return look()


def look() -> list[CheckMessage]:
    """Return everything that is missing or dangerous."""
    return [
        *_site(),
        *_keys(),
        *_providers(),
        *_mailboxes(),
        *_folder(),
        *_restore(),
        *watched.look(),
    ]


def _site() -> Iterator[CheckMessage]:
    parts = urlsplit(settings.SITE_URL)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path:
        yield Error(
            f"SITE_URL is “{settings.SITE_URL}”, which is no address of a site.",
            hint="Write it like https://briefs.example.org, without a path.",
            id="intelbrief.E004",
        )
    elif not settings.SITE_IS_LOCAL:
        if settings.DEBUG:
            yield Error(
                f"DEBUG is on at {settings.SITE_URL}, where errors would show settings to anybody.",
                hint="Remove DEBUG from the environment.",
                id="intelbrief.E005",
            )
        if not hosts.lets_itself_in():
            yield Warning(
                f"ALLOWED_HOSTS lacks {settings.SITE_HOST}: every page answers 400, where the "
                "proxy hands the Host header on.",
                hint=f"Add {settings.SITE_HOST} to ALLOWED_HOSTS, or remove the variable.",
                id="intelbrief.W007",
            )
        if not settings.HTTPS:
            yield Warning(
                "SITE_URL has no https: mail programs then show no unsubscribe button (RFC 8058).",
                hint="Put a proxy with a certificate in front, and write https:// in SITE_URL.",
                id="intelbrief.W002",
            )


def _keys() -> Iterator[CheckMessage]:
    uses = {
        "SECRET_KEY": ("E001", [_secret_key()], "signs sessions"),
        "TOKEN_KEYS": ("E002", settings.TOKEN_KEYS, "signs the links in mails"),
        "SUPPRESSION_KEY": ("E003", [settings.SUPPRESSION_KEY], "keeps who must not be mailed"),
    }
    for name, (number, keys, use) in uses.items():
        if not any(keys):
            yield Error(
                f"{name} is not set; it {use}.",
                hint=f"Set {name} or {name}_FILE. Make one with: {NEW_KEY}",
                id=f"intelbrief.{number}",
            )
        elif any(len(key) < SHORTEST_KEY for key in keys):
            yield Warning(
                f"{name} has fewer than {SHORTEST_KEY} characters and can be guessed.",
                hint=f"Make a longer one with: {NEW_KEY}",
                id="intelbrief.W001",
            )


def _secret_key() -> str:
    try:
        return settings.SECRET_KEY
    except ImproperlyConfigured:  # Django raises where it is read while it is empty
        return ""


def _providers() -> Iterator[CheckMessage]:
    given = settings.PROVIDERS_GIVEN
    if given and (not isinstance(given, dict) or len(settings.PROVIDERS) != len(given)):
        yield Error(
            "PROVIDERS is malformed.",
            hint='Write a JSON object like {"main": {"provider": "postmark"}}.',
            id="intelbrief.E006",
        )
    elif not settings.PROVIDERS:
        yield Error(
            f"Nobody carries the mail of {settings.SITE_URL}.",
            hint=f"Set EMAIL_URL={RELAY} or EMAIL_PROVIDER=postmark (or another of "
            "docs/configuration.md).",
            id="intelbrief.E007",
        )
    if settings.BOUNCE_DOMAIN:
        yield from _bounce_domain("BOUNCE_DOMAIN", settings.BOUNCE_DOMAIN)
    for lane, options in settings.PROVIDERS.items():
        yield from _lane(lane, options)
        yield from lane_options.check(lane, options)
        if options.get("bounce_domain"):
            yield from _bounce_domain(f'PROVIDERS["{lane}"]', options["bounce_domain"])


def _lane(lane: str, options: dict[str, Any]) -> Iterator[CheckMessage]:
    name = options["provider"]
    if name == "smtp":
        yield from _relay(lane, str(options.get("url", "")))
        return
    if name not in known_providers():
        yield Error(
            f'PROVIDERS["{lane}"] is “{name}”, which nobody here knows.',
            hint=f"Known are: smtp, {', '.join(sorted(known_providers()))}.",
            id="intelbrief.E008",
        )
        return
    yield from _unfinished(lane, name)
    if name in esps.NAMES:
        yield from _webhooks(lane, name)
    else:
        yield Warning(
            f'PROVIDERS["{lane}"]: {name} has no webhooks that are understood here, so that '
            "nobody reports bounces and complaints.",
            hint="Set BOUNCE_DOMAIN, or take a provider of docs/providers.md that has them.",
            id="intelbrief.W003",
        )


def _webhooks(lane: str, name: str) -> Iterator[CheckMessage]:
    """Find out why webhooks of *name* would be refused; a site of one machine gets none anyway."""
    if settings.SITE_IS_LOCAL:
        return
    needed = esps.needs(name)
    try:
        esps.opened(name)
    except AnymailImproperlyInstalled as error:
        yield Error(
            f'PROVIDERS["{lane}"] needs a package for its webhooks that is not installed.',
            hint=" ".join(str(error).split()),
            id="intelbrief.E015",
        )
    except ImproperlyConfigured:
        yield Error(
            f'PROVIDERS["{lane}"] has nothing that its webhooks could be known by: {name} cannot '
            "report bounces and complaints.",
            hint=f"Set {needed} or {needed}_FILE; docs/providers.md says what to paste where.",
            id="intelbrief.E016",
        )


def _bounce_domain(where: str, domain: object) -> Iterator[CheckMessage]:
    if not isinstance(domain, str) or not is_domain(domain):
        yield Error(
            f"{where} has the bounce domain “{domain}”, which is no domain.",
            hint="Write it like bounces.example.org, in ASCII, without an @.",
            id="intelbrief.E013",
        )


def _mailboxes() -> Iterator[CheckMessage]:
    """Find out whether what comes back by mail can be collected."""
    if settings.BOUNCE_MAILBOX:
        try:
            collecting.parse(settings.BOUNCE_MAILBOX)
        except ValueError as error:
            yield Error(
                f"BOUNCE_MAILBOX names no mailbox: {error}.",
                hint="Write it like imaps://user:password@imap.example.org/INBOX, with a password "
                "percent-encoded (@ is %40).",
                id="intelbrief.E017",
            )
    if settings.UNSUBSCRIBE_MAILBOX and not mailto.is_mailbox(settings.UNSUBSCRIBE_MAILBOX):
        yield Error(
            f"UNSUBSCRIBE_MAILBOX is “{settings.UNSUBSCRIBE_MAILBOX}”, which is no plain address.",
            hint="Write it like unsubscribe@bounces.example.org; a mail to unsubscribe+…@ it must "
            "reach the same inbox.",
            id="intelbrief.E018",
        )


def _relay(lane: str, url: str) -> Iterator[CheckMessage]:
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps", "submission", "submit") or not parts.hostname:
        yield Error(
            f'PROVIDERS["{lane}"] names no server.',
            hint=f"Set EMAIL_URL={RELAY}, or the lane's “url”.",
            id="intelbrief.E009",
        )
        return
    protected = parts.scheme != "smtp" or re.search(
        r"\b(tls|ssl)=(true|1|yes)\b", parts.query, re.IGNORECASE
    )
    if parts.password and not protected and parts.hostname not in settings.LOOPBACK:
        yield Warning(
            f'PROVIDERS["{lane}"] sends its password to {parts.hostname} unencrypted.',
            hint=f"Write the address as {RELAY}, or add ?tls=True (port 465: ?ssl=True).",
            id="intelbrief.W005",
        )


def known_providers() -> set[str]:
    """Return the ESPs that Anymail brings, as EMAIL_PROVIDER names them."""
    import anymail.backends

    (folder,) = anymail.backends.__path__
    return {path.stem for path in Path(folder).glob("*.py")} - NO_PROVIDER


def _unfinished(lane: str, name: str) -> Iterator[CheckMessage]:
    """Find what the ESP *name* still needs; Anymail itself knows it best."""
    try:
        importlib.import_module(f"anymail.backends.{name}").EmailBackend()
    except AnymailImproperlyInstalled as error:
        yield Error(
            f'PROVIDERS["{lane}"] needs a package that is not installed.',
            hint=" ".join(str(error).split()),
            id="intelbrief.E011",
        )
    except AnymailConfigurationError as error:
        found = re.search(rf"\b{name.upper()}_[A-Z_]+\b", str(error))
        missing = found.group() if found else f"{name.upper()}_API_KEY"
        yield Error(
            f'PROVIDERS["{lane}"] has no token. Set {missing} or {missing}_FILE.',
            id="intelbrief.E010",
        )


def _folder() -> Iterator[CheckMessage]:
    kind = filesystem_of(settings.VAR_DIR)
    if kind in FLEETING:
        yield Warning(
            f"VAR_DIR ({settings.VAR_DIR}) is on {kind}: keys, database and journals do not last.",
            hint="Set VAR_DIR to a folder on a disk, in a container to a mounted volume.",
            id="intelbrief.W004",
        )


def _restore() -> Iterator[CheckMessage]:
    """Find a restore that was killed: what is here is half of one and half of another."""
    said = marker.read(settings.VAR_DIR)
    if said is not None:
        yield Error(marker.words(said), id="intelbrief.E019")
