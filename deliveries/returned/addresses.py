"""Find mail addresses in text that servers wrote."""

import re
from collections.abc import Iterator

_PLAIN = re.compile(
    r"(?<![A-Za-z\u00c0-\u024f])"  # not the end of müller@example.org
    r"(?:\"[^\"\s@]{1,64}\"|[A-Za-z0-9.!#$%&'*+/=?^_`{}~-]{1,100})"
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,250}[A-Za-z0-9])?|\[[0-9a-fA-F.:]{3,60}\])"
)
# Beyond ASCII (RFC 6531); punctuation of Chinese and Japanese is part of none.
_SIGNS = r"\s<>()\[\]{}\"',;:@|\\\x00-\x1f\x7f\u3000-\u303f\uff00-\uff20\u2018-\u201f\u00ab\u00bb"
_WIDE = re.compile(rf"[^{_SIGNS}]{{1,100}}@[^{_SIGNS}/=?!*^%$#&+~`]{{1,250}}")
_PREFIX = re.compile(
    r"^(?:(?:rfc822|smtp|utf-8|utf8|x\.?400|mailto|unknown|x-local|lotus)\s*[;:])+\s*",
    re.IGNORECASE,
)
_DAEMONS = re.compile(
    r"(mailer-?_?daemon|mail-?daemon|postmaster|maildaemon|mdaemon|mailer|noreply|no-reply|"
    r"microsoftexchange\w*|bounces?|abuse|mail-?delivery\S*|administrator)@",
    re.IGNORECASE,
)


def address_in(text: str) -> str:
    """Return the first address in *text* without what surrounds it, or nothing."""
    return next(addresses_in(text), "")


def addresses_in(text: str) -> Iterator[str]:
    """Yield the addresses in *text* in their order."""
    text = _PREFIX.sub("", text.strip())
    found = [clean(one[0]) for one in _PLAIN.finditer(text)]
    # Scripts without spaces run into the address, so ASCII goes first.
    if not any(found) and not text.isascii():
        found = [clean(one[0]) for one in _WIDE.finditer(text)]
    yield from filter(None, found)


def clean(found: str) -> str:
    """Return *found* without the dots and prefixes that a sentence adds, or nothing."""
    local, _, domain = _PREFIX.sub("", found).rpartition("@")
    local = local.lstrip("=?.-*'`").removeprefix("mailto:")
    domain = domain.rstrip(".-_'`>")
    if not local or not domain or ("." not in domain and not domain.isalnum()):
        return ""
    return f"{local}@{domain}"[:320]


def is_daemon(address: str) -> bool:
    """Tell whether *address* is a server's own and no reader's."""
    return _DAEMONS.match(address) is not None
