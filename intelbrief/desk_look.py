"""How the admin looks: its name, its colours, where its menu and dashboard come from."""

from typing import Any

from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "IntelBrief",
    "SITE_HEADER": "IntelBrief",
    "SITE_SUBHEADER": "The editors’ desk",
    "SITE_SYMBOL": "newsmode",
    "SITE_URL": "/",
    "BORDER_RADIUS": "8px",
    "SHOW_BACK_BUTTON": True,
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: static("desk/favicon.svg"),
        }
    ],
    "STYLES": [lambda _request: static("desk/desk.css")],
    "DASHBOARD_CALLBACK": "analytics.dashboard.show",
    "ACCOUNT": {
        "navigation": [{"title": _("Your log-in"), "link": reverse_lazy("log_in_home")}],
    },
    "SIDEBAR": {"navigation": "analytics.navigation.navigation"},
    # An ink blue: white on 600 has a contrast of 7:1.
    "COLORS": {
        "primary": {
            "50": "oklch(97.1% .014 250)",
            "100": "oklch(93.6% .032 250)",
            "200": "oklch(88% .058 250)",
            "300": "oklch(80.5% .095 250)",
            "400": "oklch(71.5% .135 250)",
            "500": "oklch(60.5% .155 251)",
            "600": "oklch(46.5% .135 253)",
            "700": "oklch(40.5% .12 254)",
            "800": "oklch(34.5% .1 255)",
            "900": "oklch(29% .08 256)",
            "950": "oklch(21% .06 257)",
        },
    },
}
