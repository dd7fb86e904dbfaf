"""The types of events that another program can be told of."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

PING = "ping"

# Type, and how the desk says it.
KINDS: dict[str, str | Promise] = {
    "subscriber.subscribed": _("A reader asks to subscribe"),
    "subscriber.confirmed": _("A reader confirms, and mail begins"),
    "subscriber.added": _("A reader is added by hand or by an import"),
    "subscriber.unsubscribed": _("A reader leaves, or is taken off"),
    "subscriber.bounced": _("A letter to a reader comes back"),
    "subscriber.complained": _("A reader calls a letter spam"),
    "subscriber.erased": _("A reader is erased: forget them too"),
    "edition.started": _("An edition sets out"),
    "edition.paused": _("An edition is paused"),
    "edition.resumed": _("An edition goes on"),
    "edition.finished": _("An edition is finished"),
    "edition.cancelled": _("An edition is cancelled"),
    "edition.missed": _("An edition misses its time"),
    "brief.published": _("A brief stands on the web"),
    "brief.corrected": _("A brief is corrected"),
}
