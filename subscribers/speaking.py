"""In which language a reader is spoken to."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.utils import timezone, translation

from subscribers.models import Subscription


def language_of(subscription: Subscription) -> str:
    """Return the language that its reader chose, else that of the publication."""
    return subscription.subscriber.language or subscription.publication.language


@contextmanager
def spoken_to(subscription: Subscription) -> Iterator[str]:
    """Speak the reader's language, yielded; days are those of the publication's calendar."""
    language = language_of(subscription)
    with translation.override(language), timezone.override(subscription.publication.time_zone):
        yield language
