"""Indexes on large tables, made while others read and write: for migrations of every app."""

from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations.operations import AddIndex


class AddIndexAside(AddIndexConcurrently):
    """Add an index with CONCURRENTLY on PostgreSQL, as any other on SQLite.

    The migration needs `atomic = False`, and this operation alone: one that
    was broken off leaves an invalid index, which DROP INDEX removes.
    """

    def database_forwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        """Add it in the way of the database."""
        way = AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else AddIndex
        way.database_forwards(self, app_label, schema_editor, *states)

    def database_backwards(self, app_label: str, schema_editor: Any, *states: Any) -> None:
        """Remove it in the way of the database."""
        way = AddIndexConcurrently if schema_editor.connection.vendor == "postgresql" else AddIndex
        way.database_backwards(self, app_label, schema_editor, *states)
