"""Leave room in each page of the ledger for the new version of a row.

PostgreSQL then updates heap-only: a send changes each row twice and touches
no index. SQLite has no such setting.
"""

from django.db import migrations


def set_fillfactor(value):
    """Return an operation that sets the fill factor where there is one."""

    def apply(apps, schema_editor):
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE deliveries_delivery SET (fillfactor = {value})")

    return apply


class Migration(migrations.Migration):
    dependencies = [("deliveries", "0001_first")]
    operations = [migrations.RunPython(set_fillfactor(70), set_fillfactor(100))]
