"""What was done with an account: one row for each step, written where it happens."""

from datetime import timedelta
from importlib import import_module

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from briefs.addresses import InvalidAddress, normalise
from briefs.models import AccountEntry, User
from briefs.models.append_only import opened

# What can have been done, and how the desk says it after a name.
VERBS: dict[str, str | Promise] = {
    "logged-in": _("logged in"),
    "log-in-failed": _("did not get in"),
    "locked-out": _("was locked out for a while"),
    "logged-out": _("logged out"),
    "password-asked": _("asked for a link to a new password"),
    "password-changed": _("changed the password"),
    "factor-set": _("set up a second factor"),
    "factor-removed": _("removed a second factor"),
    "factor-failed": _("gave a wrong code"),
    "codes-made": _("made new recovery codes"),
    "factors-reset": _("had all second factors taken away"),
    "sessions-ended": _("ended sessions elsewhere"),
    "linked": _("came by single sign-on for the first time"),
    "made": _("got an account"),
}
# Anybody can make these, and any number of them.
BY_STRANGERS = ("log-in-failed", "locked-out", "password-asked", "factor-failed")


def record(
    verb: str,
    user: User | None,
    *,
    by: User | None = None,
    words: str = "",
    typed: str = "",
    ip: str | None = None,
    user_agent: str = "",
) -> AccountEntry:
    """Write down that *verb* was done with the account of *user*, by somebody else if *by* says so.

    *typed* is what stood in the field of the address; only its fingerprint is
    kept. Raise ValueError for a verb that is not among VERBS.
    """
    if verb not in VERBS:
        raise ValueError(f"“{verb}” is no step of an account. There are: {', '.join(VERBS)}.")
    entry: AccountEntry = AccountEntry.objects.create(
        user=user,
        user_name=user.email if user else "",
        verb=verb,
        by_name=str(by) if by and by != user else "",
        words=words[:200],
        typed=fingerprint(typed) if typed and user is None else "",
        ip=ip,
        user_agent=user_agent.replace("\0", "")[:200],
    )
    return entry


def fingerprint(typed: str) -> str:
    """Return a keyed hash of what somebody typed as an address: it may have been a password.

    Equal texts have equal hashes, so that a row of tries can be seen as one.
    """
    return salted_hmac("briefs.accounts.typed", typed.strip().lower()).hexdigest()[:16]


def known(typed: str) -> User | None:
    """Return the user who logs in as *typed*, however it is written."""
    try:
        return User.objects.filter(email=normalise(typed).key).first()
    except InvalidAddress:
        return None


def forget() -> int:
    """Take away what need not be known any more; return how many rows that were.

    After LOG_IN_DAYS an entry loses IP address and browser, and what a stranger
    can cause goes altogether; who logged in when, and who changed what, stays
    as long as the database. Sessions that are over go too.
    """
    sessions = import_module(settings.SESSION_ENGINE)
    sessions.SessionStore.clear_expired()
    ended = timezone.now() - timedelta(seconds=settings.SESSION_COOKIE_AGE)
    UserSession.objects.filter(last_seen_at__lt=ended).delete()
    before = timezone.now() - timedelta(days=settings.LOG_IN_DAYS)
    old = opened(AccountEntry).filter(at__lt=before)
    gone, _each = old.filter(verb__in=BY_STRANGERS).delete()
    known_origin = Q(ip__isnull=False) | ~Q(user_agent="")
    return gone + old.filter(known_origin).update(ip=None, user_agent="")
