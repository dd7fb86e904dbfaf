"""Tell in each record of a change of address which address it led away from."""

from typing import Any

from django.db import migrations
from django.db.models import Q


def find_moves(apps: Any, schema_editor: Any) -> None:
    """Fill in moved_from: of moves from their details, of moves that were undone from before."""
    ConsentRecord = apps.get_model("subscribers", "ConsentRecord")
    records = ConsentRecord.objects.using(schema_editor.connection.alias)
    moves = records.filter(kind="changed", details__has_key="address")
    movers = moves.filter(subscriber__isnull=False).values("subscriber")
    changes = records.filter(
        Q(pk__in=moves.values("pk")) | Q(subscriber__in=movers, details__has_key="undo"),
        kind="changed",
    )
    latest: dict[Any, str] = {}  # {reader: the hash of the address that they moved to last}
    rows = changes.order_by("pk").values_list("pk", "subscriber", "address_hash", "details")
    for pk, reader, hashed, details in list(rows):
        before = details["address"][0] if "address" in details else latest.get(reader, hashed)
        if before != hashed:
            records.filter(pk=pk).update(moved_from=before)
        latest[reader] = hashed


class Migration(migrations.Migration):

    dependencies = [
        ('subscribers', '0010_evidence_without_random_indexes'),
    ]

    operations = [
        migrations.RunPython(find_moves, migrations.RunPython.noop),
    ]
