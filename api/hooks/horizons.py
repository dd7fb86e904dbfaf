"""How far a table may be read: up to where no row can appear any more.

A row takes its number before its transaction commits, so on PostgreSQL a
lower number can become visible after a higher one was read. Whoever inserts
holds a lock on the table (ROW EXCLUSIVE) from before it takes a number until
after its commit is visible. So: look for the highest number there is, then at
who holds such a lock. Once none of those does any more, every lower number is
either to be seen or was given up. Transaction ids would do as well, but one
that is open elsewhere on the server would hold up everything.

On SQLite one writes at a time, and numbers come in the order of commits.
"""

from django.db import connection, models
from django.db.models import Max

from api.models import HookCursor

_WRITERS = """
    SELECT virtualtransaction FROM pg_locks
    WHERE locktype = 'relation' AND granted AND mode = 'RowExclusiveLock'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND relation = %s::regclass
      AND pid IS DISTINCT FROM pg_backend_pid()
"""


def top(model: type[models.Model]) -> int:
    """Return the highest number that is to be seen."""
    highest: int | None = model._default_manager.aggregate(top=Max("pk"))["top"]
    return highest or 0


def advance(cursor: HookCursor, model: type[models.Model]) -> int:
    """Return up to which row *model* may be read now; call it with the cursor locked."""
    highest = top(model)
    if connection.vendor != "postgresql" or highest <= cursor.position:
        return highest
    # Asked after the number was: a writer whose number is lower holds its lock since before.
    writers = _writers(model)
    if cursor.fence is None or cursor.fence <= cursor.position:
        if not writers:
            return highest
        cursor.fence, cursor.holders = highest, sorted(writers)
        cursor.save(update_fields=["fence", "holders"])
        return cursor.position
    return cursor.position if writers.intersection(cursor.holders) else cursor.fence


def is_settled(cursor: HookCursor, model: type[models.Model], upto: int) -> bool:
    """Tell whether no row of *model* up to *upto*, where *cursor* once stood, can appear any more.

    It may have stood there without proof (collecting.begin), and goes on only with one.
    """
    if connection.vendor != "postgresql" or cursor.position > upto:
        return True
    return not _writers(model)


def _writers(model: type[models.Model]) -> set[str]:
    """Return the transactions that may have taken a number of *model*'s and are not over."""
    with connection.cursor() as sql:
        sql.execute(_WRITERS, [connection.ops.quote_name(model._meta.db_table)])
        return {row[0] for row in sql.fetchall()}
