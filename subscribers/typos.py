"""Typing help: domains that a reader probably meant. It asks, and never refuses."""

from functools import lru_cache

# Where most private mail goes. One of these is never taken for a misspelling of another.
COMMON = frozenset(
    """
    gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.fr yahoo.de yahoo.es yahoo.it ymail.com
    rocketmail.com hotmail.com hotmail.co.uk hotmail.fr hotmail.de hotmail.es hotmail.it
    outlook.com outlook.de outlook.fr outlook.es live.com live.fr live.de live.co.uk live.nl
    msn.com icloud.com me.com mac.com aol.com aol.de gmx.de gmx.net gmx.at gmx.ch gmx.com web.de
    t-online.de freenet.de arcor.de mail.com mail.de email.de posteo.de mailbox.org proton.me
    protonmail.com protonmail.ch pm.me tutanota.com tuta.io fastmail.com fastmail.fm zoho.com
    hey.com yandex.com yandex.ru mail.ru orange.fr wanadoo.fr free.fr sfr.fr laposte.net
    libero.it virgilio.it telenet.be skynet.be proximus.be ziggo.nl kpnmail.nl xs4all.nl
    bluewin.ch btinternet.com sky.com virginmedia.com comcast.net verizon.net att.net sbcglobal.net
    cox.net telefonica.net terra.es seznam.cz wp.pl o2.pl onet.pl interia.pl
    """.split()  # noqa: SIM905  (reads better than ninety quoted words)
)
# No domain ends in these, whatever stands before them.
ENDINGS = {
    ".con": ".com",
    ".cmo": ".com",
    ".ocm": ".com",
    ".comm": ".com",
    ".vom": ".com",
    ".xom": ".com",
    ".cpm": ".com",
    ".nte": ".net",
    ".ogr": ".org",
    ".rog": ".org",
    ".dee": ".de",
}
SHORTEST = 7  # characters: among shorter domains, one letter makes another real one


def meant(address: str) -> str:
    """Return what *address* was probably meant to be, or nothing."""
    local, _, domain = address.rpartition("@")
    better = _nearest(domain.lower())
    return f"{local}@{better}" if better else ""


@lru_cache(4096)  # a few domains are most of the mail
def _nearest(domain: str) -> str:
    """Return the common domain that is one slip away from *domain*, or nothing."""
    if domain in COMMON:
        return ""
    for wrong, right in ENDINGS.items():
        if domain.endswith(wrong):
            mended = domain.removesuffix(wrong) + right
            return _nearest(mended) or mended
    if len(domain) < SHORTEST:
        return ""
    near = sorted(known for known in COMMON if len(known) >= SHORTEST and _one_slip(domain, known))
    return near[0] if near else ""


def _one_slip(typed: str, known: str) -> bool:
    """Tell whether one letter is missing, too many or wrong, or two stand in the wrong order."""
    if abs(len(typed) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(typed), len(known)) and typed[start] == known[start]:
        start += 1
    rest, expected = typed[start:], known[start:]
    if len(rest) == len(expected):
        is_swapped = rest[:2] == expected[1::-1] and rest[2:] == expected[2:]
        return rest[1:] == expected[1:] or is_swapped
    return rest[1:] == expected if len(rest) > len(expected) else rest == expected[1:]
