"""What Prometheus is told: read from database and Redis at each scrape.

There are many processes on many hosts, and any of them may be asked: a count
that a process keeps of itself would be a part of the truth, another at each
scrape. So nothing is counted here. Nor is a large table: batches and tallies
have been counted beside the send, and a backlog is counted up to a limit.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from django.db import Error, connection, transaction
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from intelbrief.observing import figures

log = logging.getLogger(__name__)

# A scrape that takes longer is given up by Prometheus after ten.
PATIENCE_MS = 3000


class Everything(Collector):
    """Collects all figures; a part that cannot be read is left out, and said to be."""

    def collect(self) -> Iterable[Metric]:
        """Yield each metric."""
        failed = GaugeMetricFamily(
            "intelbrief_scrape_failed",
            "Whether a part of the figures could not be read: 1 if so.",
            labels=["part"],
        )
        took = GaugeMetricFamily(
            "intelbrief_scrape_duration_seconds",
            "How long it took to read a part of the figures.",
            labels=["part"],
        )
        for part, read in figures.PARTS.items():
            begun = time.monotonic()
            found = _read(part, read)
            yield from found or ()
            failed.add_metric([part], found is None)
            took.add_metric([part], time.monotonic() - begun)
        yield failed
        yield took


def _read(part: str, read: Callable[[], Iterator[Metric]]) -> list[Metric] | None:
    """Return the metrics of *part*, None if they cannot be read."""
    try:
        with _patience():
            return list(read())
    except (Error, RedisError, OSError) as error:
        log.warning("The figures of %s cannot be read: %s", part, error)
        return None


@contextmanager
def _patience() -> Iterator[None]:
    """Have PostgreSQL give up what takes too long; SQLite knows no such thing."""
    if connection.vendor == "sqlite":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = {PATIENCE_MS}")
        yield


_registry = CollectorRegistry(auto_describe=False)
_registry.register(Everything())


def scrape(accept: str) -> tuple[bytes, str]:
    """Return all figures as text, and its type, in the form that *accept* asks for."""
    encode, content_type = choose_encoder(accept)
    return encode(_registry), content_type
