"""What one request tells of its sender: a person's mail program or browser, or a machine.

Asked for each hit at the door, so nothing here takes more than microseconds.
docs/verdicts.md states each rule with its source.
"""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from deliveries.tracking import networks
from deliveries.tracking.agent_words import FORMS, KINDS

# Kinds are lower-case ASCII without commas; "" is a person's, as far as one request can tell.
# What each means for an open and for a click is said in deliveries.tracking.verdicts.
PERSON = ""
# A person's, from an address that tells no visitor from another.
NOWHERE = "nowhere"
LONGEST = 512  # characters of a user agent that are looked at

# As most browsers name themselves, and nothing else: what needs no search for words.
_PLAIN = re.compile(
    r"""Mozilla/5\.0\ \((?:Windows\ NT\ [\d.]+(?:;\ (?:Win64|WOW64|x64|ARM64|rv:[\d.]+))*
    |Macintosh;\ Intel\ Mac\ OS\ X\ [\d_.]+(?:;\ rv:[\d.]+)?
    |X11;\ (?:(?:Ubuntu|Fedora);\ )?Linux\ (?:x86_64|i686|aarch64)(?:;\ rv:[\d.]+)?
    |X11;\ CrOS\ \w+\ [\d.]+|Linux;\ Android\ [\d.]+;\ K
    |iPhone;\ CPU\ iPhone\ OS\ [\d_]+\ like\ Mac\ OS\ X|iPad;\ CPU\ OS\ [\d_]+\ like\ Mac\ OS\ X)\)
    \ (?:AppleWebKit/[\d.]+\ \(KHTML,\ like\ Gecko\)|Gecko/[\d.]+)
    (?:\ (?:Version|Chrome|Safari|Firefox|Edge?|EdgA|EdgiOS|OPR|CriOS|FxiOS|SamsungBrowser)/[\w.]+
    |\ Mobile(?:/\w+)?)*$""",
    re.VERBOSE,
)
_NO_AGENT = frozenset({"", "-", "(null)", "null", "None", "undefined"})
# Gmail's, as it fetches images before its page shows the mail.
_GMAIL_AHEAD = re.compile(r"Edge/12\.246 Mozilla/5\.0$")
# Browsers and phones that do not call themselves Mozilla.
_TEXT_BROWSERS = ("Lynx", "Links", "ELinks", "w3m", "Dillo", "edbrowse", "Emacs", "NetSurf")
_OTHER_BROWSERS = (
    *("Opera", "UCWEB", "ddg_", "DuckDuckGo", "Nokia", "BlackBerry", "BB10", "SAMSUNG", "Samsung"),
    *("SonyEricsson", "LG-", "LGE", "MOT-", "ZTE", "HTC", "Huawei", "HUAWEI", "Vodafone", "DoCoMo"),
    *("KDDI", "SoftBank", "J-PHONE", "Konqueror", "Offpunk", "Browsh"),
)
_PHONE = re.compile(r"Mobile|Android|iPhone|iPad|Xbox|PlayStation|Nintendo|SMART-TV|Tizen|webOS")
# The last that such a desk can have: older ones replace themselves, or are long dead.
_DESK = re.compile(
    r"""(?P<edge>Edge/\d+) | \bFirefox/(?P<firefox>\d+) | \bChrome/(?P<chrome>\d+)
    | MSIE\ (?P<msie>\d+)(?!.*Trident/[5-9])""",
    re.VERBOSE,
)
_OLDEST = {"chrome": 49, "firefox": 38, "msie": 9}
_APPLE_MAIL = re.compile(
    r"^Mozilla/5\.0 \((?:Macintosh|iPhone|iPad)[^)]*\) AppleWebKit/[\d.]+ \(KHTML, like Gecko\)"
    r"(?: Mobile/\w+)?$"
)


def kind_of(user_agent: str, ip: str = "", environ: Mapping[str, Any] | None = None) -> str:
    """Return what one request tells of its sender: "" for a person's, or a kind of machine.

    *environ* is the request's WSGI environ, or as much of it as is known: its
    headers are looked up under their WSGI names. Without it less is known.
    """
    if environ is not None:
        ahead = _ahead(environ)
        if ahead:
            return ahead
    kind = _by_agent(user_agent[:LONGEST])
    if kind and kind not in _UNSURE:
        return kind
    return _together(kind, networks.kind_of(ip) if ip else NOWHERE, environ or {})


# Kinds that the network and the headers may settle.
_UNSURE = frozenset({"phone", "chrome", "apple-mail", "app", "old"})


def _ahead(environ: Mapping[str, Any]) -> str:
    """Return "prefetch" where the headers say that nobody looks yet (WICG nav-speculation)."""
    for name in ("HTTP_SEC_PURPOSE", "HTTP_PURPOSE", "HTTP_X_PURPOSE", "HTTP_X_MOZ"):
        value = environ.get(name)
        if value and str(value).lower().startswith(("prefetch", "prerender", "preview")):
            return "prefetch"
    return ""


def _together(kind: str, network: str, headers: Mapping[str, Any]) -> str:
    """Return what user agent, network and headers say together."""
    if network in ("gateway", "provider"):
        return network
    if network == "apple":
        return "apple-relay" if kind == "apple-mail" else _plain(kind)
    if kind in ("", "phone", "chrome") and _is_headless(headers):
        return "headless"
    if network == "hosted" and kind == "chrome" and not headers.get("HTTP_ACCEPT_LANGUAGE"):
        return "hosted"
    return _plain(kind) or _KINDS.get(network, network)


# Of networks that settle nothing by themselves.
_KINDS = {"hosted": "rented"}


def _plain(kind: str) -> str:
    return PERSON if kind in ("phone", "chrome", "apple-mail") else kind


def _is_headless(headers: Mapping[str, Any]) -> bool:
    """Tell whether a browser asks for a page and names no language: none with a window does.

    Who sends no Accept of a page either is left alone: too many things
    between a reader and this site take headers away.
    """
    return "text/html" in str(headers.get("HTTP_ACCEPT", "")) and not headers.get(
        "HTTP_ACCEPT_LANGUAGE"
    )


@lru_cache(maxsize=4096)
def _by_agent(user_agent: str) -> str:
    agent = user_agent.strip(" \t\"'")
    if agent in _NO_AGENT:
        return "no-agent"
    if agent == "Mozilla/5.0":
        return "apple-privacy"
    if _GMAIL_AHEAD.search(agent):
        return "prefetch"
    if not _PLAIN.match(agent):
        kind = _by_what_it_says(agent)
        if kind is not None:
            return kind
    return _browser(agent)


def _by_what_it_says(agent: str) -> str | None:
    """Return the kind of what is no common browser; None if it might be an uncommon one."""
    if agent.startswith(_TEXT_BROWSERS):
        return PERSON
    kind = _by_words(agent.lower())
    if kind or agent.startswith("Mozilla/"):
        return kind or None
    return PERSON if agent.startswith(_OTHER_BROWSERS) else "app"


def _browser(agent: str) -> str:
    """Return which sort of browser *agent* is, as far as that matters."""
    if _APPLE_MAIL.match(agent):
        return "apple-mail"
    if _PHONE.search(agent):
        return "phone"
    if _is_outdated(agent):
        return "old"
    return "chrome" if "Chrome/" in agent or "Trident/" in agent else PERSON


def _by_words(agent: str) -> str:
    for kind, words in KINDS:
        for word in words:
            if word in agent:
                return kind
    for word, form, kind in FORMS:
        if word in agent and form.search(agent):
            return kind
    return ""


def _is_outdated(agent: str) -> bool:
    """Tell whether *agent* is a desk's browser that nobody can have kept to this day."""
    if len(agent) < len("Mozilla/5.0 (X11)"):
        return True
    found = _DESK.search(agent)
    if not found or not found.lastgroup:
        return False
    name = found.lastgroup
    return name == "edge" or int(found[name]) < _OLDEST[name]
