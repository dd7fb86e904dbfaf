"""Calls: what is posted to an ESP at a time, and what its answer says of each letter in it."""

import json
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import requests
from anymail.backends.base import AnymailBaseBackend
from anymail.backends.base_requests import AnymailRequestsBackend, RequestsPayload
from django.core.mail import EmailMultiAlternatives

from deliveries import wire
from deliveries.compiling import UNSUBSCRIBE
from deliveries.lanes import LaneTrouble
from deliveries.letters import EditionMail, Letter
from deliveries.providers.esp import answers, by_anymail
from deliveries.providers.esp.answers import Malformed, Unclear, Verdict
from deliveries.providers.esp.copies import Copies, is_usual, written
from deliveries.providers.esp.sessions import Session
from deliveries.providers.esp.table import Carries, Esp
from subscribers import tokens

# Stands where the idempotency key goes, until the call that it is made from is complete.
_KEY = "00000000-0000-5000-8000-00000000abcd"
_KEYS = uuid.UUID("6f0f6f1c-6c0a-5d0e-9d5e-3a1f2f4c9b10")
# An identical call is made again after so many seconds; then its readers are in doubt.
REPEATS = (1.0, 2.0, 4.0)
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class Call(Protocol):
    """One call, with the letters in it."""

    @property
    def letters(self) -> Sequence[Letter]:
        """Whom it is for, in its order."""

    def make(self, session: Session) -> list[Verdict]:
        """Post it, and return the verdict on each letter.

        Raises LaneTrouble, Malformed or Unclear where the answer is about the
        call as a whole.
        """


@dataclass(frozen=True)
class Posting:
    """A call whose bytes were written here; with a *key* it is repeated while in doubt."""

    esp: Esp
    letters: Sequence[Letter]
    url: str
    headers: dict[str, str]
    body: bytes
    key: str = ""

    def make(self, session: Session) -> list[Verdict]:
        """Post it; see Call."""
        if not self.key or self.esp.key is None:
            return self._post(session)
        return self._repeated(session, self.esp.key.life)

    def _repeated(self, session: Session, life: float) -> list[Verdict]:
        """Post the same octets until their answer is clear: the key makes them one call.

        The key's life is counted from the first octet by a clock that goes on
        while the machine sleeps, with half of it to spare. Nobody repeats a call
        of a process that died, so no other host's clock is asked.
        """
        ends_at = time.clock_gettime(_CLOCK) + life / 2
        doubt: Unclear | None = None
        for wait in (0.0, *REPEATS):
            if session.is_ending.wait(wait) and doubt is not None:
                break
            if time.clock_gettime(_CLOCK) > ends_at:
                break
            try:
                return self._post(session)
            except Unclear as error:
                doubt = error
            except (LaneTrouble, Malformed) as error:
                if doubt is None:
                    raise
                # It tells of the repetition; the first may have been carried out all the same.
                doubt = Unclear(f"{doubt} – and then: {error}", doubt.reason)
                if isinstance(error, Malformed):
                    break
        assert doubt is not None
        raise doubt

    def _post(self, session: Session) -> list[Verdict]:
        assert self.esp.read is not None
        try:
            response = session.post(self.url, self.headers, self.body)
        except requests.RequestException as error:
            raise by_anymail.not_answered(self.esp.name, error) from error
        verdicts = answers.read(
            self.esp.name,
            response.status_code,
            response.content,
            response.headers,
            len(self.letters),
            self.esp.read,
        )
        return [by_anymail.blamed(self.esp, verdict) for verdict in verdicts]


@dataclass(frozen=True)
class Message:
    """A call that Anymail writes and reads itself."""

    esp: Esp
    letters: Sequence[Letter]
    message: EmailMultiAlternatives

    def make(self, session: Session) -> list[Verdict]:
        """Hand it to Anymail; see Call."""
        return by_anymail.send(self.esp, session.backend, self.message, self._addresses())

    def _addresses(self) -> list[str]:
        return [letter.address for letter in self.letters] if len(self.letters) > 1 else []


# --- writing ----------------------------------------------------------------


class Writer:
    """Writes calls to one ESP for letters of any edition, one after the other."""

    def __init__(self, esp: Esp, backend: AnymailBaseBackend) -> None:
        self._esp = esp
        self._backend = backend
        self._forms: _Forms | None = None
        self._shared: tuple[EditionMail | None, bool] = None, False
        self._measured: tuple[EditionMail | None, int] = None, 0

    def call(self, letters: Sequence[Letter], *, as_batch: bool) -> Call:
        """Return the call for *letters*, which are of one edition; raise where one cannot be."""
        if self._esp.carries is Carries.WHOLE:
            return self._forms_of(letters[0]).posting(letters, as_batch=as_batch)
        if len(letters) == 1:
            return Message(self._esp, letters, letters[0].as_email())
        return Message(self._esp, letters, shared(self._esp, letters))

    def may_join(self, letters: Sequence[Letter], letter: Letter) -> bool:
        """Tell whether *letter* may be in one call with *letters*."""
        if letter.mail is not letters[0].mail:
            return False
        if self._esp.carries is not Carries.SHARED:
            return True
        return self._can_share(letter.mail) and is_usual(letter) and is_usual(letters[-1])

    def octets(self, letter: Letter) -> int:
        """Return about how large *letter* is in a call; none where a body is shared."""
        if self._esp.carries is not Carries.WHOLE:
            return 0
        if self._measured[0] is not letter.mail:
            bodies = json.dumps([letter.mail.html, letter.mail.text])
            # Each slot becomes a link or a value; then come the headers.
            self._measured = letter.mail, len(bodies) + 60 * len(letter.mail.slots) + 2_000
        return self._measured[1]

    def _can_share(self, mail: EditionMail) -> bool:
        """Tell whether *mail* can be one body for several readers.

        Not where an editor wrote what the ESP takes for a variable, and not where
        the variables of one reader are too many.
        """
        if self._shared[0] is not mail:
            parts = (mail.html, mail.text, mail.subject)
            is_clean = not any(sign in part for sign in self._esp.syntax for part in parts)
            octets = 80 * (len(mail.slots) + 6)
            is_small = not self._esp.per_reader or octets <= self._esp.per_reader
            # What a reader says of themselves is no place for an ESP to look for variables.
            self._shared = mail, is_clean and is_small and mail.merging is None
        return self._shared[1]

    def _forms_of(self, letter: Letter) -> "_Forms":
        if self._forms is None or self._forms.mail != letter.mail:
            assert isinstance(self._backend, AnymailRequestsBackend)
            self._forms = _Forms(self._esp, self._backend, letter)
        return self._forms


class _Forms:
    """The two forms of an edition's letters: as a call of its own, and as a member of one."""

    ALONE, MEMBER = 0, 1

    def __init__(self, esp: Esp, backend: AnymailRequestsBackend, letter: Letter) -> None:
        self._esp = esp
        self.mail = letter.mail
        first = written(backend, letter.as_email())
        params = first.get_request_params(backend.api_url)
        self._url: str = params["url"]
        if params["auth"]:
            # Basic authentication: requests would add the header.
            prepared = requests.Request(**params).prepare()
            params["headers"]["Authorization"] = prepared.headers["Authorization"]
        self._headers: dict[str, str] = dict(params["headers"])
        self._common = self._in_common(written(backend, letter.as_email()))
        self._copies = Copies(backend, letter, (self._alone, self._member))
        self._looked_at = 0
        self._is_true = True

    def posting(self, letters: Sequence[Letter], *, as_batch: bool) -> Posting:
        """Return the call for *letters*."""
        if as_batch:
            # Not by format(): it took longer than all the letters.
            head, tail = self._esp.call.format(common=self._common, letters="\0").split("\0")
            members = [self._fill(letter, self.MEMBER) for letter in letters]
            members[0], members[-1] = head + members[0], members[-1] + tail
            text = ", ".join(members)
            url = self._esp.endpoint(self._url)
        else:
            text = self._fill(letters[0], self.ALONE)
            url = self._url
        return self._keyed(letters, url, text)

    def _keyed(self, letters: Sequence[Letter], url: str, text: str) -> Posting:
        """Return the call with its key, which is the same for the same octets."""
        key, headers = "", self._headers
        if self._esp.key:
            key = str(uuid.uuid5(_KEYS, text))
            if self._esp.key.member:
                text = text.replace(_KEY, key)
            else:
                headers = {**headers, self._esp.key.header: key}
        return Posting(self._esp, letters, url, headers, text.encode(), key)

    def _fill(self, letter: Letter, form: int) -> str:
        """Return *letter*; the first ones are held against what Anymail itself writes.

        So an option or a version of Anymail that does something else per reader
        costs time and no letter.
        """
        if self._looked_at < 2 and is_usual(letter):
            self._looked_at += 1
            self._is_true = self._is_true and self._copies.is_true_for(letter)
        if self._is_true:
            return self._copies.fill(letter, form)
        return self._copies.exact(letter, form)

    def _alone(self, payload: RequestsPayload) -> str:
        if self._esp.key and self._esp.key.member:
            payload.data["headers"][self._esp.key.member] = _KEY
        text: str = payload.serialize_data()
        return text

    def _member(self, payload: RequestsPayload) -> str:
        text: str = payload.serialize_json(self._esp.letter(payload.data))
        return text

    def _in_common(self, payload: RequestsPayload) -> str:
        """Return the members that stand before the letters: with nobody's links in them."""
        data: dict[str, Any] = payload.data
        common = {name: data[name] for name in self._esp.common if name in data}
        for name, text in (("htmlContent", self.mail.html), ("textContent", self.mail.text)):
            if name in common:
                common[name] = self.mail.slot_pattern.sub("", text)
        if self.mail.merging and "subject" in common:
            common["subject"] = self.mail.merging.subject(self.mail.merging.defaults)
        if self._esp.key and self._esp.key.member:
            common["headers"] = {self._esp.key.member: _KEY}
        whole: str = payload.serialize_json(common)
        return whole[1:-1]


def shared(esp: Esp, letters: Sequence[Letter]) -> EmailMultiAlternatives:
    """Return one message for all *letters*, with a variable in place of each slot."""
    mail = letters[0].mail
    message = letters[0].as_email()
    message.body = _with_variables(esp, mail, mail.text)
    message.alternatives = []
    message.attach_alternative(_with_variables(esp, mail, mail.html), "text/html")
    message.to = [wire.plain_mailbox(one.name, one.address) for one in letters]
    own = {one.address: _own(one) for one in letters}
    for header in next(iter(own.values()))["merge_headers"]:
        del message.extra_headers[header]
    del message.metadata  # type: ignore[attr-defined]  # each has its own
    for attribute in ("merge_data", "merge_headers", "merge_metadata"):
        values = {address: parts[attribute] for address, parts in own.items()}
        setattr(message, attribute, values)
    message.esp_extra = dict(esp.extra)  # type: ignore[attr-defined]  # read by Anymail
    return message


def _own(letter: Letter) -> dict[str, dict[str, str]]:
    """Return what is the reader's own, by Anymail's names."""
    values = {slot: value.decode() for slot, value in letter.values().items()}
    address = tokens.unsubscribe_address(values[letter.mail.slots[UNSUBSCRIBE]])
    return {
        "merge_data": values,
        "merge_headers": {
            "Message-ID": f"<{letter.message_id}>",
            "List-Unsubscribe": f"<{address}>",
        },
        "merge_metadata": {"delivery": str(letter.delivery), "attempt": str(letter.attempt)},
    }


def _with_variables(esp: Esp, mail: EditionMail, text: str) -> str:
    for slot in mail.slots:
        text = text.replace(slot, esp.variable.format(slot))
    return text
