"""Threads that make calls; they touch neither the journal nor the database."""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from deliveries.lanes import LaneTrouble
from deliveries.providers.esp.answers import Verdict
from deliveries.providers.esp.calls import Call
from deliveries.providers.esp.sessions import Session

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Made:
    """A call that was made, with what came of it."""

    call: Call
    verdicts: list[Verdict] = field(default_factory=list)
    error: Exception | None = None


class Crew:
    """So many threads, each with a session of its own; started when there is work for them."""

    def __init__(self, size: int, session: Callable[[threading.Event], Session]) -> None:
        self.size = size
        self.is_ending = threading.Event()
        self._session = session
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._todo: queue.SimpleQueue[Call | None] = queue.SimpleQueue()
        self._made: queue.SimpleQueue[Made] = queue.SimpleQueue()

    def give(self, call: Call) -> None:
        """Let one of the threads make *call*."""
        if self._idle:
            self._idle -= 1
        elif len(self._threads) < self.size:
            thread = threading.Thread(target=self._work, name="esp", daemon=True)
            self._threads.append(thread)
            thread.start()
        self._todo.put(call)

    def take(self, seconds: float) -> Made | None:
        """Return a call that was made, or None if none was within *seconds*."""
        try:
            made = self._made.get(timeout=seconds)
        except queue.Empty:
            return None
        self._idle += 1
        return made

    def close(self) -> None:
        """Let the threads end; one that still waits for an answer is left to its time-out."""
        self.is_ending.set()
        for _thread in self._threads:
            self._todo.put(None)
        for thread in self._threads:
            thread.join(timeout=0.2)
        self._threads.clear()

    def _work(self) -> None:
        session: Session | None = None
        while (call := self._todo.get()) is not None:
            try:
                session = session or self._opened()
                made = Made(call, call.make(session))
            except Exception as error:  # noqa: BLE001  (judged by whoever takes it)
                made = Made(call, error=error)
            self._made.put(made)
        if session is not None:
            session.close()

    def _opened(self) -> Session:
        try:
            session = self._session(self.is_ending)
            session.open()
        except Exception as error:
            # Nothing has gone out: a session is opened without a word to the ESP.
            raise LaneTrouble(f"No session can be opened: {error}") from error
        return session
