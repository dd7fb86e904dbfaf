"""Faults at random, over several connections, until everybody has been judged."""

import random
import time

import pytest

from deliveries.ledger import Fate, Outcome
from deliveries.providers.opening import Timeouts
from tests.deliveries.handing import FakeLetter, Handed, Recorder, audit, provider_for, run
from tests.scripted import CLOSE, HANG, RESET, Moment, Rule, ScriptedServer

# What may go wrong where; at the dot, what leaves the letter in doubt stands apart.
FAULTS = [
    ("451 4.3.0 Later", None),
    ("550 5.1.1 Nobody", None),
    ("421 4.3.2 Bye", CLOSE),
    (None, CLOSE),
    (None, RESET),
    ("what?\r\n", None),
    ("250-half a repl", CLOSE),
]
AT_THE_DOT = [("250 Ok", CLOSE), ("250 Ok", RESET), ("451 Later", CLOSE), ("554 No", None)]
ENDS = [(None, CLOSE), (None, RESET), ("250-half a repl", CLOSE)]
LOSSES = [*ENDS, ("what?\r\n", None)]


class Chaos:
    """A script that throws dice; counts the connections that it ends, and garbles at a dot.

    Each of them may leave a letter in doubt: with a reset, the server's kernel
    throws away what it has not sent yet, a 250 to the last letter included.
    """

    def __init__(self, seed: int, rate: float) -> None:
        self.dice = random.Random(seed)
        self.rate = rate
        self.losses = 0
        self.hangs = 1

    def __call__(self, moment: Moment) -> Rule | None:
        """Return a fault, or mostly nothing."""
        rule = self.fault(moment) if self.dice.random() < self.rate else None
        if rule and (rule.then or rule.at == "dot"):
            self.losses += 1
        return rule

    def fault(self, moment: Moment) -> Rule | None:
        """Return what goes wrong."""
        if moment.at in ("RCPT", "DATA", "RSET"):
            return Rule(moment.at, *self.dice.choice(FAULTS))
        if moment.at == "text":
            # All of it may be out by then, dot and all.
            return Rule("text", *self.dice.choice([("421 4.3.2 Bye", CLOSE), *ENDS]))
        if moment.at == "MAIL":
            # A refusal would be the lane's trouble; that has scripts of its own.
            return Rule("MAIL", *self.dice.choice(FAULTS[2:]))
        if moment.at == "dot":
            return self._at_the_dot()
        return None

    def _at_the_dot(self) -> Rule:
        if self.dice.random() < 0.5:
            return Rule("dot", *self.dice.choice(AT_THE_DOT))
        accepts = self.dice.random() < 0.5
        if self.hangs and self.dice.random() < 0.2:
            self.hangs -= 1
            return Rule("dot", then=HANG, accepts=accepts)
        return Rule("dot", *self.dice.choice(LOSSES), accepts=accepts)


@pytest.mark.parametrize("seed", range(12))
def test_nobody_gets_it_twice_and_nobody_is_forgotten(seed):
    dice = random.Random(seed)
    connections = dice.choice([1, 2, 5])
    chaos = Chaos(seed, rate=dice.choice([0.01, 0.03, 0.08]))
    offers = ("PIPELINING",) if dice.random() < 0.7 else ()
    pieces = dice.choice(["replies", "packets", "bytes"])
    letters = [FakeLetter(n) for n in range(1, 81)]
    settled: dict[int, Fate] = {}
    with ScriptedServer(script=chaos, offers=offers, pieces=pieces) as server:
        journal = Recorder()
        provider = provider_for(server, connections, journal=journal, timeouts=Timeouts(dot=2))
        outcomes = []
        deadline = time.monotonic() + 60
        while pending := [letter for letter in letters if letter.delivery not in settled]:
            assert time.monotonic() < deadline
            handed = run(provider, pending)
            outcomes += handed.outcomes
            judged = {o.delivery: o.fate for o in handed.outcomes}
            assert len(judged) == len(handed.outcomes), "judged twice in one run"
            # What was not taken goes again, as the ledger would have it.
            again = (Fate.NOT_ACCEPTED, Fate.DEFERRED)
            settled |= {n: fate for n, fate in judged.items() if fate not in again}
        provider.close()
    final = [o for o in outcomes if settled[o.delivery] is o.fate]
    audit(server, Handed(letters, final, None, _only(journal, final)), connections)
    assert len(settled) == len(letters)
    assert list(settled.values()).count(Fate.IN_DOUBT) <= chaos.losses


def _only(journal: Recorder, outcomes: list[Outcome]) -> Recorder:
    journal.outcomes = [o for o in journal.outcomes if o in outcomes]
    return journal
