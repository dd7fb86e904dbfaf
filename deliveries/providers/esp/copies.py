"""A letter in the form of an ESP: written once by Anymail, then filled in for each reader.

Anymail takes about a millisecond for a letter, most of it for the addresses and
for encoding the bodies, which are the same for all readers. So it writes two of an
edition, one with a name and one without, whose reader's parts are marks; what it
wrote is cut at the marks. Readers with an unusual name or address go the long way.
"""

import html
import json
import re
import secrets
import unicodedata
from collections.abc import Callable

from anymail.backends.base_requests import AnymailRequestsBackend, RequestsPayload
from django.core.mail import EmailMultiAlternatives

from deliveries.compiling import UNSUBSCRIBE
from deliveries.letters import Letter
from subscribers import tokens

# Whoever is written otherwise may need quotes, an encoded word or IDNA: Anymail knows which.
_USUAL_NAME = re.compile(r"[^\W_]+(?:[ '’-][^\W_]+)*")
_USUAL_ADDRESS = re.compile(
    r"[A-Za-z0-9_+-]+(?:\.[A-Za-z0-9_+-]+)*@[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}"
)
_LONGEST_NAME = 60

Render = Callable[[RequestsPayload], str]


def is_usual(letter: Letter) -> bool:
    """Tell whether name and address of *letter* stand as they are wherever they are put."""
    name = letter.name
    return (
        _USUAL_ADDRESS.fullmatch(letter.address) is not None
        and len(name) <= _LONGEST_NAME
        and (not name or _USUAL_NAME.fullmatch(name) is not None)
        # What has a simpler form, as ¹ has, is changed or encoded on some way.
        and (name.isascii() or unicodedata.is_normalized("NFKC", name))
    )


def written(backend: AnymailRequestsBackend, message: EmailMultiAlternatives) -> RequestsPayload:
    """Return *message* as Anymail writes it, with the settings' defaults."""
    payload: RequestsPayload = backend.build_message_payload(message, backend.send_defaults)
    return payload


class Copies:
    """The letters of one edition, as *render* takes them from what Anymail wrote."""

    def __init__(
        self, backend: AnymailRequestsBackend, specimen: Letter, renders: tuple[Render, ...]
    ) -> None:
        self.mail = specimen.mail
        self._backend = backend
        self._renders = renders
        mark = f"ib{secrets.token_hex(6)}y"
        self._name, self._address = f"{mark}name", f"{mark}at@{mark}.example"
        self._message_id, self._token = f"{mark}id", f"{mark}token"
        self._delivery, self._attempt = f"{mark}delivery", f"{mark}attempt"
        self._subject = f"{mark}subject"
        # A merge field is escaped in HTML, so it has a mark in each part.
        self._merged = {
            name: (f"{mark}text{number}x", f"{mark}html{number}x")
            for number, name in enumerate(specimen.merged())
        }
        self._cuts = {
            is_named: [
                self._cut(render(written(backend, self._marked(specimen, is_named))))
                for render in renders
            ]
            for is_named in (False, True)
        }

    def fill(self, letter: Letter, form: int = 0) -> str:
        """Return *letter* as the render numbered *form* has it; like exact(), but sooner."""
        if not is_usual(letter):
            return self.exact(letter, form)
        values = {name: _escaped(value.decode()) for name, value in letter.values().items()}
        token = values[self.mail.slots[UNSUBSCRIBE]]
        values[self._name] = _escaped(letter.name)
        values[self._address] = letter.address
        values[self._message_id] = letter.message_id
        values[self._token] = tokens.unsubscribe_address(token)
        values[self._delivery] = str(letter.delivery)
        values[self._attempt] = str(letter.attempt)
        if self._merged:
            values[self._subject] = _escaped(letter.subject)
            for name, value in letter.merged().items():
                in_text, in_html = self._merged[name]
                values[in_text], values[in_html] = _escaped(value), _escaped(html.escape(value))
        pieces, slots = self._cuts[bool(letter.name)][form]
        filled = pieces.copy()
        for index, name in slots:
            filled[index] = values[name]
        return "".join(filled)

    def is_true_for(self, letter: Letter) -> bool:
        """Tell whether *letter*, filled in, says what Anymail itself would have written."""
        return all(
            json.loads(self.fill(letter, form)) == json.loads(self.exact(letter, form))
            for form in range(len(self._renders))
        )

    def exact(self, letter: Letter, form: int = 0) -> str:
        """Return *letter* as Anymail itself writes it."""
        return self._renders[form](written(self._backend, letter.as_email()))

    def _marked(self, letter: Letter, is_named: bool) -> EmailMultiAlternatives:
        """Return *letter* with marks in place of what is its reader's own."""
        message = letter.as_email()
        text, html_part = self.mail.text, self.mail.html
        for name, (in_text, in_html) in self._merged.items():
            text, html_part = text.replace(name, in_text), html_part.replace(name, in_html)
        message.body = text
        message.alternatives = []
        message.attach_alternative(html_part, "text/html")
        if self._merged:
            message.subject = self._subject
        message.to = [f"{self._name} <{self._address}>" if is_named else self._address]
        message.extra_headers["Message-ID"] = f"<{self._message_id}>"
        message.extra_headers["List-Unsubscribe"] = f"<{self._token}>"
        message.metadata = {  # type: ignore[attr-defined]  # read by Anymail
            "delivery": self._delivery,
            "attempt": self._attempt,
        }
        return message

    def _cut(self, text: str) -> tuple[list[str], list[tuple[int, str]]]:
        """Return the pieces of *text*, with nothing in the slots, and where each slot is."""
        marks = [self._name, self._address, self._message_id, self._token]
        marks += [self._delivery, self._attempt, self._subject, *self.mail.slots]
        marks += [mark for pair in self._merged.values() for mark in pair]
        pieces = re.split(f"({'|'.join(map(re.escape, marks))})", text)
        slots = [(index, pieces[index]) for index in range(1, len(pieces), 2)]
        pieces[1::2] = [""] * len(slots)
        return pieces, slots


def _escaped(value: str) -> str:
    """Return *value* as it stands within a JSON string."""
    return value if value.isascii() and value.isalnum() else json.dumps(value)[1:-1]
