"""Migrations that run while the version before them still serves."""

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from briefs.indexes import AddIndexAside
from tests.upgrading.rules import breaches

pytestmark = pytest.mark.sqlite_only

# Up to these numbers nobody is asked: the last release has them all.
# Whoever makes a release moves them on (docs/upgrading.md).
BASELINE = {"analytics": 4, "api": 3, "briefs": 15, "deliveries": 15, "subscribers": 15}
# What breaks a rule all the same, with the reason: {"app.0017_name": "why the old code lives on"}.
EXCUSED: dict[str, str] = {}


def test_what_comes_after_the_last_release_leaves_the_old_code_alone():
    loader = MigrationLoader(None)
    found = []
    for (app, name), migration in sorted(loader.disk_migrations.items()):
        is_new = app in BASELINE and name[:4].isdigit() and int(name[:4]) > BASELINE[app]
        if is_new and f"{app}.{name}" not in EXCUSED and not migration.replaces:
            state = loader.project_state((app, name), at_end=False)
            found += list(breaches(migration, state))
    assert not found, "\n".join(["See docs/upgrading.md:", *found])


# --- the rules themselves -------------------------------------------------


def judged(*operations):
    """Return what is found in a migration of *operations* on a table that the old code knows."""
    state = ProjectState()
    fields = [("id", models.BigAutoField(primary_key=True)), ("word", models.TextField(null=True))]
    state.add_model(ModelState("deliveries", "Delivery", fields))
    migration = migrations.Migration("0999_next", "deliveries")
    migration.operations = list(operations)
    return [words.partition(": ")[2] for words in breaches(migration, state)]


@pytest.mark.parametrize(
    ("operation", "word"),
    [
        (migrations.RemoveField("delivery", "word"), "loses word"),
        (migrations.DeleteModel("Delivery"), "loses Delivery"),
        (migrations.RenameField("delivery", "word", "reply"), "is renamed"),
        (migrations.RenameModel("Delivery", "Copy"), "is renamed"),
        (migrations.AddField("delivery", "more", models.TextField(default="")), "db_default"),
        (migrations.AlterField("delivery", "word", models.TextField()), "no null any more"),
        (migrations.AlterField("delivery", "word", models.IntegerField(null=True)), "its kind"),
        (migrations.AddIndex("delivery", models.Index(fields=["word"], name="w")), "AddIndexAside"),
        (migrations.RunPython(lambda apps, editor: None), "taken back"),
    ],
    ids=lambda one: one if isinstance(one, str) else type(one).__name__,
)
def test_what_the_old_code_could_not_live_with_is_refused(operation, word):
    (found,) = judged(operation)
    assert word in found


def test_what_only_adds_is_let_through():
    fields = [("id", models.BigAutoField(primary_key=True)), ("name", models.TextField())]
    assert not judged(
        migrations.AddField("delivery", "more", models.TextField(db_default="")),
        migrations.AddField("delivery", "when", models.DateTimeField(null=True)),
        AddIndexAside("delivery", models.Index(fields=["word"], name="w")),
        migrations.CreateModel("New", fields),
        migrations.AddField("new", "more", models.TextField(default="")),
        migrations.RemoveField("new", "name"),
        migrations.RunPython(migrations.RunPython.noop, migrations.RunPython.noop),
    )
