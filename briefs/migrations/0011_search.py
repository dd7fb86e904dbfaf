"""What is searched: the words of each published brief, and the database's own index over them."""

import django.db.models.deletion
from django.db import migrations, models

# The FTS5 table holds no text of its own; these keep it to what the table beside it says.
_ADD = """
    INSERT INTO briefs_search (rowid, headline, names, lead, body)
    VALUES (new.brief_id, new.headline, new.names, new.lead, new.body);
"""
_TAKE = """
    INSERT INTO briefs_search (briefs_search, rowid, headline, names, lead, body)
    VALUES ('delete', old.brief_id, old.headline, old.names, old.lead, old.body);
"""
SQLITE = (
    """
    CREATE VIRTUAL TABLE briefs_search USING fts5 (
        headline, names, lead, body,
        content='briefs_searchtext', content_rowid='brief_id',
        tokenize='unicode61 remove_diacritics 2', prefix='3'
    )
    """,
    f"CREATE TRIGGER briefs_search_in AFTER INSERT ON briefs_searchtext BEGIN {_ADD} END",
    f"CREATE TRIGGER briefs_search_out AFTER DELETE ON briefs_searchtext BEGIN {_TAKE} END",
    f"CREATE TRIGGER briefs_search_anew AFTER UPDATE ON briefs_searchtext BEGIN {_TAKE}{_ADD} END",
    # What is taken out of an index must have been in it.
    "INSERT INTO briefs_search (briefs_search) VALUES ('rebuild')",
)
SQLITE_BACK = (
    "DROP TRIGGER IF EXISTS briefs_search_in",
    "DROP TRIGGER IF EXISTS briefs_search_out",
    "DROP TRIGGER IF EXISTS briefs_search_anew",
    "DROP TABLE IF EXISTS briefs_search",
)
# Not compressed: what ranks thousands of rows would spend most of its time unpacking them.
POSTGRES = (
    "ALTER TABLE briefs_searchtext ADD COLUMN document tsvector",
    "ALTER TABLE briefs_searchtext ALTER COLUMN document SET STORAGE EXTERNAL",
    # Written at once: a search would read through all that waits to be sorted in.
    "CREATE INDEX briefs_search ON briefs_searchtext USING gin (document) WITH (fastupdate = off)",
)
POSTGRES_BACK = (
    "DROP INDEX IF EXISTS briefs_search",
    "ALTER TABLE briefs_searchtext DROP COLUMN IF EXISTS document",
)


def make_index(apps, schema_editor):
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE if is_sqlite else POSTGRES:
        schema_editor.execute(statement, params=None)


def drop_index(apps, schema_editor):
    is_sqlite = schema_editor.connection.vendor == "sqlite"
    for statement in SQLITE_BACK if is_sqlite else POSTGRES_BACK:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [
        ("briefs", "0010_since_when_readers_are_told_apart"),
    ]

    operations = [
        migrations.CreateModel(
            name="SearchText",
            fields=[
                (
                    "brief",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="search_text",
                        serialize=False,
                        to="briefs.brief",
                        verbose_name="brief",
                    ),
                ),
                ("digest", models.CharField(max_length=64, verbose_name="digest")),
                (
                    "configuration",
                    models.CharField(
                        default="simple", max_length=63, verbose_name="configuration"
                    ),
                ),
                ("headline", models.TextField(verbose_name="headline")),
                (
                    "names",
                    models.TextField(
                        help_text="Topics and authors, one a line.", verbose_name="names"
                    ),
                ),
                (
                    "lead",
                    models.TextField(
                        help_text="Preheader, key points, series, one a line.",
                        verbose_name="lead",
                    ),
                ),
                ("body", models.TextField(verbose_name="body")),
            ],
            options={
                "verbose_name": "searched text",
                "verbose_name_plural": "searched texts",
            },
        ),
        migrations.CreateModel(
            name="SearchWord",
            fields=[
                (
                    "word",
                    models.CharField(
                        max_length=40, primary_key=True, serialize=False, verbose_name="word"
                    ),
                ),
                ("head", models.CharField(db_index=True, max_length=2)),
                ("tail", models.CharField(db_index=True, max_length=3)),
            ],
            options={
                "verbose_name": "word",
                "verbose_name_plural": "words",
            },
        ),
        migrations.RunPython(make_index, drop_index),
    ]
