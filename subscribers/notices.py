"""Notices: single mails that are no brief. The row is the memory, a task only looks at it."""

import logging
import time
from collections.abc import Callable, Collection
from datetime import timedelta

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet
from django.utils import timezone, translation

from briefs.models import Membership, Publication, User
from subscribers import letters, owner_letters
from subscribers.consent import AWAITS_CONFIRMATION
from subscribers.models import Notice, Subscription
from subscribers.suppression import stops
from subscribers.wire import Wire

Role = Membership.Role
ACTIVE = Subscription.Status.ACTIVE

log = logging.getLogger(__name__)

# Also how long a claim lasts: longer than a mail server may keep us waiting.
BACK_OFF = [timedelta(minutes=minutes) for minutes in (5, 10, 30, 60, 180, 360, 720)]
SWEEP_SECONDS = 20.0


def tell_editors(
    publication: Publication,
    subject: str,
    text: str,
    roles: Collection[str] = (Role.PUBLISHER, Role.OWNER),
) -> int:
    """Have each member of *publication* with one of *roles* mailed; return how many will be.

    Where nobody has such a role, those who look after the whole site are told.
    Who has not been sent the same words yet gets them once. The sweep sends.
    """
    subject = letters.header_line(subject)
    users = User.objects.filter(is_active=True)
    members = users.filter(memberships__publication=publication, memberships__role__in=roles)
    told = list(members.distinct()) or list(users.filter(is_superuser=True))
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
        for user in told
        if user.pk not in waiting
    ]
    Notice.objects.bulk_create(words)
    return len(words)


def _always() -> bool:
    return True


# An app above knows whether this database is a copy, which mails no reader (deliveries.guard).
may_mail_readers: Callable[[], bool] = _always


def due() -> QuerySet[Notice]:
    """Return the notices that may go out now, oldest first."""
    rows = Notice.objects.filter(status=Notice.Status.UNSENT, due_at__lte=timezone.now())
    if not may_mail_readers():
        rows = rows.filter(kind=Notice.Kind.EDITOR)
    return rows.order_by("due_at", "id")


def sweep() -> int:
    """Send what is due, for about SWEEP_SECONDS; return how many notices were sent.

    Any number of sweeps may run at once.
    """
    sent = 0
    until = time.monotonic() + SWEEP_SECONDS
    chunk = due().select_related(
        "subscription__subscriber", "subscription__publication", "user", "publication", "record"
    )[:100]
    wire = Wire()
    try:
        for notice in chunk:
            sent += send(notice, wire)
            if time.monotonic() > until:
                break
    finally:
        wire.close()
    return sent


def send(notice: Notice, wire: Wire | None = None) -> bool:
    """Send *notice* if it is due, still wanted and not in other hands; tell whether it went.

    It goes over *wire*, a line that others use too, or over one of its own.

    The claim moves `due_at` on by one conditional UPDATE. A sender that dies
    thereafter costs a delay; one that dies between the server's reply and our
    row sends a second copy with the same Message-ID.
    """
    now = timezone.now()
    pause = BACK_OFF[min(notice.attempts, len(BACK_OFF) - 1)]
    mine = Notice.objects.filter(
        pk=notice.pk, status=Notice.Status.UNSENT, due_at=notice.due_at, due_at__lte=now
    )
    if not mine.update(due_at=now + pause, attempts=notice.attempts + 1):
        return False
    if reason := _not_wanted(notice):
        _settle(notice, status=Notice.Status.FAILED, error=reason)
        return False
    try:
        if wire:
            wire.send(_message(notice))
        else:
            _message(notice).send()
    except Exception as error:  # noqa: BLE001  (each backend has errors of its own; all are kept)
        _note_failure(notice, error)
        return False
    _settle(notice, status=Notice.Status.SENT, error="", sent_at=timezone.now())
    return True


def _not_wanted(notice: Notice) -> str:
    """Return why *notice* must not go out after all, or nothing."""
    if notice.user is not None:
        return "" if notice.user.is_active else "This editor is not active any more."
    subscription = notice.link
    if stops(subscription, asks_anew=notice.kind == Notice.Kind.CONFIRMATION):
        return "The address is suppressed."
    wanted = Subscription.objects.filter(pk=subscription.pk)
    if notice.kind == Notice.Kind.CONFIRMATION:
        if not wanted.filter(AWAITS_CONFIRMATION).exists():
            return "There is nothing to confirm any more."
    elif notice.kind == Notice.Kind.WELCOME and not wanted.filter(status=ACTIVE).exists():
        return "The subscription is not active any more."
    return ""


def _note_failure(notice: Notice, error: Exception) -> None:
    """Keep what went wrong; give up where the server's answer is final or time is over."""
    words = f"{type(error).__name__}: {error}"[:2000]
    if _is_permanent(error) or notice.attempts >= len(BACK_OFF):
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


def _message(notice: Notice) -> EmailMultiAlternatives:
    """Write *notice* in the reader's language."""
    if notice.kind == Notice.Kind.EDITOR:
        with translation.override(settings.LANGUAGE_CODE):
            return letters.word_to_editor(notice)
    subscription = notice.link
    language = subscription.subscriber.language or subscription.publication.language
    with translation.override(language or settings.LANGUAGE_CODE):
        return _writer(notice)(notice)


def _writer(notice: Notice) -> Callable[[Notice], EmailMultiAlternatives]:
    """Return what writes a notice to a reader."""
    if notice.kind == Notice.Kind.ADDRESS:
        return owner_letters.moved if notice.record_id else owner_letters.new_address
    return {
        Notice.Kind.CONFIRMATION: letters.confirmation,
        Notice.Kind.WELCOME: letters.welcome,
        Notice.Kind.UNDO: owner_letters.undo,
        Notice.Kind.PREFERENCES: owner_letters.own_link,
    }[Notice.Kind(notice.kind)]
