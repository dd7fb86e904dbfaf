"""Rate limits of log-in while Redis is away: open, since axes still locks out by the database.

allauth keeps its limits in the cache by a name of its module; Django's backend
raises where Redis is gone, and nobody could log in any more to see why.
"""

import logging
from datetime import timedelta
from typing import Any

import allauth.core.internal.ratelimit
import allauth.mfa.totp.internal.auth
from allauth.mfa.models import Authenticator
from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone
from redis.exceptions import RedisError

from intelbrief.log_in_settings import MFA_TOTP_TOLERANCE

log = logging.getLogger(__name__)


class Forgiving:
    """The cache as allauth uses it, where nothing is counted while Redis is away."""

    def get(self, key: str, default: Any = None) -> Any:
        """Return what is kept, or *default*."""
        try:
            return cache.get(key, default)
        except RedisError:
            return default

    def add(self, key: str, value: Any, timeout: float | None = None) -> bool:
        """Keep *value* unless there is one; tell whether it is ours."""
        try:
            return bool(cache.add(key, value, timeout))
        except RedisError as error:
            log.warning("Log-in has no rate limits but the lock-out: %s", type(error).__name__)
            return self.without_redis(key, timeout)

    def without_redis(self, key: str, timeout: float | None) -> bool:
        """Let it be ours."""
        return True

    def set(self, key: str, value: Any, timeout: float | None = None) -> None:
        """Keep *value*."""
        try:
            cache.set(key, value, timeout)
        except RedisError:
            return

    def delete(self, key: str) -> None:
        """Forget it."""
        try:
            cache.delete(key)
        except RedisError:
            return


class UsedCodes(Forgiving):
    """Remembers which code of an authenticator app was used: none is good twice.

    allauth forgets after one period, but takes the codes of MFA_TOTP_TOLERANCE
    periods before and after as well.
    """

    def add(self, key: str, value: Any, timeout: float | None = None) -> bool:
        """Keep *value* for as long as the code of *key* is taken at all."""
        return super().add(key, value, (timeout or 30) * (2 * MFA_TOTP_TOLERANCE + 1))

    def without_redis(self, key: str, timeout: float | None) -> bool:
        """Take a code only where the app's last one is older than a code lives."""
        owner = key.partition("user=")[2].partition("&")[0]
        before = timezone.now() - timedelta(seconds=timeout or 30)
        unused = Q(last_used_at__isnull=True) | Q(last_used_at__lt=before)
        rows = Authenticator.objects.filter(unused, user=int(owner), type=Authenticator.Type.TOTP)
        return bool(rows.update(last_used_at=timezone.now()))


def install() -> None:
    """Have allauth ask these in place of the cache; it knows no setting for it."""
    allauth.core.internal.ratelimit.cache = Forgiving()
    allauth.mfa.totp.internal.auth.cache = UsedCodes()
