"""Find mail addresses in text that servers wrote."""

import re
from collections.abc import Iterator

_LOCAL = r"(?:\"[^\"\s@]{1,64}\"|[^\s<>()\[\]{}\"',;:@|\\\x00-\x1f\x7f]{1,100})"
_DOMAIN = r"(?:[^\s<>()\[\]{}\"',;:@/|\\=?!*^%$#&+~`\x00-\x1f\x7f]{1,250}|\[[0-9a-fA-F.:]{3,60}\])"
ADDRESS = re.compile(rf"{_LOCAL}@{_DOMAIN}")
_PREFIX = re.compile(r"^(?:(?:rfc822|smtp|utf-8|utf8|x\.?400|mailto|unknown|x-local|lotus)\s*[;:])+\s*", re.IGNORECASE)
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
    for found in ADDRESS.finditer(_PREFIX.sub("", text.strip())):
        address = clean(found[0])
        if address:
            yield address


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
