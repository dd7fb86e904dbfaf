"""Mails about accounts at the desk: a new password, an invitation, what was changed."""

from collections.abc import Callable

from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMultiAlternatives
from django.urls import reverse
from django.utils.translation import gettext

from briefs.models import Publication, User
from subscribers import letters, tokens
from subscribers.models import Notice


def password(notice: Notice) -> EmailMultiAlternatives:
    """Write the mail whose link leads to a new password; the link is made here, and stored nowhere.

    It ends by itself when it is used, when the owner logs in, or after
    PASSWORD_RESET_TIMEOUT.
    """
    user = _owner(notice)
    key = default_token_generator.make_token(user)
    path = reverse("account_reset_password_from_key", args=[user_pk_to_url_str(user), key])
    hours = settings.PASSWORD_RESET_TIMEOUT // 3600
    return _letter(
        notice,
        user,
        subject=gettext("A new password for the desk"),
        words=[gettext("Somebody, probably you, asked for a link to a new password.")],
        url=settings.SITE_URL + path,
        button=gettext("Choose a new password"),
        after=gettext(
            "The link works once, for %(hours)s hours. If it was not you, ignore this mail: your "
            "password stays as it is."
        )
        % {"hours": hours},
    )


def invitation(notice: Notice) -> EmailMultiAlternatives:
    """Ask the owner of an address to work on a publication."""
    asked = notice.colleague
    if asked is None:
        raise TypeError(f"Notice {notice.pk} is no invitation to work here.")
    names = {
        "publication": asked.publication.name,
        "role": asked.get_role_display(),
        "by": str(asked.by),
    }
    words = gettext("%(by)s would like you to work on %(publication)s, as %(role)s.") % names
    return letters.to_colleague(
        notice,
        asked.publication,
        asked.address,
        gettext("You are invited to work on %(publication)s") % names,
        "colleague",
        {
            "heading": gettext("Work on %(publication)s") % names,
            "words": [words],
            "url": tokens.colleague_url(asked.pk, asked.mails),
            "button": gettext("Look at the invitation"),
            "after": gettext(
                "The link works once, for seven days. Do not forward it. If you do not know the "
                "sender, ignore this mail."
            ),
        },
    )


def word(notice: Notice) -> EmailMultiAlternatives:
    """Tell the owner of an account what was done with it."""
    user = _owner(notice)
    return _letter(
        notice,
        user,
        subject=notice.subject,
        words=[notice.text],
        url=settings.SITE_URL + reverse("log_in_home"),
        button=gettext("Open “Your log-in”"),
        after=gettext("You get this because you have an account at %(site)s.")
        % {"site": settings.SITE_HOST},
    )


WRITERS: dict[str, Callable[[Notice], EmailMultiAlternatives]] = {
    Notice.Kind.PASSWORD: password,
    Notice.Kind.COLLEAGUE: invitation,
    Notice.Kind.EDITOR: word,
}


def _owner(notice: Notice) -> User:
    if notice.user is None:
        raise TypeError(f"Notice {notice.pk} goes to nobody who has an account.")
    return notice.user


def _letter(
    notice: Notice,
    user: User,
    *,
    subject: str,
    words: list[str],
    url: str,
    button: str,
    after: str,
) -> EmailMultiAlternatives:
    context = {"heading": subject, "words": words, "url": url, "button": button, "after": after}
    return letters.to_colleague(notice, _sender(user), user.email, subject, "colleague", context)


def _sender(user: User) -> Publication:
    """Return the publication whose sender such a mail has: one of the user's, else any.

    Mail from an address that no provider is set up for does not arrive.
    """
    ready = Publication.objects.exclude(sender_address="").order_by("pk")
    found = ready.filter(memberships__user=user).first() or ready.first()
    site = settings.SITE_URL
    return found or Publication(name="IntelBrief", slug="-", privacy_url=site, imprint_url=site)
