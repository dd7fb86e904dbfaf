"""Triggers by which every change of what public pages show marks the state of the site anew.

A page is made of a dozen tables, which are written by the desk, by tasks, by
commands and by bulk statements that no signal sees. Only the database sees them
all. They are set up after each `migrate`, as SQLite loses a table's triggers
where a migration makes that table anew.
"""

import hashlib
import secrets
from typing import Any, NamedTuple

from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from briefs.models import SiteState

TABLE = SiteState._meta.db_table


class Watch(NamedTuple):
    """A change that counts: to which table, of which kind, and under which condition."""

    table: str
    event: str
    when: str = ""

    @property
    def name(self) -> str:
        """Return the trigger's name, which another definition changes."""
        digest = hashlib.sha256(f"{self}{_FUNCTION}{_SQLITE}".encode()).hexdigest()[:8]
        return f"site_{self.table}_{self.event.split()[0].lower()}_{digest}"

    @property
    def condition(self) -> str:
        """Return the clause that a trigger has for it."""
        return f"WHEN ({self.when})" if self.when else ""


def _all_of(table: str) -> tuple[Watch, ...]:
    return tuple(Watch(table, event) for event in ("INSERT", "UPDATE", "DELETE"))


# Revisions are taken of drafts all day, and count where a published brief comes to point at one.
# A test holds all pages to this list.
WATCHED = (
    Watch("briefs_brief", "INSERT", "NEW.status = 'published'"),
    Watch("briefs_brief", "UPDATE", "OLD.status = 'published' OR NEW.status = 'published'"),
    Watch("briefs_brief", "DELETE", "OLD.status = 'published'"),
    Watch("briefs_revision", "UPDATE"),
    Watch("briefs_revision", "DELETE"),
    *_all_of("briefs_publication"),
    *_all_of("briefs_topic"),
    *_all_of("briefs_author"),
    *_all_of("briefs_correction"),
    *_all_of("briefs_brief_topics"),
    *_all_of("briefs_brief_authors"),
)

_SQLITE = f"UPDATE {TABLE} SET mark = lower(hex(randomblob(16))) WHERE id = 1"  # noqa: S608  (our own table)
# At the end of the transaction, whose other locks it has all by then: two that had changed the
# mark at once, and then each other's brief, would wait for each other. And once in it: a new
# version of that row for each of 10,000 briefs would be slow.
_FUNCTION = f"""
CREATE OR REPLACE FUNCTION site_changed() RETURNS trigger LANGUAGE plpgsql
SET search_path FROM CURRENT AS $$
BEGIN
    IF current_setting('intelbrief.changed_by', true) IS DISTINCT FROM txid_current()::text THEN
        PERFORM set_config('intelbrief.changed_by', txid_current()::text, true);
        UPDATE {TABLE} SET mark = gen_random_uuid()::text WHERE id = 1;
    END IF;
    RETURN NULL;
END $$
"""  # noqa: S608  (our own table)


def install(using: str = "default", **_signal: Any) -> None:
    """Set up what is missing, take away what is outdated, and mark the site anew.

    Called after `migrate` and `flush`; a second call does no harm.
    """
    database = connections[using]
    tables = set(database.introspection.table_names())
    if TABLE not in tables:
        return  # migrated back to before there was one
    wanted = {watch.name: watch for watch in WATCHED if watch.table in tables}
    with transaction.atomic(using):
        SiteState.objects.using(using).update_or_create(
            pk=1, defaults={"mark": secrets.token_hex(16)}
        )
        with database.cursor() as cursor:
            there = _installed(database)
            for name, table in there.items() - {(n, w.table) for n, w in wanted.items()}:
                on_table = f" ON {table}" if database.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER {name}{on_table}")
            missing = [watch for name, watch in wanted.items() if name not in there]
            if missing and database.vendor == "postgresql":
                cursor.execute(_FUNCTION)
            for watch in missing:
                cursor.execute(_statement(watch, database.vendor))


def _installed(database: BaseDatabaseWrapper) -> dict[str, str]:
    """Return the names of our triggers in *database*, each with its table."""
    ours = r"site\_%"
    with database.cursor() as cursor:
        if database.vendor == "postgresql":
            cursor.execute(
                "SELECT tgname, relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
                "WHERE NOT tgisinternal AND tgname LIKE %s AND pg_table_is_visible(tgrelid)",
                [ours],
            )
        else:
            cursor.execute(
                "SELECT name, tbl_name FROM sqlite_master "
                r"WHERE type = 'trigger' AND name LIKE %s ESCAPE '\'",
                [ours],
            )
        return dict(cursor.fetchall())


def _statement(watch: Watch, vendor: str) -> str:
    head = f"{watch.name} AFTER {watch.event} ON {watch.table}"
    if vendor == "postgresql":
        return (
            f"CREATE CONSTRAINT TRIGGER {head} DEFERRABLE INITIALLY DEFERRED "
            f"FOR EACH ROW {watch.condition} EXECUTE FUNCTION site_changed()"
        )
    return f"CREATE TRIGGER {head} FOR EACH ROW {watch.condition} BEGIN {_SQLITE}; END"
