"""The optimistic lock on a brief's text: of two who save at once, one is told."""

from django.db.models import F

from briefs.models import Brief


class SavedMeanwhile(Exception):
    """Somebody else has saved the brief since it was read; read it again."""


def advance(brief: Brief) -> None:
    """Raise the version of the text of *brief* by one, from the one that it was read with.

    Call it in the transaction of the save and before it. Raise SavedMeanwhile
    where the brief has another version by now.
    """
    row = Brief.objects.filter(pk=brief.pk, text_version=brief.text_version)
    if not row.update(text_version=F("text_version") + 1):
        raise SavedMeanwhile(brief.headline)
    brief.text_version += 1
