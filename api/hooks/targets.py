"""Which addresses may be entered for a webhook; where one leads is looked at when it is used."""

from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext as _

from briefs import hosts

LONGEST = 2000


class NotATarget(ValueError):
    """Nothing can be sent to this address; the message says what to do."""


def checked(url: str) -> str:
    """Return *url* as it is stored; raise NotATarget where nothing could be sent to it."""
    url = url.strip()
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError as error:
        raise NotATarget(_("This is no web address.")) from error
    if not host or len(url) > LONGEST or any(ord(letter) < 33 for letter in url):
        raise NotATarget(_("This is no web address."))
    if parts.username is not None or parts.password is not None:
        raise NotATarget(_("Leave out name and password: messages are signed instead."))
    if (settings.DEBUG or settings.SITE_IS_LOCAL) and _is_here(host):
        if parts.scheme in ("http", "https"):
            return url
    elif hosts.is_inside(host):
        raise NotATarget(_("This host cannot be reached from the internet."))
    if parts.scheme != "https":
        raise NotATarget(_("The address must begin with https://."))
    return url


def _is_here(host: str) -> bool:
    ip = hosts.written_ip(host)
    return host == "localhost" or (ip is not None and ip.is_loopback)
