"""The words that readers agree to: each version is stored at its first use; evidence names it."""

import hashlib
from functools import lru_cache

from django.utils import translation
from django.utils.translation import gettext

from briefs.models import Publication
from subscribers.models import ConsentRecord, ConsentWording, Subscription


def text_of(publication: Publication) -> str:
    """Return the words that readers of *publication* agree to, in its language."""
    return publication.consent_wording.strip() or _usual(
        publication.name,
        publication.language,
        names_tracking=publication.tracking == Publication.Tracking.PER_READER,
    )


@lru_cache(1000)  # asked for several times by each sign-up
def _usual(name: str, language: str, *, names_tracking: bool) -> str:
    with translation.override(language):
        wording = gettext(
            "I would like to receive %(publication)s by e-mail. I can unsubscribe at any time "
            "with the link in every mail."
        ) % {"publication": name}
        if names_tracking:
            wording += " " + gettext(
                "I agree that the publisher notes which mails I open and which links I follow, "
                "to choose its subjects."
            )
        return wording


def digest(text: str) -> str:
    """Return the SHA-256 that names one version of a wording."""
    return hashlib.sha256(text.encode()).hexdigest()


def current(publication: Publication) -> ConsentWording:
    """Return the version of the wording that is in use, storing it at its first use."""
    return stored(publication, text_of(publication))


def stored(publication: Publication, text: str) -> ConsentWording:
    """Return the version of the wording that reads *text*, storing it at its first use."""
    wording, _created = ConsentWording.objects.get_or_create(
        publication=publication, digest=digest(text), defaults={"text": text}
    )
    return wording


def asked_under(subscription: Subscription) -> ConsentWording | None:
    """Return the wording that the reader saw when asking, which may be older than today's."""
    asked = (
        ConsentRecord.objects.filter(
            subscriber=subscription.subscriber,
            publication=subscription.publication,
            kind=ConsentRecord.Kind.REQUESTED,
        )
        .select_related("wording")
        .order_by("-id")
        .first()
    )
    return asked.wording if asked else None
