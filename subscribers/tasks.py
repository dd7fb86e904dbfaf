"""What the workers do for readers."""

from celery import shared_task

from subscribers import notices


@shared_task
def send_notices() -> int:
    """Send the notices that are due; holds no state, so a lost or repeated message does no harm."""
    return notices.sweep()
