"""What must not be told to a log, an error page or Sentry: addresses, tokens and secrets.

Code does not say them in the first place, and tests hold it to that. This is
for what nobody thought of: a server that quotes the address it refuses, or a
library that puts the address of its server, with the password, into an error.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from typing import Any
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

# A token has at least 11 bytes, which are 15 characters of base64url; what is
# shorter opens nothing. Django warns of a path, a traceback may quote an address.
TOKEN = re.compile(
    r"(/(?:[uvco]|s/[\w-]+|accounts/invitation|accounts/password/reset/key)/)[\w%=-]{15,}"
)
# Keys of our API and secrets of our webhooks, wherever a program or a person has put them.
OURS = re.compile(r"(ib_[0-9a-z]{8}_)[\w-]{43}|(whsec_)[\w+/=-]{20,}", re.ASCII)
# What single sign-on brings back, and what other houses put into an address.
IN_QUERY = re.compile(r"([?&](?:code|state|token|key|secret|password|signature)=)[^&\s\"'<>]+")
# A server quotes the address it refuses, an error the row it could not store.
ADDRESS = re.compile(r"[^\s<>\"'(,;:=@•]+@(?:[\w-]+\.)+[\w-]+")
# Who logs in to a server, as its address says it: redis://:password@host.
USERINFO = re.compile(r"(://)[^\s/<>\"']+@")
# Settings of which the value is a secret, and not only something about secrets.
SECRET_NAME = re.compile(r"(?:^|_)(?:SECRETS?|PASSWORDS?|TOKENS?|KEYS?|DSN)$", re.IGNORECASE)
# What is shorter is guessed anyway, and might be a word that a line needs.
SHORTEST_SECRET = 8
MASK = "•••"


def masked(text: str) -> str:
    """Return *text* without the tokens, addresses and secrets in it."""
    if "@" in text:
        text = ADDRESS.sub(f"{MASK}@{MASK}", USERINFO.sub(rf"\1{MASK}@", text))
    if "/" in text:
        text = TOKEN.sub(rf"\1{MASK}", text)
    if "=" in text:
        text = IN_QUERY.sub(rf"\1{MASK}", text)
    if "ib_" in text or "whsec_" in text:
        text = OURS.sub(rf"\1\2{MASK}", text)
    known = _known_secrets()
    return known.sub(MASK, text) if known else text


def is_text(value: Any) -> bool:
    """Tell whether *value* is a str, and no lazy one, which only says that it is."""
    return issubclass(type(value), str)


def masked_deeply(value: Any) -> Any:
    """Return *value* with each text in it masked, keys of mappings too."""
    if is_text(value):
        return masked(value)
    if isinstance(value, bytes):
        return masked(value.decode("utf-8", "replace"))
    if isinstance(value, dict):
        return {masked_deeply(key): masked_deeply(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [masked_deeply(one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return masked(str(value))


@lru_cache(maxsize=1)
def _known_secrets() -> re.Pattern[str] | None:
    """Return what finds the secrets of the settings, wherever they have got to."""
    found = {
        secret
        for name in dir(settings)
        if name.isupper()
        for secret in _secrets_in(name, _setting(name))
    }
    spelled = {form for secret in found for form in (secret, unquote(secret))}
    longest_first = sorted(
        (form for form in spelled if len(form) >= SHORTEST_SECRET), key=len, reverse=True
    )
    return re.compile("|".join(map(re.escape, longest_first))) if longest_first else None


def _setting(name: str) -> Any:
    """Return the setting *name*, None where Django refuses to tell it, as an empty SECRET_KEY."""
    with suppress(AttributeError, ImproperlyConfigured):
        return getattr(settings, name)
    return None


def _secrets_in(name: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _secrets_in(str(key), one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _secrets_in(name, one)
    elif is_text(value):  # a lazy one might ask for apps that are not there yet
        if SECRET_NAME.search(name):
            yield value
            yield value.partition(":")[2]  # WEBHOOK_SECRET is user:password
        if found := re.search(r"://[^\s/]*?:([^\s/]+)@", value):
            yield found[1]


class ReporterFilter(SafeExceptionReporterFilter):
    """Keeps secrets out of Django's error reports, also where they stand inside a longer text."""

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        """Return *value* as the report may show it under *key*."""
        cleansed = super().cleanse_setting(key, value)
        return masked(cleansed) if is_text(cleansed) else cleansed

    def get_traceback_frame_variables(self, request: Any, tb_frame: Any) -> Any:
        """Return the variables of a frame: by name as settings are, by what they hold in text."""
        found = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, self._shown(name, value)) for name, value in found]

    def _shown(self, name: str, value: Any) -> Any:
        if isinstance(value, str | bytes) and self.hidden_settings.search(name):
            return self.cleansed_substitute
        if isinstance(value, str | bytes | dict | list | tuple | set):
            try:
                text = repr(value)
            except Exception:  # noqa: BLE001  (whatever a stranger's repr raises, the report goes on)
                return MASK
            # The report shows what this is a stand-in for in the same way.
            return value if masked(text) == text else masked_deeply(value)
        return value


class Reporter(ExceptionReporter):
    """Writes Django's error reports, masked as a whole: the words of an error may hold anything."""

    def get_traceback_html(self) -> SafeString:
        """Return the report as a page."""
        return SafeString(masked(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        """Return the report as text."""
        return SafeString(masked(super().get_traceback_text()))
