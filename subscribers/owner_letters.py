"""Mails to the owner of an address about what was asked or done with a link."""

from typing import NamedTuple

from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext

from briefs.addresses import mask
from subscribers import letters, moving, preferences, reading, tokens
from subscribers.models import ConsentRecord, Notice, Subscription


class Action(NamedTuple):
    """What a mail says, and the one thing that can be done."""

    subject: str
    words: list[str]
    url: str
    button: str
    after: str


def undo(notice: Notice) -> EmailMultiAlternatives:
    """Tell the owner that a link of theirs was used, and offer the way back."""
    made = notice.record
    if made is None:
        raise LookupError(f"What notice {notice.pk} tells of is not known any more.")
    names = {"publication": notice.link.publication.name}
    if made.kind == ConsentRecord.Kind.UNSUBSCRIBED:
        subject = gettext("You are unsubscribed from %(publication)s") % names
        done = gettext(
            "Somebody pressed the button on the unsubscribe page, with the link in one of your "
            "mails. Nothing more will be sent to you."
        )
        button = gettext("Subscribe me again")
    else:
        subject = gettext("Your settings for %(publication)s were changed") % names
        done = gettext(
            "Somebody changed which briefs you get, or when, with the link at the foot of one of "
            "your mails."
        )
        button = gettext("Restore what it was before")
    was_it_you = gettext(
        "If that was you, there is nothing to do. If you had forwarded the mail, it may have been "
        "somebody else: you can take it back."
    )
    after = gettext("The button works for 30 days, and once.")
    action = Action(subject, [done, was_it_you], tokens.undo_url(made.pk), button, after)
    return _letter(notice, action)


def own_link(notice: Notice) -> EmailMultiAlternatives:
    """Mail the link that was asked for to the owner of the address."""
    publication = notice.link.publication
    action = Action(
        subject=gettext("Your link to the settings of %(publication)s")
        % {"publication": publication.name},
        words=[
            gettext(
                "With this link you can see and change everything we hold of you: name, address, "
                "subscriptions. You can also take it with you, or have it erased."
            )
        ],
        url=tokens.own_url(preferences.own_token(notice.link)),
        button=gettext("Open my settings"),
        after=gettext(
            "The link works for 24 hours. Do not forward it. If you did not ask for it, ignore "
            "this mail: nothing has changed."
        ),
    )
    return _letter(notice, action)


def reading_link(notice: Notice) -> EmailMultiAlternatives:
    """Mail the link that lets a reader read on the web what is not for everybody."""
    names = {"publication": notice.link.publication.name}
    action = Action(
        subject=gettext("Your link to read %(publication)s on the web") % names,
        words=[
            gettext(
                "This link opens the briefs for subscribers in the browser in which you follow "
                "it, for 30 days. You need no password."
            )
        ],
        url=reading.url(notice.link, notice.brief),
        button=gettext("Read on the web"),
        after=gettext(
            "The link works for 24 hours. Do not forward it: whoever opens it reads as you. If "
            "you did not ask for it, ignore this mail."
        ),
    )
    return _letter(notice, action)


def invitation(notice: Notice) -> EmailMultiAlternatives:
    """Invite the owner of an address to read what is for a client group."""
    member, publication = notice.member, notice.publication
    if member is None or publication is None:
        raise TypeError(f"Notice {notice.pk} is no invitation.")
    names = {"publication": publication.name}
    action = Action(
        subject=gettext("You are invited to read %(publication)s") % names,
        words=[
            gettext(
                "%(publication)s would like you to read briefs that are not for everybody. If "
                "you accept, they come to this address, and you can read them on the web."
            )
            % names
        ],
        url=tokens.invitation_url(member.pk),
        button=gettext("Look at the invitation"),
        after=gettext(
            "The link works for 30 days. If you do not want this, ignore this mail: nothing more "
            "will be sent."
        ),
    )
    return _letter(notice, action)


def new_address(notice: Notice) -> EmailMultiAlternatives:
    """Ask at a new address whether mail shall come there."""
    link = notice.link
    number = moving.digest(link.subscriber.address_key, notice.address)
    names = {"publication": link.publication.name, "old": mask(link.subscriber.address)}
    action = Action(
        subject=gettext("Please confirm your new address for %(publication)s") % names,
        words=[
            gettext(
                "The reader of %(publication)s at %(old)s asked for mail to come to this address "
                "from now on. Press the button to confirm it:"
            )
            % names,
            *_moving_along(notice),
        ],
        url=tokens.address_url(notice.pk, number),
        button=gettext("Confirm this address"),
        after=gettext(
            "The link works for three days. If it was not you, ignore this mail: without the "
            "button nothing changes."
        ),
    )
    return _letter(notice, action)


def moved(notice: Notice) -> EmailMultiAlternatives:
    """Tell the old address that mail goes to another one now."""
    if notice.record is None:
        raise LookupError(f"What notice {notice.pk} tells of is not known any more.")
    link = notice.link
    names = {"publication": link.publication.name, "new": mask(link.subscriber.address)}
    action = Action(
        subject=gettext("Your address for %(publication)s was changed") % names,
        words=[
            gettext("%(publication)s goes to %(new)s from now on, as was asked for.") % names,
            *_moving_along(notice),
            gettext("If that was not you, take it back:"),
        ],
        url=tokens.undo_url(notice.record.pk),
        button=gettext("Keep the old address"),
        after=gettext("The button works for 30 days, and once."),
    )
    return _letter(notice, action)


def _moving_along(notice: Notice) -> list[str]:
    """Name what else comes to the same address: one address serves all publications."""
    names = [
        one.publication.name
        for one in notice.link.subscriber.subscriptions.exclude(pk=notice.link.pk)
        .filter(status__in=[Subscription.Status.ACTIVE, Subscription.Status.PAUSED])
        .select_related("publication")
        .order_by("publication__name", "id")
    ]
    if not names:
        return []
    words = gettext("What else you get from us moves along: %(publications)s.")
    return [words % {"publications": ", ".join(names)}]


def _letter(notice: Notice, action: Action) -> EmailMultiAlternatives:
    context = {
        "heading": action.subject,
        "words": action.words,
        "url": action.url,
        "button": action.button,
        "after": action.after,
    }
    return letters.to_reader(notice, action.subject, "action", context, {})
