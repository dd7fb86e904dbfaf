"""Tasks: they carry an id or a lane's name, hold no state and may run twice or never."""

from celery import shared_task

from deliveries import lanes, planning, recovery, sending
from subscribers import notices
from subscribers.doorbell import ring_now
from subscribers.tasks import send_notices


@shared_task
def tick() -> None:
    """Look for what is due and ring for it; beat and every worker call this every few seconds."""
    planning.start_due()
    recovery.sweep()
    for lane in recovery.waiting_lanes():
        for _worker in range(lanes.concurrency(lane)):
            ring_now(drain, lane, expires=10)
    if notices.due().exists():
        ring_now(send_notices, expires=10)


@shared_task
def drain(lane: str) -> None:
    """Send on *lane* for a while, then ring again if work is left."""
    if sending.drain(lane):
        ring_now(drain, lane, expires=10)
    else:
        # Nothing is free any more: the edition may be done.
        recovery.sweep()
