"""Where a mail server is and how it is spoken to, as one address says it."""

from dataclasses import dataclass
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

# Scheme: STARTTLS, TLS from the first octet, port.
_SCHEMES = {
    "smtp": (False, False, 25),
    "submission": (True, False, 587),
    "submit": (True, False, 587),
    "smtp+tls": (True, False, 587),
    "smtps": (False, True, 465),
}
_YES = ("1", "y", "yes", "t", "true", "on")


@dataclass(frozen=True)
class Relay:
    """A mail server: where, as whom, and how it is secured."""

    host: str
    port: int
    user: str
    password: str
    implicit_tls: bool
    starttls: bool

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read an EMAIL_URL; raise ValueError if it cannot be read.

        `smtp://host:25` is plain, `submission://` and `smtp+tls://` use
        STARTTLS (587), `smtps://` and `?ssl=True` TLS from the first octet (465).
        An unknown scheme is refused: it might have meant encryption.
        """
        parts = urlsplit(url or "smtp://127.0.0.1:25")
        try:
            port = parts.port
            starttls, implicit_tls, usual_port = _SCHEMES[parts.scheme]
        except (KeyError, ValueError) as error:
            known = ", ".join(f"{scheme}://" for scheme in _SCHEMES)
            raise ValueError(f"EMAIL_URL cannot be read. Begin it with one of {known}") from error
        options = dict(parse_qsl(parts.query))
        if options.get("ssl", "").lower() in _YES:
            starttls, implicit_tls = False, True
        elif options.get("tls", "").lower() in _YES:
            starttls, implicit_tls = True, False
        return cls(
            host=parts.hostname or "127.0.0.1",
            port=port or usual_port,
            user=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            implicit_tls=implicit_tls,
            starttls=starttls,
        )
