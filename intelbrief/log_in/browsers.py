"""Which browser on which system a User-Agent names, in a few words for its owner."""

from django.utils.translation import gettext as _

# In order: each names those after it too, for reasons of the nineties.
BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrom", "Chrome"))
SYSTEMS = (
    *(("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("Windows", "Windows")),
    *(("Mac OS", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")),
)


def named(user_agent: str) -> str:
    """Return the like of “Firefox, Linux”; what is unknown is said to be."""
    browser = _first(BROWSERS, user_agent) or ("Safari" if "Safari" in user_agent else "")
    system = _first(SYSTEMS, user_agent)
    return ", ".join(filter(None, (browser, system))) or _("unknown browser")


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in names if mark in user_agent), "")
