"""What the door knows of an edition: where its links lead, and what may be counted of it.

Kept in the memory of a process for seconds, so that a corrected link takes
effect soon; what is in use is looked up anew behind the answers.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import IntEnum

from django.db import Error, close_old_connections, connection
from django.utils.encoding import iri_to_uri

from deliveries.models import Edition, Link

log = logging.getLogger(__name__)

# After the first, somebody looks behind the answers; after the second, before one.
FRESH_SECONDS = 2.0
STALE_SECONDS = 6.0
MOST_EDITIONS = 128


class Policy(IntEnum):
    """What may be counted; a higher one is laxer."""

    OFF = 0
    TOTALS = 1
    PER_READER = 2


_POLICIES = {"totals": Policy.TOTALS, "per-reader": Policy.PER_READER}


@dataclass(slots=True)
class Targets:
    """One edition: its policy, and where each of its links leads by now."""

    policy: Policy
    urls: dict[int, str]
    read_at: float = field(default_factory=time.monotonic)
    is_awaited: bool = False


def policies(editions: set[int]) -> dict[int, Policy]:
    """Return what may be counted of *editions*: the stricter of as mailed and as of today."""
    mailed = "revision__snapshot__publication__tracking"
    rows = Edition.objects.filter(pk__in=editions).values_list(
        "pk", mailed, "publication__tracking"
    )
    return {
        pk: min(_POLICIES.get(then, Policy.OFF), _POLICIES.get(now, Policy.OFF))
        for pk, then, now in rows
    }


def look_up(edition: int) -> Targets | None:
    """Read what there is to know of *edition*; None if it is gone."""
    policy = policies({edition}).get(edition)
    if policy is None:
        return None
    rows = Link.objects.filter(edition=edition).values_list("position", "url", "corrected_url")
    # In the form that a header may have, whatever is stored: without a line break too.
    return Targets(policy, {at: iri_to_uri(corrected or url) for at, url, corrected in rows})


class Memory:
    """Targets of the editions that were asked for lately."""

    def __init__(self, read: Callable[[int], Targets | None] = look_up) -> None:
        self._read = read
        self._known: OrderedDict[int, Targets] = OrderedDict()
        self._lock = threading.Lock()
        self._reader: ThreadPoolExecutor | None = None

    def find(self, edition: int) -> Targets | None:
        """Return the targets of *edition*; None if it is gone."""
        known = self._known.get(edition)
        if known is None:
            return self._look(edition)
        age = time.monotonic() - known.read_at
        if age < FRESH_SECONDS:
            return known
        if age < STALE_SECONDS:
            self._look_later(edition, known)
            return known
        try:
            return self._look(edition)
        except Error as error:
            log.warning("The database is away: %s. Links lead where they did.", error)
            return known

    def forget(self) -> None:
        """Forget everything, for tests."""
        self._known.clear()

    def _look(self, edition: int) -> Targets | None:
        # No request of Django's begins or ends here, which would close what is too old.
        if not connection.in_atomic_block:
            close_old_connections()
        found = self._read(edition)
        with self._lock:
            if found is None:
                self._known.pop(edition, None)
            else:
                self._known[edition] = found
                self._known.move_to_end(edition)
                if len(self._known) > MOST_EDITIONS:
                    self._known.popitem(last=False)
        return found

    def _look_later(self, edition: int, known: Targets) -> None:
        with self._lock:
            if known.is_awaited:
                return
            known.is_awaited = True
            if self._reader is None:
                self._reader = ThreadPoolExecutor(1, thread_name_prefix="targets")
        self._reader.submit(self._look_behind, edition)

    def _look_behind(self, edition: int) -> None:
        try:
            self._look(edition)
        except Error as error:
            log.warning("The database is away: %s. Links lead where they did.", error)
