"""Addresses, normalised once at the door and compared only in that form."""

import unicodedata
from typing import NamedTuple

from email_validator import EmailNotValidError, validate_email


class InvalidAddress(ValueError):
    """The text is not an address that mail can be sent to; the message says why."""


class Address(NamedTuple):
    """An address in the form we store: as it is mailed, and the key it is compared by."""

    address: str  # local part as written, domain lower-cased, as A-labels (RFC 5890)
    key: str  # the same, case-folded: nobody subscribes twice as Ada@ and ada@


def normalise(raw: str) -> Address:
    """Return *raw* as an Address; raise InvalidAddress with a reason for people.

    The domain goes through IDNA2008, as IDNA2003 would map straße.example to
    another domain. No DNS is asked: an address is not refused for a resolver.
    """
    text = unicodedata.normalize("NFC", raw.strip())
    if len(text) > 254:
        raise InvalidAddress("An address has at most 254 characters (RFC 5321).")
    try:
        valid = validate_email(
            text,
            check_deliverability=False,
            allow_smtputf8=True,
            allow_quoted_local=False,
            allow_domain_literal=False,
            test_environment=True,  # example.com and .test are what try-outs use
        )
    except EmailNotValidError as error:
        raise InvalidAddress(str(error)) from error
    if len(valid.local_part.encode()) > 64:
        raise InvalidAddress("The part before the @ has at most 64 octets (RFC 5321).")
    domain = valid.ascii_domain.lower()
    address = f"{valid.local_part}@{domain}"
    return Address(address, f"{valid.local_part.casefold()}@{domain}")


def mask(address: str) -> str:
    """Return *address* with its middle hidden: a•••@e•••.com, for pages a stranger may see."""
    local, _, domain = address.partition("@")
    name, dot, top = domain.rpartition(".")
    return f"{local[:1]}•••@{name[:1]}•••{dot}{top}"
