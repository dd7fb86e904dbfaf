"""Links of mails: where a tracked one led, and what of an address is about one reader."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

_PERSONAL = re.compile(
    r"(utm_\w+|fbclid|gclid|dclid|msclkid|mc_[ce]id|igshid|_hsenc|_hsmi|mkt_tok|ck_subscriber_id"
    r"|attribution_(id|type)|_bhlid|subscriber_id|__s|vero_id|oly_(anon|enc)_id)",
    re.IGNORECASE,
)
_OF_SUBSTACK = {"r", "s", "token", "isFreemail", "publication_id", "post_id", "triedRedirect"}
_TARGETS = ("url", "u", "q", "target", "redirect", "redirect_url", "link", "to")
# Hosts and paths that count who clicks, and lead on.
_TRACKED = re.compile(
    r"https?://(?:[\w.-]+\.)?(?:"
    r"substack\.com/redirect/|email\.mg\.?[\w.-]*/|list-manage\.com/track/|mailchi\.mp/track/"
    r"|(?:www\.)?google\.[a-z.]+/url\?|l\.facebook\.com/l\.php|lm\.facebook\.com/l\.php"
    r"|safelinks\.protection\.outlook\.com/|convertkit-mail\d?\.com/c/|kit-mail\d?\.com/c/"
    r"|ct\.sendgrid\.net/|sendgrid\.net/(?:wf|ls)/click|mandrillapp\.com/track/"
    r"|link\.mail\.beehiiv\.com/|mail\.beehiiv\.com/|trk\.klclick\d?\.com/"
    r"|cmail\d+\.com/t/|createsend\d?\.com/t/|hubspotemail\.net/|hubspotlinks\.com/"
    r"|awstrack\.me/L0/|click\.icptrack\.com/|click\.pstmrk\.it/"
    r")|https?://(?:click|track|links?|email|trk|ablink|url\d+)\.[\w.-]+/"
    r"(?:ls/click|c/|track/|e/c/|wf/click|ss/c/|CL0/)|https?://[^/\s]+/ls/click\?",
    re.IGNORECASE,
)
# listmonk's own redirects; their last part is the reader.
_LISTMONK = re.compile(r"https?://[^/\s]+/link/[0-9a-f-]{36}/[0-9a-f-]{36}/[0-9a-f-]{36}")
_LETTERS = re.compile(r"[\w-]{16,}={0,2}")


def untracked(url: str) -> str:
    """Return where *url* leads without counting who goes there; "" for one that does not tell."""
    for _step in range(3):  # trackers wrap the links of others
        if not (_TRACKED.match(url) or _LISTMONK.match(url)):
            return without_person(url)
        url = _target(url)
    return ""


def without_person(url: str) -> str:
    """Return *url* without what only tells who was mailed it."""
    try:
        parts = urlsplit(url)
        given = parse_qsl(parts.query, keep_blank_values=True, max_num_fields=200)
        host = parts.hostname or ""
    except ValueError:
        return url
    is_substack = host == "substack.com" or host.endswith(".substack.com")
    kept = [
        (name, value)
        for name, value in given
        if not _PERSONAL.fullmatch(name) and not (is_substack and name in _OF_SUBSTACK)
    ]
    if len(kept) == len(given):
        return url
    return urlunsplit(parts._replace(query=urlencode(kept)))


def _target(url: str) -> str:
    try:
        parts = urlsplit(url)
        given = dict(parse_qsl(parts.query, max_num_fields=200))
    except ValueError:
        return ""
    for name in _TARGETS:
        if given.get(name, "").startswith(("http://", "https://")):
            return given[name]
    for part in reversed(parts.path.split("/")):
        if found := _web(unquote(part)) or _decoded(part):
            return found
    return ""


def _web(text: str) -> str:
    return text if re.match(r"https?://[^\s<>\"]+\Z", text) else ""


def _decoded(part: str) -> str:
    """Return the address that *part* holds in Base64, bare or as Substack's {"e": …}."""
    if not _LETTERS.fullmatch(part):
        return ""
    try:
        raw = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
    if raw.startswith("{"):
        try:
            found = json.loads(raw)
        except (ValueError, RecursionError):
            return ""
        raw = str(found.get("e", "")) if isinstance(found, dict) else ""
    return _web(raw)


def resolver(base: str, say: Callable[[str], None]) -> Callable[[str], str]:
    """Return what makes an address of a text one that leads on; "" for what cannot be kept.

    *base* is the address of the site that the text comes from, "" if nobody has
    told. *say* hears what was done.
    """

    def resolve(href: str) -> str:
        href = re.sub(r"[\x00-\x20\x7f<>\"\\]+", "", href.replace(" ", "%20"))
        if href.startswith("__GHOST_URL__"):
            href = href.removeprefix("__GHOST_URL__") or "/"
        if href.startswith("//"):
            href = f"https:{href}"
        if re.match(r"[a-z][\w+.-]*:", href, re.IGNORECASE):
            return _absolute(href, say)
        if base and href.startswith("/"):
            return base.rstrip("/") + href
        if href and not href.startswith("#"):
            say("links without a host")
        return ""

    return resolve


def _absolute(href: str, say: Callable[[str], None]) -> str:
    scheme = href.partition(":")[0].lower()
    if scheme == "mailto":
        return href
    if scheme not in ("http", "https"):
        return ""
    found = untracked(href)
    if not found:
        say("tracked links that do not tell where they led")
    elif found != href:
        say("tracked links set straight")
    return found.replace("(", "%28").replace(")", "%29")
