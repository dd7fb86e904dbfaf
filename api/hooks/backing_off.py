"""When a message is tried again, and when an endpoint is left in peace."""

import datetime as dt
import random

from django.db.models import F
from django.db.models.functions import Now

from api.models import HookEndpoint

# Of a try: longer than one can take, so that nobody else begins it meanwhile.
LEASE = dt.timedelta(seconds=60)
# After each failed try, as Standard Webhooks has them; more than three days in all.
_HOUR = 3600
PAUSES = (5, 300, 1800, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
JITTER = 0.2
FAILS_FOR = dt.timedelta(days=3)
# What is wrong with the endpoint, not with one message.
_ITS_OWN = (408, 425, 429)
_FIRST_REST, _LAST_REST = 5, 300
_LONGEST_ASKED = _HOUR


def pause(tries: int, retry_after: str = "") -> dt.timedelta | None:
    """Return how long a message waits after its *tries*-th try failed; None if it is given up."""
    if tries > len(PAUSES):
        return None
    # Spread, so that what failed together does not come back together.
    seconds = PAUSES[max(tries, 1) - 1] * (1 + random.random() * JITTER)  # noqa: S311  (no secret)
    return dt.timedelta(seconds=max(seconds, asked(retry_after)))


def asked(retry_after: str) -> int:
    """Return the seconds that a Retry-After header asks for, an hour at most; 0 for a date."""
    text = retry_after.strip()
    is_number = text.isascii() and text.isdigit() and len(text) < 9
    return min(int(text), _LONGEST_ASKED) if is_number else 0


def rest(endpoint: HookEndpoint, status: int | None, retry_after: str) -> None:
    """Note that a try failed, and let *endpoint* rest where the failure was not the message's."""
    row = HookEndpoint.objects.filter(pk=endpoint.pk)
    row.filter(failing_since__isnull=True).update(failing_since=Now())
    if status is None or status >= 500 or status in _ITS_OWN:
        seconds = min(_FIRST_REST * 2 ** min(endpoint.failures, 10), _LAST_REST)
        until = Now() + dt.timedelta(seconds=max(seconds, asked(retry_after)))
        row.update(failures=F("failures") + 1, rests_until=until)


def has_failed_for_days(endpoint: HookEndpoint) -> bool:
    """Tell whether nothing was taken at *endpoint* for FAILS_FOR."""
    row = HookEndpoint.objects.filter(pk=endpoint.pk, failing_since__lte=Now() - FAILS_FOR)
    return row.exists()
