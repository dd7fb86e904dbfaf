"""Why a row was refused: a code that is counted, and the words that a person reads."""

from django.utils.translation import gettext_lazy as _

REASONS = {
    # of the row
    "malformed": _("The line is no row of a table."),
    "quote": _("A quotation mark is opened and never closed."),
    "too-long": _("A cell is too long."),
    "too-many-cells": _("The row has more cells than there are headers."),
    "nul": _("The row holds NUL characters."),
    "encoding": _("The row holds bytes that are no text in the file’s encoding."),
    "no-address": _("There is no address."),
    "address": _("The address is none that mail can be sent to."),
    "attributes": _("The attributes hold something that cannot be stored."),
    "unstorable": _("The database does not take this row."),
    # of what it says
    "status": _("The status is a word that we do not know."),
    "unconfirmed": _("The reader has not confirmed there."),
    "not-mailed": _("The reader gets no mail there."),
    # of what we know
    "left": _("The reader left this publication; an import brings nobody back."),
    "moved": _("The reader of this address has moved to another one here."),
    "bounce": _("The address is suppressed: mail to it bounced."),
    "complaint": _("The address is suppressed: its reader complained."),
    "manual": _("The address is suppressed by hand."),
    "erasure": _("The reader was erased at their own wish."),
    "domain": _("The whole domain is suppressed."),
    "waiting": _(
        "The reader asked here and has not confirmed, and the file does not say when they did."
    ),
}
