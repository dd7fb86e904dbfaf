"""The tasks of the dashboard: without them its numbers stand still, and nothing else does."""

import logging

from celery import shared_task

from analytics import figures, rollups

log = logging.getLogger(__name__)


@shared_task
def roll_up() -> None:
    """Keep what pages read; as often as it is rung, each step keeps a pace of its own."""
    for step in (rollups.keep, figures.keep):
        try:
            step()
        except Exception:
            log.exception("A count failed; the next ring tries it again.")
