"""What every sign-up asks of the database and hardly ever changes, kept for a second.

A form that is posted a thousand times a second needs not look a thousand times
for its publication, or whether it is under attack. An editor's change reaches
the form within DOOR_SECONDS.
"""

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.conf import settings

Answer = TypeVar("Answer")

MOST = 1000  # answers that are kept; more were asked for than there are publications


def briefly_kept(question: Callable[..., Answer]) -> Callable[..., Answer]:
    """Let *question* be answered from memory while its answer is fresh; what it raises is not."""
    kept: dict[tuple[Any, ...], tuple[float, Answer]] = {}

    @wraps(question)
    def ask(*arguments: Any) -> Answer:
        now = time.monotonic()
        found = kept.get(arguments)
        if found is not None and now - found[0] < settings.DOOR_SECONDS:
            return found[1]
        answer = question(*arguments)
        if len(kept) >= MOST:
            kept.clear()
        kept[arguments] = (now, answer)
        return answer

    return ask
