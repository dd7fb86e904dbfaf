"""What was asked for in one form is confirmed by one button."""

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


def confirm(subscription: Subscription, *, ip: str | None = None, user_agent: str = "") -> bool:
    """Start mail for *subscription* and its companions; return False if it changed nothing for it.

    The companions are named in the mail and beside the button.
    """
    others = companions(subscription)
    is_confirmed = consent.confirm(subscription, source=FORM, ip=ip, user_agent=user_agent)
    for other in others if is_confirmed else ():
        consent.confirm(other, source=FORM, ip=ip, user_agent=user_agent)
    return is_confirmed
