"""Unsaved drafts: what a writer has typed is kept until they save it or throw it away."""

import datetime as dt
import json
import re
import uuid
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from briefs.models import Brief, Draft, User

MOST_OCTETS = 1_000_000  # of one draft as JSON; a body has at most 100,000 characters
MOST_NEW = 50  # drafts of one writer that belong to no brief yet
KEPT = dt.timedelta(days=60)
LAST_NUMBER = 2**31 - 2
_KEY = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class OtherTab(Exception):
    """Words were kept that the caller does not know of; *draft* has them, and its turn."""

    def __init__(self, draft: Draft) -> None:
        super().__init__(draft.turn)
        self.draft = draft


class TooMuch(Exception):
    """This cannot be kept; the message says why and what to do."""


def new_key() -> str:
    """Return a key for a page on which a new brief is written."""
    return str(uuid.uuid4())


def is_key(text: str) -> bool:
    """Tell whether *text* is a key as pages make them up."""
    return _KEY.fullmatch(text) is not None


def of(user: User, brief: Brief | None, key: str = "") -> QuerySet[Draft]:
    """Return what *user* has typed for *brief*, or on the page *key*: one draft at most."""
    mine = Draft.objects.filter(user=user)
    return mine.filter(brief=brief) if brief else mine.filter(brief=None, key=key)


def keep(
    user: User,
    brief: Brief | None,
    key: str,
    fields: dict[str, Any],
    *,
    base: int,
    turn: int,
    over_others: bool = False,
) -> Draft:
    """Keep *fields* as what *user* has typed; *turn* is the latest write that their page knows of.

    Raise OtherTab where another page has kept words since: they stay, unless
    the writer wants these *over_others*. Raise TooMuch for what is too large.
    A draft that is gone was saved or thrown away elsewhere; what is typed
    after that is kept anew.
    """
    octets = len(json.dumps(fields, ensure_ascii=False).encode())
    if octets > MOST_OCTETS:
        raise TooMuch(
            f"This is too long to be kept on the server ({octets:,} octets; {MOST_OCTETS:,} are "
            "the most). It stays in this browser. Shorten it, or save a part of it."
        )
    turn = min(turn, LAST_NUMBER)
    written = {"fields": fields, "base": min(base, LAST_NUMBER), "saved_at": Now()}
    mine = of(user, brief, key)
    while True:
        with transaction.atomic():
            if over_others and (latest := mine.select_for_update().first()):
                turn = latest.turn
            if mine.filter(turn=turn).update(turn=turn + 1, **written):
                return mine.get()
        if found := mine.first():
            raise OtherTab(found)
        if brief is None and Draft.objects.filter(user=user, brief=None).count() >= MOST_NEW:
            raise TooMuch(
                f"You have {MOST_NEW} unsaved drafts of new briefs. Save some or throw them away; "
                "what you type stays in this browser until then."
            )
        try:
            with transaction.atomic():
                Draft.objects.create(
                    user=user, brief=brief, key="" if brief else key, turn=turn + 1, **written
                )
        except IntegrityError:
            if brief and not Brief.objects.filter(pk=brief.pk).exists():
                # Deleted this very moment.
                return keep(user, None, key, fields, base=base, turn=turn, over_others=over_others)
            continue  # another tab was first: look again
        return mine.get()


def saved(user: User, brief: Brief | None, key: str, *, turn: int, tab: str) -> None:
    """Drop the draft whose words were saved; another tab's stay, and are offered again."""
    draft = of(user, brief, key).first()
    if draft and (draft.turn == turn or (tab and draft.fields.get("tab") == tab)):
        Draft.objects.filter(pk=draft.pk, turn=draft.turn).delete()


def throw_away(user: User, pk: int, turn: int) -> bool:
    """Delete a draft of *user*; return False where it has changed since, or is another's."""
    mine = Draft.objects.filter(user=user, pk=pk)
    if mine.filter(turn=min(turn, LAST_NUMBER)).delete()[0]:
        return True
    return not mine.exists() and not Draft.objects.filter(pk=pk).exists()


def outlive(brief: Brief) -> None:
    """Let what was typed for *brief* stay when it is deleted: as drafts of new briefs."""
    for draft in Draft.objects.filter(brief=brief):
        Draft.objects.filter(pk=draft.pk).update(brief=None, key=new_key())


def unsaved(user: User) -> QuerySet[Draft]:
    """Return what *user* has typed and never saved, the latest first."""
    return Draft.objects.filter(user=user).select_related("brief")


def forget_old() -> int:
    """Delete the drafts that nobody has touched for 60 days; return how many."""
    return Draft.objects.filter(saved_at__lt=Now() - KEPT).delete()[0]
