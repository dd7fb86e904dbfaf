"""Comments: what colleagues say about a brief, until it is settled."""

from django.db import transaction
from django.db.models.functions import Now

from briefs import audit
from briefs.models import Brief, Comment, User

LONGEST = 4_000
LONGEST_QUOTE = 1_000


class NothingSaid(ValueError):
    """A comment has no words, or too many; the message says which."""


def add(brief: Brief, by: User, text: str, quote: str = "") -> Comment:
    """Add what *by* says about *brief*, or about the words *quote* in it.

    Raise NothingSaid for an empty comment and for one that is too long.
    """
    text, quote = text.strip(), quote.strip()
    if not text:
        raise NothingSaid("Write something first; nothing was added.")
    if len(text) > LONGEST or len(quote) > LONGEST_QUOTE:
        raise NothingSaid(
            f"A comment has at most {LONGEST:,} characters, and what it is about {LONGEST_QUOTE:,}."
        )
    with transaction.atomic():
        comment: Comment = Comment.objects.create(brief=brief, by=by, text=text, quote=quote)
        audit.record("commented", brief=brief, by=by, words=text)
    return comment


def settle(comment: Comment, by: User) -> bool:
    """Note that *comment* needs nobody's attention any more; return False if it was settled."""
    with transaction.atomic():
        open_ = Comment.objects.filter(pk=comment.pk, settled_at__isnull=True)
        if not open_.update(settled_at=Now(), settled_by=by):
            return False
        audit.record("settled", brief=comment.brief, by=by, words=comment.text)
    return True
