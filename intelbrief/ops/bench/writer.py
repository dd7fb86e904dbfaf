"""Writes one row again and again, and tells how long it had to wait at most.

A process of its own, told by SIGTERM to say what it saw.
"""

import signal
import sys
import time


def main(publication: int) -> None:
    """Write until told to stop; print the longest wait in seconds."""
    import django

    django.setup()
    from briefs.models import Publication

    stopped: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: stopped.append(number))
    row = Publication.objects.filter(pk=publication)
    row.update(tagline="0")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    longest, count = 0.0, 0
    while not stopped:
        started_at = time.monotonic()
        count += 1
        row.update(tagline=str(count))
        longest = max(longest, time.monotonic() - started_at)
        time.sleep(0.005)
    sys.stdout.write(f"{longest}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
