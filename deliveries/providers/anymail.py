"""Any ESP that Anymail speaks to, named in the environment: one message per reader."""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

import requests
from anymail.backends.base import AnymailBaseBackend
from anymail.exceptions import (
    AnymailConfigurationError,
    AnymailError,
    AnymailInvalidAddress,
    AnymailRecipientsRefused,
    AnymailRequestsAPIError,
    AnymailUnsupportedFeature,
)
from django.core.mail import EmailMessage, get_connection
from urllib3.exceptions import NewConnectionError

from deliveries.lanes import LaneTrouble
from deliveries.ledger import Fate, Outcome
from deliveries.letters import Letter
from deliveries.providers.journaling import Journal

log = logging.getLogger(__name__)

MOST_ALIKE = 3

# The ESP did not begin with the message (RFC 9110, 15.5.9; RFC 6585, 4; RFC 9110, 15.6.4).
_NOT_BEGUN = {408, 429, 503}
_OUR_FAULT = {401, 402, 403, 404}  # a key, a plan or an address of the API: not the reader's


class AnymailProvider:
    """Hands letters to one ESP over a kept-open session."""

    def __init__(self, esp: str, journal: Journal) -> None:
        self.may_send: Callable[[Any], bool] | None = None
        self._journal = journal
        self._esp = esp
        try:
            # By its path: test runners replace EMAIL_BACKEND.
            backend = get_connection(f"anymail.backends.{esp}.EmailBackend")
        except (ImportError, AnymailConfigurationError) as error:
            raise LaneTrouble(f"The provider “{esp}” cannot be used: {error}") from error
        assert isinstance(backend, AnymailBaseBackend)
        self._backend = backend
        self._is_open = False
        self._is_ending = False

    def deliver(self, letters: Iterable[Letter]) -> Iterator[Outcome]:
        """Hand over *letters*; see Provider.

        Refusals are held back until it is clear whom they are about: the
        third alike in a row is the sender's fault, whatever the ESP calls it.
        """
        refused: list[Outcome] = []
        unwritten: list[Outcome] = []
        for letter in letters:
            if self._is_ending or (self.may_send is not None and not self.may_send(letter)):
                break
            outcome = self._hand_over(letter, unwritten)
            unwritten = [outcome]
            if outcome.fate is Fate.FAILED and all(o.reply == outcome.reply for o in refused):
                refused.append(outcome)
                if len(refused) == MOST_ALIKE:
                    yield from (replace(o, fate=Fate.NOT_ACCEPTED, reason="") for o in refused)
                    raise LaneTrouble(f"{self._esp} refused three in a row alike: {outcome.reply}")
                continue
            yield from refused
            refused = [outcome] if outcome.fate is Fate.FAILED else []
            if not refused:
                yield outcome
        yield from refused
        self._journal.record(unwritten, [])

    def finish_within(self, seconds: float) -> None:
        """Begin nothing more; the call in flight ends by its own time-out."""
        self._is_ending = True

    def close(self) -> None:
        """Close the session."""
        self._backend.close()
        self._is_open = False

    def _hand_over(self, letter: Letter, unwritten: list[Outcome]) -> Outcome:
        """Return what became of *letter*; *unwritten* goes into the journal with its intent."""
        try:
            message = letter.as_email()
        except Exception as error:
            # It fails alone: its neighbours have other names and addresses.
            log.exception("Delivery %s cannot be written.", letter.delivery)
            return Outcome(letter.delivery, letter.attempt, Fate.FAILED, "unwritable", repr(error))
        if not self._is_open:
            self._backend.open()
            self._is_open = True
        self._journal.record(unwritten, [letter])
        fate, reason, reply = self._send(message)
        return Outcome(letter.delivery, letter.attempt, fate, reason, reply)

    def _send(self, message: EmailMessage) -> tuple[Fate, str, str]:
        try:
            self._backend.send_messages([message])
        except AnymailRecipientsRefused as error:
            return Fate.FAILED, "refused", str(error)
        except (AnymailInvalidAddress, AnymailUnsupportedFeature) as error:
            return Fate.FAILED, "not-sendable", str(error)
        except AnymailRequestsAPIError as error:
            return self._judged(error)
        except AnymailError as error:
            return Fate.IN_DOUBT, "unclear-answer", str(error)
        return _status(message)

    def _judged(self, error: AnymailRequestsAPIError) -> tuple[Fate, str, str]:
        """Return what a failed call means; raise LaneTrouble where it is not about the reader."""
        code, words = error.status_code, str(error)
        if code is None:
            if _never_connected(error):
                raise LaneTrouble(f"{self._esp} cannot be reached: {words}") from error
            return Fate.IN_DOUBT, "no-reply", words
        if code in _NOT_BEGUN or code in _OUR_FAULT:
            raise LaneTrouble(f"{self._esp} refused: {words}") from error
        if 400 <= code < 500:
            return Fate.FAILED, "refused", words
        # 5xx, or a 2xx whose body cannot be read: it may have been taken.
        return Fate.IN_DOUBT, "unclear-answer", words


def _never_connected(error: BaseException) -> bool:
    """Tell whether the request failed before a connection stood: refused, or no such name."""
    if isinstance(error, requests.ConnectTimeout):
        return True
    cause: BaseException | None = error.__cause__
    for argument in getattr(cause, "args", ()):
        if isinstance(getattr(argument, "reason", None), NewConnectionError):
            return True
    return False


def _status(message: Any) -> tuple[Fate, str, str]:
    """Read Anymail's per-recipient status of a message that was sent without an error."""
    status = message.anymail_status
    words = {str(recipient.status) for recipient in status.recipients.values()}
    if words & {"sent", "queued"}:
        return Fate.SENT, "", ""
    said = ", ".join(sorted(words))
    if words and words <= {"rejected", "invalid", "failed"}:
        return Fate.FAILED, "refused", f"{said}: {_body(status)}"
    if 400 <= getattr(status.esp_response, "status_code", 0) < 500:
        # Anymail could not tell whom the refusal names; there was one recipient.
        return Fate.FAILED, "refused", _body(status)
    return Fate.IN_DOUBT, "unclear-answer", f"{said}: {_body(status)}"


def _body(status: Any) -> str:
    """Return the ESP's words, for people."""
    return str(getattr(status.esp_response, "text", ""))[:500]
