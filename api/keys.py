"""Keys: made once, shown once, and looked up by their digest."""

import datetime as dt
import hashlib
import logging
import re
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.core.exceptions import ValidationError
from django.db import DatabaseError, connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from api.models import ApiKey
from api.models.keys import Scope
from briefs import audit
from briefs.models import Publication, User

log = logging.getLogger(__name__)

# ib_<prefix>_<secret>: what looks for leaked keys in code finds it, and knows whose it is.
WRITTEN_AS = re.compile(r"ib_([0-9a-z]{8})_([A-Za-z0-9_-]{43})")
SECRET_BYTES = 32
_PREFIX = "0123456789abcdefghijklmnopqrstuvwxyz"
# A key that is used all day is written down once in so long.
NOTED_EVERY = dt.timedelta(minutes=5)


def make(
    publication: Publication,
    user: User,
    *,
    name: str,
    scopes: Iterable[str],
    expires_at: dt.datetime | None = None,
) -> tuple[ApiKey, str]:
    """Store a key by which a program acts as *user*; return it, and the key itself.

    Nothing shows the key again. Raise ValidationError for a scope or a name
    that cannot be.
    """
    prefix = "".join(secrets.choice(_PREFIX) for _ in range(8))
    plain = f"ib_{prefix}_{secrets.token_urlsafe(SECRET_BYTES)}"
    wanted = set(scopes)
    key = ApiKey(
        publication=publication,
        user=user,
        name=name,
        prefix=prefix,
        digest=digest(plain),
        scopes=[scope for scope in Scope.values if scope in wanted] + sorted(wanted - {*Scope}),
        expires_at=expires_at,
    )
    key.full_clean()
    if not key.scopes:
        raise ValidationError({"scopes": "Choose what the key is for."})
    with transaction.atomic():
        key.save()
        audit.record("key-made", publication=publication, by=user, words=_described(key))
    return key, plain


def digest(plain: str) -> str:
    """Return what is stored of a key: nobody guesses 32 random bytes, so no salt is needed."""
    return hashlib.sha256(plain.encode()).hexdigest()


def find(plain: str) -> ApiKey | None:
    """Return the key that *plain* is, if it opens anything now; note that it was used."""
    if not WRITTEN_AS.fullmatch(plain):
        return None
    rows = ApiKey.objects.select_related("publication", "user").filter(digest=digest(plain))
    key = rows.first()
    now = timezone.now()
    if key is None or not key.is_good(now) or not key.user.is_active:
        return None
    if key.last_used_at is None or now - key.last_used_at > NOTED_EVERY:
        _note_use(key)
    return key


def _note_use(key: ApiKey) -> None:
    """Write down that *key* was used, unless that would have to wait: the next use is near."""
    # Not by the time that was read: on SQLite what Now() wrote reads otherwise, and equals nothing.
    seldom = Q(last_used_at__isnull=True) | Q(last_used_at__lte=Now() - NOTED_EVERY)
    try:
        with _without_waiting(), transaction.atomic():
            # PostgreSQL: whoever holds the row writes it; SQLite knows no row's lock.
            free = ApiKey.objects.select_for_update(skip_locked=True).filter(seldom, pk=key.pk)
            ApiKey.objects.filter(pk__in=free.values("pk")).update(last_used_at=Now())
    except DatabaseError as error:
        # A request that only reads must not fail for want of a time stamp: a copy of the database
        # may be read-only, and on SQLite somebody writes at this moment.
        log.info("The use of an API key was not noted: %s", error)


@contextmanager
def _without_waiting() -> Iterator[None]:
    """Have SQLite say at once that somebody else writes, where it would wait for the lock."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as sql:
        sql.execute("PRAGMA busy_timeout")
        usual = int(sql.fetchone()[0])
        sql.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            sql.execute(f"PRAGMA busy_timeout = {usual}")


def revoke(key: ApiKey, by: User) -> bool:
    """Let *key* open nothing any more; return False if that was so already."""
    with transaction.atomic():
        if not ApiKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(revoked_at=Now()):
            return False
        audit.record("key-revoked", publication=key.publication, by=by, words=_described(key))
    key.refresh_from_db(fields=["revoked_at", "last_used_at"])
    return True


def in_words(key: ApiKey) -> str:
    """Return how the audit trail names *key*."""
    return f"API key “{key.name}” (ib_{key.prefix}_…)"


def _described(key: ApiKey) -> str:
    return f"{in_words(key)}: {', '.join(key.scopes)}"
