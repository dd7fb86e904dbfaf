"""What a migration may do while the version before it still serves (docs/upgrading.md)."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db.migrations import Migration, operations
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

# Tables of a row for each reader, letter or event: an index on them is made CONCURRENTLY, since
# anything else keeps all others from writing for minutes.
LARGE = {
    "deliveries": {"delivery", "deliveryevent", "inboundevent"},
    "subscribers": {"subscriber", "subscription", "consentrecord", "notice"},
}


def breaches(migration: Migration, state: ProjectState) -> Iterator[str]:
    """Yield what the old code could not live with; *state* is that before *migration*."""
    app = migration.app_label
    # Nobody of the old code knows of a table that is made here.
    known = {name for label, name in state.models if label == app}
    for operation in _in_the_database(migration.operations):
        for words in _of_one(operation, app, known, state):
            yield f"{app}.{migration.name}: {words}"
        operation.state_forwards(app, state)


def _in_the_database(given: Sequence[Operation]) -> Iterator[Operation]:
    for operation in given:
        if isinstance(operation, operations.SeparateDatabaseAndState):
            yield from _in_the_database(operation.database_operations)
        else:
            yield operation


def _of_one(operation: Any, app: str, known: set[str], state: ProjectState) -> Iterator[str]:
    if isinstance(operation, operations.RunPython | operations.RunSQL):
        if not operation.reversible:
            yield "cannot be taken back: give it a reverse, or noop"
        return
    model = getattr(operation, "model_name_lower", getattr(operation, "name_lower", ""))
    if isinstance(operation, operations.RenameModel):
        model = operation.old_name_lower
    if model in known:
        yield from _of_known_table(operation, app, model, state)


def _of_known_table(operation: Any, app: str, model: str, state: ProjectState) -> Iterator[str]:
    gone = (operations.RemoveField, operations.DeleteModel)
    renamed = (operations.RenameField, operations.RenameModel, operations.AlterModelTable)
    name = getattr(operation, "name", "")
    if isinstance(operation, gone):
        yield f"{model} loses {name}, which the old code still reads"
    elif isinstance(operation, renamed):
        yield f"{model} is renamed under the old code; add, copy, and remove a release later"
    elif isinstance(operation, operations.AddField) and _is_missed(operation.field):
        yield f"{model}.{name} has neither null nor db_default: the old code does not fill it in"
    elif isinstance(operation, operations.AlterField):
        before = state.models[app, model].fields[name]
        if type(before) is not type(operation.field):
            yield f"{model}.{name} changes its kind under the old code"
        elif before.null and _is_missed(operation.field):
            yield f"{model}.{name} takes no null any more, which the old code may write"
    elif model in LARGE.get(app, ()):
        if isinstance(operation, operations.AddConstraint):
            yield f"a constraint on {model} reads all of it under a lock: NOT VALID, then validate"
        elif isinstance(operation, operations.AddIndex) and not isinstance(
            operation, AddIndexConcurrently
        ):
            yield f"an index on {model} keeps others from writing: make it with AddIndexAside"


def _is_missed(field: Any) -> bool:
    """Tell whether an INSERT that does not know of *field* fails."""
    return not (field.null or field.many_to_many or field.has_db_default())
