"""Make many tables in one step of a migration."""

from collections.abc import Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations import CreateModel
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class CreateModels(Operation):
    """Create *models*, which may refer to each other, and render their classes once.

    Django renders what is related to a new model again after each operation, which here is
    nearly everything: sixty operations took three quarters of the time of a new database.
    A foreign key to a table that comes later is no fault: SQLite looks at the end of the
    migration, and in PostgreSQL the keys are added then.
    """

    def __init__(self, models: Sequence[CreateModel]) -> None:
        self.models = list(models)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Add the models to *state*; whoever asks for their classes next renders them."""
        state.__dict__.pop("apps", None)
        for model in self.models:
            model.state_forwards(app_label, state)

    def database_forwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Make the tables, each with its indexes and constraints."""
        for model in self.models:
            model.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(
        self,
        app_label: str,
        schema_editor: BaseDatabaseSchemaEditor,
        from_state: ProjectState,
        to_state: ProjectState,
    ) -> None:
        """Drop the tables, the last one first."""
        for model in reversed(self.models):
            model.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """Say what `migrate --plan` shows."""
        return f"Create {len(self.models)} models"

    def references_model(self, name: str, app_label: str) -> bool:
        """Tell whether any of the models has to do with *name*."""
        return any(model.references_model(name, app_label) for model in self.models)

    @property
    def migration_name_fragment(self) -> Any:
        """Return what a migration with this operation alone would be called."""
        return "first"
