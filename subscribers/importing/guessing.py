"""What the columns of a file of nobody we know may mean."""

import re
from collections.abc import Sequence

from briefs.addresses import InvalidAddress
from subscribers.importing.addresses import read
from subscribers.importing.reading import Look

# Columns of files that we do not know, in the languages of our readers.
_GUESSES = {
    "address": """email|e-mail|mail|email address|e-mail address|email_address|emailaddress|
        e-mail-adresse|email-adresse|mailadresse|courriel|adresse e-mail|correo|
        correo electrónico|subscriber email""",
    "name": "name|full name|full_name|fullname|nom complet|nombre completo",
    "first_name": "first name|first_name|firstname|fname|given name|vorname|prénom|prenom|nombre",
    "last_name": "last name|last_name|lastname|lname|surname|nachname|nom|apellido|apellidos",
    "language": "language|lang|locale|sprache|langue|idioma",
    "time_zone": "time zone|time_zone|timezone|zeitzone|fuseau horaire|zona horaria",
    "topics": "topics|tags|groups|labels|segments|lists|themen|sujets|temas",
    "attributes": "attributes|metadata|custom fields|custom_fields",
    "status": "status|state|subscription status|subscription_status|subscriber_status",
    "subscribed": "subscribed|subscribed_to_emails|is_subscribed|opted in",
    "disabled": "email_disabled|disabled|unsubscribed|opted out|opted_out",
    "left_at": "unsubscribed_at|unsubscribe_date|unsubscription_date|unsub_time|left_at",
    "deleted_at": "deleted_at|removed_at",
    "asked_at": """optin_time|opt-in time|opt_in_time|opt-in date|subscribed_at|subscribed at|
        subscription date|subscription_date|requested_at|created_at|created|date added|signup date|
        joined""",
    "asked_ip": "optin_ip|opt-in ip|opt_in_ip|ip|ip_address|ip address|signup ip",
    "confirmed_at": "confirm_time|confirmed_at|confirmation time|confirmed at|confirm date",
    "confirmed_ip": "confirm_ip|confirmed_ip|confirmation ip",
}
_GUESSED = {
    header.strip(): target for target, text in _GUESSES.items() for header in text.split("|")
}


def guess(seen: Look) -> dict[str, str]:
    """Return {header: field}, perhaps without an address, which a person then adds."""
    mapping: dict[str, str] = {}
    taken: set[str] = set()
    for header in seen.headers:
        target = _GUESSED.get(header.lower().strip(), "")
        if target in taken:
            target = ""
        taken.add(target)
        mapping[header] = target or ("attribute" if re.search(r"\w", header) else "")
    column = address_column(seen, [h for h, target in mapping.items() if target == "address"])
    for header, target in mapping.items():
        if target == "address" and header != column:
            mapping[header] = "attribute"
    if column is not None:
        mapping[column] = "address"
    return mapping


def address_column(seen: Look, wanted: Sequence[str] = ()) -> str | None:
    """Return the header of the one column that holds addresses, of those *wanted* first.

    A column called “address” may hold streets: the cells decide, not the name.
    """
    if not seen.first:
        return wanted[0] if wanted else None
    shares = {
        header: share_of_addresses(seen, number) for number, header in enumerate(seen.headers)
    }
    for header in wanted:
        if shares[header] >= 0.5:
            return header
    most = max(shares, key=lambda header: shares[header], default=None)
    if most is None or shares[most] < 0.5:
        return None
    rivals = [header for header in shares if shares[header] >= 0.5]
    return most if len(rivals) == 1 else None


def share_of_addresses(seen: Look, column: int) -> float:
    """Return which share of the first cells of a column are addresses, from 0 to 1."""
    cells = [row[column] for row in seen.first if len(row) > column and row[column].strip()]
    return sum(map(_is_address, cells)) / len(cells) if cells else 0.0


def _is_address(cell: str) -> bool:
    try:
        read(cell)
    except InvalidAddress:
        return False
    return True
