"""What the figures are called where people read them, and how a share is written."""

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from analytics.rates import LEAST_FOR_PERCENT
from subscribers.preference_forms import LeaveForm

Words = str | Promise

RATES: dict[str, Words] = {
    "accepted": gettext_lazy("Accepted"),
    "delivered": gettext_lazy("Delivered"),
    "bounced": gettext_lazy("Bounced"),
    "complained": gettext_lazy("Complaints"),
    "unsubscribed": gettext_lazy("Unsubscribed"),
    "opened": gettext_lazy("Readers who opened"),
    "clicked": gettext_lazy("Readers who clicked"),
    "opens": gettext_lazy("Opens"),
    "clicks": gettext_lazy("Clicks"),
}
# The words of deliveries.returned.rules; what is not here is shown as it is.
BOUNCES: dict[str, Words] = {
    "no-mailbox": gettext_lazy("no such mailbox"),
    "no-domain": gettext_lazy("no such domain"),
    "disabled": gettext_lazy("mailbox closed"),
    "moved": gettext_lazy("reader has moved away"),
    "full": gettext_lazy("mailbox full"),
    "busy": gettext_lazy("server busy"),
    "unreachable": gettext_lazy("server out of reach"),
    "expired": gettext_lazy("given up after days"),
    "too-large": gettext_lazy("mail too large"),
    "relay": gettext_lazy("server does not take mail for it"),
    "auth": gettext_lazy("sender not authenticated"),
    "spam": gettext_lazy("taken for spam"),
    "blocked": gettext_lazy("sender blocked"),
    "policy": gettext_lazy("refused by a rule"),
    "loop": gettext_lazy("mail goes round in circles"),
    "unknown": gettext_lazy("no reason that can be told"),
}
WHYS: dict[str, Words] = {**dict(LeaveForm.WHYS), "": gettext_lazy("gave no reason")}
SOURCES: dict[str, Words] = {
    "form": gettext_lazy("sign-up page"),
    "embed": gettext_lazy("form on another site"),
    "import": gettext_lazy("import"),
    "by hand": gettext_lazy("by hand"),
    "api": gettext_lazy("API"),
    "other": gettext_lazy("other"),
}


def percent(share: float | None) -> str:
    """Write 0.0312 as 3.1 %; small shares by their first digit that says something."""
    if share is None:
        return "–"
    value = 100 * share
    if 0 < value < 0.1:
        return f"{value:.2g} %" if value >= 0.001 else _("under 0.001 %")
    if 99.9 < value < 100:
        return "99.9 %"
    return f"{value:.1f} %".replace(".0 %", " %")


def per_hundred(share: float | None) -> str:
    """Write how many opens or clicks came on a hundred readers."""
    return "–" if share is None else f"{100 * share:,.1f}".removesuffix(".0")


def written(name: str, share: float | None) -> str:
    """Write the share of the rate *name* as it is spoken of."""
    return per_hundred(share) if name in ("opens", "clicks") else percent(share)


def note(name: str, rate: dict[str, Any]) -> str:
    """Say what *rate* is a share of; of few readers no percent, which would say too much."""
    if not rate["is_measured"]:
        return why_not(name)
    base = f"{rate['of']:,}"
    if name in ("opens", "clicks"):
        if rate["of"] < LEAST_FOR_PERCENT:
            return _("by people, of %(base)s readers") % {"base": base}
        return _("by people, %(number)s per 100 readers") % {"number": per_hundred(rate["share"])}
    if rate["share"] is None or rate["of"] < LEAST_FOR_PERCENT:
        return _("of %(base)s") % {"base": base}
    return _("%(share)s of %(base)s") % {"share": percent(rate["share"]), "base": base}


def why_not(name: str) -> str:
    """Say why the rate *name* was not measured."""
    if name == "delivered":
        return _("the provider has not reported what arrived")
    if name in ("bounced", "complained"):
        return _("no report finds its way back")
    if name in ("opened", "clicked"):
        return _("readers are not told apart")
    return _("tracking is off")
