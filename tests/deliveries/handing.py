"""What the tests of the SMTP engine share: letters, a journal, a run and its audit."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from deliveries.ledger import Fate, Outcome
from deliveries.providers.opening import Timeouts
from deliveries.providers.pipelining import PipeliningProvider
from deliveries.providers.verdicts import Sendable
from tests.scripted import ScriptedServer

# Long enough for a busy machine; scripts that hang bring shorter ones.
PATIENT = Timeouts(connect=20, command=20, data=20, block=20, dot=20)
HASTY = Timeouts(connect=5, command=0.4, data=0.4, block=0.4, dot=0.4)
# One letter for each fate, "-" for a letter that was never begun.
LETTERS = {
    Fate.SENT: "S",
    Fate.DEFERRED: "L",
    Fate.FAILED: "F",
    Fate.IN_DOUBT: "D",
    Fate.NOT_ACCEPTED: "N",
}


@dataclass
class FakeMail:
    """Of a mail, the sender."""

    sender_address: str = "brief@harbour.example"


@dataclass
class FakeLetter:
    """A letter that says whom it is to."""

    delivery: int
    address: str = ""
    attempt: int = 1
    size: int = 300
    mail: FakeMail = field(default_factory=FakeMail)

    def __post_init__(self) -> None:
        self.address = self.address or f"r{self.delivery}@example.com"

    @property
    def needs_smtputf8(self) -> bool:
        """True if the address is beyond ASCII."""
        return not self.address.isascii()

    def as_bytes(self) -> bytes:
        """Return a message that names its reader."""
        line = b"Text of the brief.".ljust(18 if self.size < 10_000 else 978, b"x") + b"\r\n"
        return f"To: {self.address}\r\n\r\n".encode() + line * (self.size // len(line))


class Recorder:
    """A journal in memory; `breaks_at` is the so-manieth record that fails."""

    def __init__(self, breaks_at: int | None = None) -> None:
        self.outcomes: list[Outcome] = []
        self.intents: list[int] = []
        self.open: set[int] = set()
        self.most_open = 0
        self.records = 0
        self.breaks_at = breaks_at

    def record(self, outcomes: Sequence[Outcome], intents: Sequence[Sendable]) -> None:
        """Remember both, or fail."""
        self.records += 1
        if self.records == self.breaks_at:
            raise OSError(28, "No space left on device")
        self.outcomes += outcomes
        self.intents += [letter.delivery for letter in intents]
        self.open -= {outcome.delivery for outcome in outcomes}
        self.open |= {letter.delivery for letter in intents}
        self.most_open = max(self.most_open, len(self.open))


@dataclass
class Handed:
    """What a run came to."""

    letters: list[FakeLetter]
    outcomes: list[Outcome]
    error: Exception | None
    journal: Recorder

    @property
    def fates(self) -> str:
        """One character for each letter, in their order."""
        by_delivery = {outcome.delivery: LETTERS[outcome.fate] for outcome in self.outcomes}
        return "".join(by_delivery.get(letter.delivery, "-") for letter in self.letters)

    def of(self, number: int) -> Outcome:
        """Return what became of the letter *number*."""
        (outcome,) = [o for o in self.outcomes if o.delivery == number]
        return outcome


def provider_for(
    server: ScriptedServer, connections: int = 1, **options: Any
) -> PipeliningProvider:
    """Return a provider that hands over to *server*."""
    scheme = options.pop("scheme", "smtp")
    login = options.pop("login", "")
    options.setdefault("timeouts", PATIENT)
    url = f"{scheme}://{login}127.0.0.1:{server.port}"
    return PipeliningProvider(url, connections, **options)


def run(provider: PipeliningProvider, letters: Iterable[FakeLetter]) -> Handed:
    """Hand over *letters* to the end."""
    kept: list[FakeLetter] = []

    def lazily() -> Iterable[FakeLetter]:
        for letter in letters:
            kept.append(letter)
            yield letter

    outcomes: list[Outcome] = []
    error: Exception | None = None
    try:
        outcomes.extend(provider.deliver(lazily()))
    except Exception as raised:  # noqa: BLE001  # the test looks at it
        error = raised
    journal = provider.journal
    assert isinstance(journal, Recorder)
    return Handed(kept, outcomes, error, journal)


def hand_over(
    server: ScriptedServer,
    count: int | Sequence[FakeLetter],
    connections: int = 1,
    journal: Recorder | None = None,
    may_send: Callable[[FakeLetter], bool] | None = None,
    **options: Any,
) -> Handed:
    """Hand *count* letters over to *server*, close, and return what came of it."""
    letters = [FakeLetter(n) for n in range(1, count + 1)] if isinstance(count, int) else count
    provider = provider_for(
        server, connections, journal=journal or Recorder(), may_send=may_send, **options
    )
    try:
        handed = run(provider, letters)
    finally:
        provider.close()
    # Letters that nobody asked for count as never begun.
    handed.letters = list(letters)
    return handed


def audit(server: ScriptedServer, handed: Handed, connections: int = 1) -> None:
    """Hold what was judged against what the server took."""
    taken = Counter(message.to for message in server.accepted)
    assert not server.violations
    assert max(taken.values(), default=0) <= 1, "accepted twice"
    judged = Counter(outcome.delivery for outcome in handed.outcomes)
    assert max(judged.values(), default=0) <= 1, "judged twice"
    fates = {outcome.delivery: outcome.fate for outcome in handed.outcomes}
    for letter in handed.letters:
        fate = fates.get(letter.delivery)
        if fate is Fate.SENT:
            assert taken[letter.address] == 1, f"{letter.address} is sent and was not accepted"
        elif fate is not Fate.IN_DOUBT:
            assert taken[letter.address] == 0, f"{letter.address} is {fate} and was accepted"
    for message in server.accepted:
        assert message.body.startswith(f"To: {message.to}\r\n".encode()), "a body to another reader"
    _audit_journal(server, handed, connections)


def _audit_journal(server: ScriptedServer, handed: Handed, connections: int) -> None:
    journal = handed.journal
    addresses = {letter.delivery: letter.address for letter in handed.letters}
    assert set(server.texts_begun) <= {addresses[n] for n in journal.intents}, "a body unannounced"
    assert journal.most_open <= connections, "more than one letter in doubt on a connection"
    if journal.breaks_at is None:
        assert sorted(map(repr, journal.outcomes)) == sorted(map(repr, handed.outcomes))
