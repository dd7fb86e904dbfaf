"""Statements compiled once and run with new values: for what each slice and each batch asks.

Django compiles a query anew each time that it is run, which costs a worker processor
time with every slice.
"""

from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db import connection
from django.db.models import Expression, Field, QuerySet
from django.db.models.sql import UpdateQuery


class Blank(Expression):
    """Stands in a query where a value comes in when it is run, by its *name*."""

    def __init__(self, name: str, field: Field[Any, Any]) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, *_compiler_and_connection: Any) -> tuple[str, Any]:
        return "%s", (self,)


class Statement(NamedTuple):
    """SQL for one kind of database, and its values: some fixed, some blank."""

    sql: str
    values: tuple[Any, ...]

    def run(self, **values: Any) -> int:
        """Run it with *values* in the blanks; return how many rows it changed."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._filled(values))
            changed: int = cursor.rowcount
        return changed

    def rows(self, **values: Any) -> list[Any]:
        """Run it with *values* in the blanks; return its rows, as the database gives them."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self._filled(values))
            rows: list[Any] = cursor.fetchall()
        return rows

    def _filled(self, values: dict[str, Any]) -> list[Any]:
        return [
            _adapted(values[value.name]) if isinstance(value, Blank) else value
            for value in self.values
        ]


def select(rows: QuerySet[Any, Any], limit: Blank | None = None) -> Statement:
    """Return the SELECT of *rows*, which are values_list(), and no more of them than *limit*."""
    sql, values = rows.query.sql_with_params()
    # A slice of a query set would be written into the statement as a number.
    return Statement(f"{sql} LIMIT %s", (*values, limit)) if limit else Statement(sql, values)


def update(rows: QuerySet[Any, Any], **values: Any) -> Statement:
    """Return the statement that `rows.update(**values)` runs."""
    query = cast("Any", rows.query.chain(UpdateQuery))  # the stubs forget the class that was asked
    query.add_update_values(values)
    sql, found = query.get_compiler(connection=connection).as_sql()
    return Statement(sql, tuple(found))


def _adapted(value: Any) -> Any:
    """Return *value* as the driver takes it: SQLite knows no UUID."""
    if isinstance(value, UUID) and not connection.features.has_native_uuid_field:
        return value.hex
    return value
