"""What was asked for in one form is confirmed by one button."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from subscribers import consent
from subscribers.models import Subscription

FORM = "form"


def companions(subscription: Subscription) -> list[Subscription]:
    """Return the others that were asked for along with *subscription* and wait as it does.

    One form stores one time for all that it asks for, to the microsecond. What
    an import brought may share times, and is none of it.
    """
    asked_at: datetime = subscription.requested_at
    return list(
        Subscription.objects.filter(
            consent.AWAITS_CONFIRMATION,
            subscriber=subscription.subscriber_id,
            requested_at=asked_at,
            source=FORM,
        )
        .exclude(pk=subscription.pk)
        .select_related("subscriber", "publication")
        .order_by("publication__name", "id")
    )


class Waiting:
    """What of several readers waits for its confirmation, read at once for all of them."""

    def __init__(self, subscriptions: Iterable[Subscription]) -> None:
        self._by_reader: dict[int, list[Subscription]] = defaultdict(list)
        readers = {one.subscriber_id for one in subscriptions}
        found = Subscription.objects.filter(consent.AWAITS_CONFIRMATION, subscriber__in=readers)
        for one in found.select_related("publication").order_by("publication__name", "id"):
            self._by_reader[one.subscriber_id].append(one)

    def awaits(self, subscription: Subscription) -> bool:
        """Tell whether *subscription* itself waits."""
        return subscription in self._by_reader[subscription.subscriber_id]

    def companions(self, subscription: Subscription) -> list[Subscription]:
        """Return what companions() returns."""
        return [
            one
            for one in self._by_reader[subscription.subscriber_id]
            if one != subscription
            and one.source == FORM
            and one.requested_at == subscription.requested_at
        ]


def confirm(subscription: Subscription, *, ip: str | None = None, user_agent: str = "") -> bool:
    """Start mail for *subscription* and its companions; return False if it changed nothing for it.

    The companions are named in the mail and beside the button.
    """
    others = companions(subscription)
    is_confirmed = consent.confirm(subscription, source=FORM, ip=ip, user_agent=user_agent)
    for other in others if is_confirmed else ():
        consent.confirm(other, source=FORM, ip=ip, user_agent=user_agent)
    return is_confirmed
