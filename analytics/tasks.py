"""The tasks of the dashboard: without them its chart stands still, and nothing else does."""

from celery import shared_task

from analytics import rollups


@shared_task
def roll_up() -> None:
    """Keep the days of readers; as often as it is rung, it counts no more than its pace allows."""
    rollups.keep()
