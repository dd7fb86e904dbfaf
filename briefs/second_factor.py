"""Second factors: who must have one, who has one, and how somebody who lost theirs gets back in."""

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import Exists, QuerySet

from briefs import accounts
from briefs.models import Publication, User

# Recovery codes replace one that is lost; by themselves they are none.
KINDS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def asking(user: User) -> QuerySet[Publication]:
    """Return the publications that ask a second factor of *user*.

    Who looks after the whole site works on each of them.
    """
    asks = Publication.objects.filter(requires_second_factor=True)
    return asks if user.is_superuser else asks.filter(memberships__user=user)


def factors(user: User) -> "QuerySet[Authenticator]":
    """Return the second factors of *user*, without the recovery codes."""
    rows: QuerySet[Authenticator] = Authenticator.objects.filter(user=user, type__in=KINDS)
    return rows


def is_missing(user: User) -> bool:
    """Tell whether *user* must set up a second factor before anything else: one question."""
    has_one = Authenticator.objects.filter(user=user, type__in=KINDS)
    return asking(user).filter(~Exists(has_one)).exists()


def may_remove(factor: Authenticator) -> bool:
    """Tell whether *factor* may go: not the last one while a publication asks for it."""
    owner = User.objects.get(pk=factor.user_id)
    if factor.type not in KINDS or not asking(owner).exists():
        return True
    return factors(owner).exclude(pk=factor.pk).exists()


def reset(user: User, *, by: User | None, words: str = "") -> int:
    """Take away all second factors of *user*, who lost them; return how many there were.

    For *by*, who looks after the site, else for who sits at the server. The
    password stays, and is all that is asked until a new factor is set up.
    """
    with transaction.atomic():
        rows = Authenticator.objects.filter(user=user)
        kinds: int = rows.filter(type__in=KINDS).count()
        rows.delete()
        accounts.record("factors-reset", user, by=by, words=words)
    return kinds
