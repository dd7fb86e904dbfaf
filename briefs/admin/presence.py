"""Who has a brief open just now, by keys in Redis that live half a minute."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from briefs.models import Brief, User

SECONDS = 30  # a page says that it is there every ten


@dataclass(frozen=True)
class Other:
    """A colleague who has the brief open, since when, and since when they have been typing."""

    name: str
    since: dt.datetime
    typing_since: dt.datetime | None

    def __str__(self) -> str:
        if self.typing_since:
            words = _("%(name)s is writing in this brief, since %(time)s. Talk to each other: the "
                      "one who saves last is asked to compare.")  # fmt: skip
            return words % {"name": self.name, "time": clock(self.typing_since)}
        return _("%(name)s has this brief open, since %(time)s.") % {
            "name": self.name,
            "time": clock(self.since),
        }


def clock(moment: dt.datetime) -> str:
    """Return a time of today as 09:14, and one of another day with it; in the editor's zone."""
    local = timezone.localtime(moment)
    is_today = local.date() == timezone.localdate()
    return date_format(local, "H:i" if is_today else "j M, H:i")


def tell(brief: Brief, user: User, *, is_typing: bool) -> None:
    """Note that *user* has *brief* open; without Redis nobody learns of it, and nothing fails."""
    now = timezone.now().isoformat()
    try:
        for kind in ("open", "typing") if is_typing else ("open",):
            key = _key(kind, brief, user.pk)
            if not cache.add(key, now, SECONDS):
                cache.touch(key, SECONDS)
    except (RedisError, OSError):
        return


def others(brief: Brief, user: User) -> list[Other]:
    """Return who else has *brief* open, by name; nobody where Redis is away."""
    colleagues = list(
        User.objects.filter(
            Q(is_superuser=True) | Q(memberships__publication=brief.publication_id),
            is_active=True,
        )
        .exclude(pk=user.pk)
        .distinct()
    )
    keys = [_key(kind, brief, other.pk) for other in colleagues for kind in ("open", "typing")]
    try:
        found = cache.get_many(keys)
    except (RedisError, OSError):
        return []
    return sorted(_present(brief, colleagues, found), key=lambda other: other.name)


def _present(brief: Brief, colleagues: Iterable[User], found: dict[str, str]) -> Iterable[Other]:
    for other in colleagues:
        since = found.get(_key("open", brief, other.pk))
        typing = found.get(_key("typing", brief, other.pk))
        if since or typing:
            typing_since = dt.datetime.fromisoformat(typing) if typing else None
            opened = dt.datetime.fromisoformat(since) if since else typing_since
            assert opened is not None
            yield Other(str(other), opened, typing_since)


def _key(kind: str, brief: Brief, user: int) -> str:
    return f"presence:{kind}:{brief.pk}:{user}"
