"""Writes one row again and again, and tells how long it had to wait at most.

A process of its own, told by SIGTERM to say what it saw. SIGUSR1 makes it
rest, and go on: each time it answers with a line once it does so.
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
    # Two at a time make one that rests go on: an odd number is a rest.
    turns: list[int] = []
    signal.signal(signal.SIGUSR1, lambda number, _frame: turns.append(number))
    row = Publication.objects.filter(pk=publication)
    row.update(tagline="0")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    longest, count = 0.0, 0
    is_resting = False
    while not stopped:
        if is_resting != bool(len(turns) % 2):
            is_resting = not is_resting
            sys.stdout.write("resting\n" if is_resting else "ready\n")
            sys.stdout.flush()
        if is_resting:
            time.sleep(0.005)
            continue
        started_at = time.monotonic()
        count += 1
        row.update(tagline=str(count))
        longest = max(longest, time.monotonic() - started_at)
        time.sleep(0.005)
    sys.stdout.write(f"{longest}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]))
