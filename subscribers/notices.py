"""Notices: single mails that are no brief. The row is the memory, a task only looks at it."""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation

from briefs import invitations
from briefs.models import Invitation, Membership, Publication, User
from subscribers import desk_letters, letters, owner_letters
from subscribers.groups import READS
from subscribers.models import GroupMember, Notice, Subscription
from subscribers.speaking import spoken_to
from subscribers.suppression import Stopped, address_hash, is_suppressed, stopped_among
from subscribers.together import Waiting
from subscribers.wire import Wire

Role = Membership.Role
ACTIVE = Subscription.Status.ACTIVE
# What a letter is written from, read along with its notice.
SHOWN = (
    *("subscription__subscriber", "subscription__publication"),
    *("user", "publication", "record", "brief", "member__group__publication"),
    *("colleague__publication", "colleague__by"),
)

log = logging.getLogger(__name__)

# Also how long a claim lasts: longer than a mail server may keep us waiting.
BACK_OFF = [timedelta(minutes=minutes) for minutes in (5, 10, 30, 60, 180, 360, 720)]
SWEEP_SECONDS = 20.0
SWEEP = 200  # notices; whoever rings meanwhile is heard before the next ones
GROUP = 20  # notices that are claimed, looked up and, if their sender dies, late together
ASKED_ONCE = timedelta(minutes=2)  # who presses again meanwhile gets no second mail
FRESH_SECONDS = 5.0  # how long what was read about a group is believed


def tell_editors(
    publication: Publication,
    subject: str,
    text: str,
    roles: Collection[str] = (Role.PUBLISHER, Role.OWNER),
) -> int:
    """Have each member of *publication* with one of *roles* mailed; return how many will be.

    Where nobody has such a role, those who look after the whole site are told.
    """
    users = User.objects.filter(is_active=True)
    members = users.filter(memberships__publication=publication, memberships__role__in=roles)
    told = list(members.distinct()) or list(users.filter(is_superuser=True))
    return tell(told, publication, subject, text)


def tell(users: Iterable[User], publication: Publication, subject: str, text: str) -> int:
    """Have each of *users* mailed on behalf of *publication*; return how many will be.

    Who has not been sent the same words yet gets them once. The sweep sends.
    """
    subject = letters.header_line(subject)
    known = Notice.objects.filter(
        kind=Notice.Kind.EDITOR,
        status=Notice.Status.UNSENT,
        publication=publication,
        subject=subject,
        text=text,
    ).values_list("user", flat=True)
    waiting = set(known)
    words = [
        Notice(
            kind=Notice.Kind.EDITOR, user=user, publication=publication, subject=subject, text=text
        )
        for user in users
        if user.pk not in waiting
    ]
    Notice.objects.bulk_create(words)
    return len(words)


def tell_owner(user: User, subject: str, text: str) -> Notice:
    """Have *user* mailed about the account itself, which belongs to no publication."""
    return Notice.objects.create(kind=Notice.Kind.EDITOR, user=user, subject=subject, text=text)


def ask_for_password(user: User) -> bool:
    """Have *user* mailed a link to a new password; return False where one is on its way."""
    before = timezone.now() - ASKED_ONCE
    rows = Notice.objects.filter(kind=Notice.Kind.PASSWORD, user=user)
    if rows.filter(Q(status=Notice.Status.UNSENT) | Q(created_at__gt=before)).exists():
        return False
    Notice.objects.create(kind=Notice.Kind.PASSWORD, user=user)
    return True


def invite_colleague(invitation: Invitation) -> Notice:
    """Have the owner of an address asked to work on a publication."""
    return Notice.objects.create(
        kind=Notice.Kind.COLLEAGUE,
        colleague=invitation,
        publication=invitation.publication,
        address=invitation.address,
    )


def _always() -> bool:
    return True


# An app above knows whether this database is a copy, which mails no reader (deliveries.guard).
may_mail_readers: Callable[[], bool] = _always


def due() -> QuerySet[Notice]:
    """Return the notices that may go out now, oldest first."""
    rows = Notice.objects.filter(status=Notice.Status.UNSENT, due_at__lte=timezone.now())
    if not may_mail_readers():
        rows = rows.filter(kind__in=[Notice.Kind.EDITOR, Notice.Kind.PASSWORD])
    return rows.order_by("due_at", "id")


def sweep() -> int:
    """Send what is due, at most SWEEP of them and for about SWEEP_SECONDS; return how many went.

    Any number of sweeps may run at once.
    """
    sent = taken = 0
    until = time.monotonic() + SWEEP_SECONDS
    wire, confirmations = Wire(), letters.Confirmations()
    try:
        while taken < SWEEP and time.monotonic() < until:
            group = _claim(due(), GROUP)
            if not group:
                break
            taken += len(group)
            sent += _send(group, wire, confirmations)
    finally:
        wire.close()
    return sent


def send(notice: Notice) -> bool:
    """Send *notice* if it is due, still wanted and not in other hands; tell whether it went."""
    wire = Wire()
    try:
        return bool(_send(_claim(due().filter(pk=notice.pk), 1), wire, letters.Confirmations()))
    finally:
        wire.close()


def _claim(rows: QuerySet[Notice], most: int) -> list[Notice]:
    """Take the first of *rows* that nobody else is taking: move `due_at` on, and return them.

    A sender that dies thereafter costs those a delay; one that dies between
    the server's reply and our row sends a second copy, with the same Message-ID.
    """
    claimed = []
    with transaction.atomic():
        free = rows.select_for_update(skip_locked=True, of=("self",)).select_related(*SHOWN)
        by_attempts: dict[int, list[Notice]] = defaultdict(list)
        for notice in free[:most]:
            by_attempts[notice.attempts].append(notice)
        for attempts, group in by_attempts.items():
            due_at = timezone.now() + BACK_OFF[min(attempts, len(BACK_OFF) - 1)]
            Notice.objects.filter(pk__in=[notice.pk for notice in group]).update(
                due_at=due_at, attempts=attempts + 1
            )
            for notice in group:
                notice.due_at, notice.attempts = due_at, attempts + 1
            claimed += group
    return claimed


def _send(group: list[Notice], wire: Wire, confirmations: letters.Confirmations) -> int:
    """Send those of *group*, which is claimed, that are still wanted; return how many went."""
    sent = 0
    until = time.monotonic() + FRESH_SECONDS
    subscriptions = [notice.link for notice in group if notice.subscription_id]
    is_stopped = stopped_among(subscriptions)
    together = Waiting(subscriptions)
    for number, notice in enumerate(group):
        if time.monotonic() > until:
            _give_back(group[number:])
            break
        if reason := _not_wanted(notice, is_stopped, together):
            _settle(notice, status=Notice.Status.FAILED, error=reason)
            continue
        try:
            wire.send(_message(notice, confirmations, together))
        except Exception as error:  # noqa: BLE001  (each backend has errors of its own; all are kept)
            _note_failure(notice, error)
        else:
            _settle_sent(notice)
            sent += 1
    return sent


def _give_back(group: list[Notice]) -> None:
    """Let go of those whose turn did not come while what was read about them was fresh."""
    for notice in group:
        Notice.objects.filter(
            pk=notice.pk, status=Notice.Status.UNSENT, due_at=notice.due_at
        ).update(due_at=timezone.now(), attempts=notice.attempts - 1)


def _not_wanted(notice: Notice, is_stopped: Stopped, together: Waiting) -> str:
    """Return why *notice* must not go out after all, or nothing."""
    if notice.user is not None:
        return "" if notice.user.is_active else "This editor is not active any more."
    if notice.colleague is not None:
        is_open = invitations.open_ones().filter(pk=notice.colleague.pk).exists()
        return "" if is_open else "The invitation is settled already, or over."
    if notice.member is not None:
        return _why_not_invited(notice, notice.member)
    subscription = notice.link
    if is_stopped(subscription, asks_anew=notice.kind == Notice.Kind.CONFIRMATION):
        return "The address is suppressed."
    if notice.kind == Notice.Kind.CONFIRMATION:
        if not together.awaits(subscription):
            return "There is nothing to confirm any more."
    elif notice.kind == Notice.Kind.WELCOME and subscription.status != ACTIVE:
        return "The subscription is not active any more."
    elif notice.kind == Notice.Kind.READING and subscription.status not in READS:
        return "The subscription has ended."
    return ""


def _why_not_invited(notice: Notice, member: GroupMember) -> str:
    if member.accepted_at is not None:
        return "The invitation is accepted already."
    hashed, domain = address_hash(member.key), member.key.rpartition("@")[2]
    if is_suppressed(hashed, member.group.publication, domain, asks_anew=True):
        return "The address is suppressed."
    return ""


def _note_failure(notice: Notice, error: Exception) -> None:
    """Keep what went wrong; give up where the server's answer is final or time is over."""
    words = f"{type(error).__name__}: {error}"[:2000]
    if _is_permanent(error) or notice.attempts > len(BACK_OFF):
        log.warning("Notice %s failed for good: %s", notice.pk, type(error).__name__)
        _settle(notice, status=Notice.Status.FAILED, error=words)
    else:
        log.warning("Notice %s will be tried again: %s", notice.pk, type(error).__name__)
        _settle(notice, error=words)


def _is_permanent(error: Exception) -> bool:
    """Tell whether *error* is the server's last word about this one address.

    Read from attributes, since only deliveries knows SMTP and the ESPs: smtplib
    keeps refused recipients as {address: (code, words)}.
    """
    if isinstance(error, letters.CannotBeAddressed):
        return True
    refused = getattr(error, "recipients", None)
    if isinstance(refused, dict) and refused:
        # 5.7.x is a policy against the sender, which may be mended.
        return all(
            500 <= code <= 599 and not bytes(words).startswith(b"5.7.")
            for code, words in refused.values()
        )
    return False


def _settle(notice: Notice, **changes: object) -> None:
    """Write the outcome, unless another sender has written one."""
    Notice.objects.filter(pk=notice.pk, status=Notice.Status.UNSENT).update(**changes)


_SENT = (
    f'UPDATE "{Notice._meta.db_table}" SET "status" = %s, "error" = %s, "sent_at" = %s '  # noqa: S608  (our own names)
    'WHERE "id" = %s AND "status" = %s'
)


def _settle_sent(notice: Notice) -> None:
    """Write that it went, at once: until then a crash would send a second copy.

    As _settle() does, whose statement takes longer to build than to run.
    """
    sent_at = connection.ops.adapt_datetimefield_value(timezone.now())
    with connection.cursor() as cursor:
        values = [Notice.Status.SENT.value, "", sent_at, notice.pk, Notice.Status.UNSENT.value]
        cursor.execute(_SENT, values)


def _message(
    notice: Notice, confirmations: letters.Confirmations, together: Waiting
) -> EmailMultiAlternatives:
    """Write *notice* in the reader's language."""
    if notice.user is not None or notice.colleague is not None:
        with translation.override(settings.LANGUAGE_CODE):
            return _to_colleague(notice)
    if notice.member is not None:
        with translation.override(notice.member.group.publication.language):
            return owner_letters.invitation(notice)
    subscription = notice.link
    with spoken_to(subscription):
        if notice.kind == Notice.Kind.CONFIRMATION:
            return confirmations.write(notice, together.companions(subscription))
        return _writer(notice)(notice)


def _to_colleague(notice: Notice) -> EmailMultiAlternatives:
    """Write to somebody at the desk, or whom it asks there."""
    if notice.kind == Notice.Kind.EDITOR and notice.publication is not None:
        return letters.word_to_editor(notice)
    return desk_letters.WRITERS[Notice.Kind(notice.kind)](notice)


def _writer(notice: Notice) -> Callable[[Notice], EmailMultiAlternatives]:
    """Return what writes a notice to a reader, of those that are written one by one."""
    if notice.kind == Notice.Kind.ADDRESS:
        return owner_letters.moved if notice.record_id else owner_letters.new_address
    return {
        Notice.Kind.WELCOME: letters.welcome,
        Notice.Kind.UNDO: owner_letters.undo,
        Notice.Kind.PREFERENCES: owner_letters.own_link,
        Notice.Kind.READING: owner_letters.reading_link,
    }[Notice.Kind(notice.kind)]
