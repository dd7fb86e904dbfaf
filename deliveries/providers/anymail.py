"""Any ESP that Anymail speaks to, named in the environment: in batch calls or one by one."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from deliveries.ledger import Outcome
from deliveries.letters import Letter
from deliveries.providers.esp.calls import Writer
from deliveries.providers.esp.crew import Crew
from deliveries.providers.esp.run import Run
from deliveries.providers.esp.sessions import SHARED, Session, backend_of
from deliveries.providers.esp.table import row
from deliveries.providers.journaling import Journal

# Calls of one letter that are under way at a time.
THREADS = 8


class AnymailProvider:
    """Hands letters to one ESP over kept-open sessions.

    Options of the lane: "batch": false makes one call per letter where the ESP
    could take several, "letters_per_call" makes them smaller than the ESP takes;
    "threads" is how many calls of one letter are under way at a time.
    """

    def __init__(
        self, name: str, journal: Journal, options: Mapping[str, Any] | None = None
    ) -> None:
        self.may_send: Callable[[Any], bool] | None = None
        options = options or {}
        self._journal = journal
        self._esp = row(name)
        # What cannot be used is found out now, and not in a thread.
        self._backend = backend_of(name)
        self._writer = Writer(self._esp, self._backend)
        most = min(self._esp.most, int(options.get("letters_per_call", self._esp.most)))
        self._most = most if options.get("batch", True) else 1
        threads = max(1, int(options.get("threads", THREADS)))

        opening = threading.Lock()

        def session(is_ending: threading.Event) -> Session:
            if name not in SHARED:
                return Session(backend_of(name), is_ending)
            with opening:
                self._backend.open()
            return Session(self._backend, is_ending)

        self._crew = Crew(threads, session)
        self._is_ending = False
        self._ends_at: float | None = None

    def deliver(self, letters: Iterable[Letter]) -> Iterator[Outcome]:
        """Hand over *letters*; see Provider."""
        run = Run(self._esp, self._writer, self._crew, self._journal, self._most)
        return run.go(letters, self._may, lambda: self._ends_at)

    def finish_within(self, seconds: float) -> None:
        """Begin nothing more; who has no answer in *seconds* is in doubt."""
        self._ends_at = time.monotonic() + seconds
        self._is_ending = True

    def close(self) -> None:
        """Close the sessions."""
        self._crew.close()

    def _may(self, letter: Letter) -> bool:
        return not self._is_ending and (self.may_send is None or self.may_send(letter))
