"""Invitations to work on a publication: made, mailed again, withdrawn, accepted once."""

from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from briefs import accounts, audit, roles
from briefs.addresses import normalise
from briefs.models import Invitation, Membership, Publication, User

GOOD_FOR = timedelta(days=7)
Status = Invitation.Status


class WorksHere(ValueError):
    """The address is a member's already; the message says what to do instead."""


class NotOpen(ValueError):
    """The invitation cannot be accepted any more; the message says why, and whom to ask."""


def open_ones() -> QuerySet[Invitation]:
    """Return the invitations that can be accepted at this moment, by the database's clock."""
    return Invitation.objects.filter(status=Status.OPEN, sent_at__gt=Now() - GOOD_FOR)


def check(publication: Publication, address: str) -> str:
    """Return *address* as it is stored; raise InvalidAddress, or WorksHere for a member's."""
    key = normalise(address).key
    if Membership.objects.filter(publication=publication, user__email=key).exists():
        raise WorksHere(f"{key} works on {publication} already; change the role there.")
    return key


def invite(publication: Publication, address: str, role: str, *, by: User) -> Invitation:
    """Ask the owner of *address* to work on *publication* as *role*.

    An open invitation of the address takes the new role and is good for another
    week. Raises what check() raises. Sends nothing: the edge does.
    """
    key = check(publication, address)
    with transaction.atomic():
        while True:
            invitation, is_new = Invitation.objects.get_or_create(
                publication=publication,
                address=key,
                status=Status.OPEN,
                defaults={"role": role, "by": by},
            )
            rows = Invitation.objects.filter(pk=invitation.pk, status=Status.OPEN)
            # One that is settled between the two stays so, and another takes its place.
            if is_new or _renew(rows, role=role, by=by):
                break
        invitation.refresh_from_db()
        _note("invited", invitation, by)
    return invitation


def resend(invitation: Invitation, *, by: User) -> bool:
    """Have *invitation* mailed anew, good for another week; return False if it is settled."""
    with transaction.atomic():
        is_open = _renew(Invitation.objects.filter(pk=invitation.pk, status=Status.OPEN), by=by)
        if is_open:
            _note("invited", invitation, by)
    return is_open


def _renew(rows: QuerySet[Invitation], **changes: object) -> bool:
    return bool(rows.update(sent_at=Now(), mails=F("mails") + 1, **changes))


def withdraw(invitation: Invitation, *, by: User) -> bool:
    """Take *invitation* back; return False if it was settled already."""
    with transaction.atomic():
        rows = Invitation.objects.filter(pk=invitation.pk, status=Status.OPEN)
        is_mine = bool(rows.update(status=Status.WITHDRAWN, settled_at=Now()))
        if is_mine:
            _note("invitation-withdrawn", invitation, by)
    return is_mine


def join(
    invitation: Invitation, mails: int, *, name: str = "", password: str | None = None
) -> User:
    """Accept *invitation* as somebody new, who then has an account; return it.

    Without *password* the account has none: its owner sets up a passkey. *mails*
    is the number in the link. Raises NotOpen, also where the address got an
    account meanwhile: its owner logs in first.
    """
    with transaction.atomic():
        _settle(invitation, mails)
        if User.objects.filter(email=invitation.address).exists():
            raise _has_account(invitation)
        try:
            with transaction.atomic():
                user = User.objects.create_user(
                    invitation.address, password, name=name, is_staff=True,
                    time_zone=invitation.publication.time_zone,
                )  # fmt: skip
        except IntegrityError as error:  # by another invitation, in the same moment
            raise _has_account(invitation) from error
        accounts.record("made", user, by=invitation.by)
        _let_in(user, invitation)
    return user


def _has_account(invitation: Invitation) -> NotOpen:
    return NotOpen(f"{invitation.address} has an account by now. Log in, and accept then.")


def accept(invitation: Invitation, mails: int, *, user: User) -> None:
    """Accept *invitation* for *user*, who has logged in with its very address.

    Raises NotOpen, and PermissionError for anybody else.
    """
    if user.email != invitation.address or not user.is_active:
        raise PermissionError(f"This invitation is for {invitation.address}.")
    with transaction.atomic():
        _settle(invitation, mails)
        User.objects.filter(pk=user.pk, is_staff=False).update(is_staff=True)
        _let_in(user, invitation)


def _settle(invitation: Invitation, mails: int) -> None:
    """Use *invitation* up: of two who press at once, one does."""
    # An owner who was shown the door cannot let in others by an older mail.
    if not roles.can(invitation.by, "manage", invitation.publication):
        raise NotOpen("Who invited you no longer looks after this publication. Ask there again.")
    rows = open_ones().filter(pk=invitation.pk, mails=mails)
    if not rows.update(status=Status.ACCEPTED, settled_at=Now()):
        raise NotOpen("This invitation is used up, over, or was taken back. Ask for a new one.")


def _let_in(user: User, invitation: Invitation) -> None:
    # Whoever became a member meanwhile keeps the role that they were given.
    Membership.objects.get_or_create(
        user=user, publication=invitation.publication, defaults={"role": invitation.role}
    )
    _note("joined", invitation, user)


def _note(verb: str, invitation: Invitation, by: User) -> None:
    audit.record(
        verb,
        publication=invitation.publication,
        by=by,
        words=f"{invitation.address}: {invitation.get_role_display()}",
    )
