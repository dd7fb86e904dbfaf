"""Evidence is written once, whichever door somebody takes."""

from typing import Any

import pytest

from briefs import audit, revisions
from briefs.models import AuditEntry, Revision
from briefs.models.append_only import RowsAreFinal, opened
from tests.make import make_brief, make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("manager", ["objects", "_base_manager", "_default_manager"])
def test_no_manager_changes_or_deletes_a_row(manager: str) -> None:
    entry = audit.record("created", brief=make_brief())
    rows: Any = getattr(AuditEntry, manager)
    entry.words = "another"
    for attempt in (
        lambda: rows.update(words="another"),
        lambda: rows.all().delete(),
        lambda: rows.bulk_update([entry], ["words"]),
        lambda: rows.filter(pk=entry.pk).update_or_create(defaults={"words": "another"}),
        entry.save,
        entry.delete,
    ):
        with pytest.raises(RowsAreFinal):
            attempt()
    assert AuditEntry.objects.get().words == ""


def test_a_colleague_who_is_deleted_stays_named() -> None:
    ada = make_user(name="Ada")
    brief = make_brief()
    audit.record("created", brief=brief, by=ada)
    revisions.take(brief, by=ada)
    ada.delete()
    entry = AuditEntry.objects.get()
    assert (entry.by, entry.by_name) == (None, "Ada")
    assert Revision.objects.get().by is None


def test_truncation_and_erasure_have_a_door_of_their_own() -> None:
    audit.record("created", brief=make_brief())
    assert opened(AuditEntry).update(words="erased") == 1
