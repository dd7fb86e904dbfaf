"""Link scanners: programs of mail gateways that open each link of a mail, some with a browser.

What they open changes nothing here. A few of them press buttons too, so one
that has given itself away has to press the button of a confirmation twice: by
opening the canary, a link that no person can see, or many mailed links within
seconds. A person behind the same gateway presses twice as well, and that is all.

Marks are counters in Redis under a digest of address and browser, and go after
an hour. Without Redis nobody is marked.
"""

import time

from django.core import signing
from django.http import HttpRequest

from subscribers import limits
from subscribers.origin import origin_of

MARKED_SECONDS = 3600
# Nobody reads so many different mails within so few seconds.
BURST, BURST_SECONDS = 5, 10
SOONEST_SECONDS, LATEST_SECONDS = 1.0, 3600
SALT = "subscribers.scanners.again"

# KEYS: links opened, mark. ARGV: the link, most links, seconds of a burst, seconds of a mark.
_SEE = """
redis.call('SADD', KEYS[1], ARGV[1])
if redis.call('TTL', KEYS[1]) < 0 then redis.call('EXPIRE', KEYS[1], ARGV[3]) end
if redis.call('SCARD', KEYS[1]) > tonumber(ARGV[2]) then
  redis.call('SET', KEYS[2], 'burst', 'EX', ARGV[4])
end
return redis.call('EXISTS', KEYS[2])
"""


def see(request: HttpRequest, token: str) -> bool:
    """Note that the mailed link with *token* is opened; tell whether a scanner seems to do it."""
    who = _who(request)
    link = limits.digest(token)
    return bool(
        limits.ask(
            lambda redis: redis.eval(
                _SEE, 2, f"{who}:opened", f"{who}:mark", link, BURST, BURST_SECONDS, MARKED_SECONDS
            )
        )
    )


def mark(request: HttpRequest) -> None:
    """Note that a scanner is here: it opened the canary."""
    who = _who(request)
    limits.ask(lambda redis: redis.set(f"{who}:mark", "canary", ex=MARKED_SECONDS))


def second_press() -> str:
    """Return what the button carries that a marked visitor is asked to press again."""
    return signing.dumps(time.time(), salt=SALT)


def is_second_press(request: HttpRequest) -> bool:
    """Tell whether a POST comes from that button, and no faster than a person's would."""
    try:
        shown_at = signing.loads(request.POST.get("again", ""), salt=SALT, max_age=LATEST_SECONDS)
    except signing.BadSignature:
        return False
    return isinstance(shown_at, float) and time.time() - shown_at >= SOONEST_SECONDS


def _who(request: HttpRequest) -> str:
    origin = origin_of(request)
    visitor = limits.digest(f"{origin['ip']} {origin['user_agent']}")
    return f"intelbrief:scanner:{visitor}"
