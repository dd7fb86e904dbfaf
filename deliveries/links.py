"""A wrong link of a sent mail: where it leads instead, and the copies that show it."""

import html
import re

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from briefs import audit
from briefs.models import User
from deliveries.compiling import MOST_LINKS
from deliveries.models import Edition, Link

LONGEST = 2_000  # characters
# Parts of this site that are one reader's or the editors'.
OWN = ("c", "v", "u", "o", "s/prefs", "admin")
_is_address = URLValidator(schemes=["http", "https"])
_BODY = re.compile(r"<body[^>]*>")
# The class is one of the mail's own, which knows the colours of the night.
_WAY = (
    '<div class="over" style="max-width:640px;margin:12px auto 0;padding:0 16px;color:#5b616b;'
    'font:12px/18px Helvetica,Arial,sans-serif;text-align:center"><a href="{}" rel="canonical" '
    'style="color:inherit">{}</a></div>'
)
_BOX = (
    '<div style="max-width:640px;margin:16px auto;padding:16px 20px;box-sizing:border-box;'
    "border:2px solid #a3231d;background-color:#ffffff;color:#1a1c20;"
    'font:15px/23px Helvetica,Arial,sans-serif" role="note">{}</div>'
)


class NotATarget(ValueError):
    """No link may lead there; the message says what to write."""


def is_fixed(edition: Edition) -> bool:
    """Tell whether the mailed links of *edition* go straight to their targets, for good."""
    return bool(edition.revision.snapshot["publication"]["tracking"] == "off")


def can_be_corrected(edition: Edition, link: Link) -> bool:
    """Tell whether the mailed *link* leads by way of this site."""
    return not is_fixed(edition) and link.position < MOST_LINKS


def correct(link: Link, url: str, by: User | None, *, seen: str) -> bool:
    """Let the mailed *link* lead to *url*, "" for where it led when it was mailed.

    *seen* is where it led when the editor looked: return False if somebody
    has changed it since, or if nothing changes. Raise NotATarget.
    """
    url = checked(url) if url.strip() else ""
    if url == link.url:
        url = ""
    if url == seen:
        return False
    edition = link.edition
    if not can_be_corrected(edition, link):
        raise NotATarget("This link was mailed as it is and leads there without us.")
    with transaction.atomic():
        if not Link.objects.filter(pk=link.pk, corrected_url=seen).update(corrected_url=url):
            return False
        audit.record(
            "link-corrected",
            brief=edition.brief,
            publication=edition.publication,
            by=by,
            revision=edition.revision,
            edition=edition.pk,
            words=f"{seen or link.url} → {url or link.url}",
        )
    link.corrected_url = url
    return True


def checked(url: str) -> str:
    """Return *url* if readers may be sent there; raise NotATarget with what to write instead."""
    url = url.strip()
    if len(url) > LONGEST:
        raise NotATarget(f"An address has {LONGEST:,} characters at most.")
    try:
        _is_address(url)
    except ValidationError as error:
        message = "Write an address of the web in full, like https://example.org/page."
        raise NotATarget(message) from error
    # Host names are the same in capitals; a link to a link might lead round in a circle.
    if url.lower().startswith(tuple(f"{settings.SITE_URL}/{part}/".lower() for part in OWN)):
        raise NotATarget("That is an address for one reader or for editors; take the page itself.")
    return url


# --- copies that are shown, not mailed --------------------------------------


def mended(document: str, edition: Edition) -> str:
    """Return the HTML of a mail with corrected links in the place of those that it names."""
    wrong = Link.objects.filter(edition=edition).exclude(corrected_url="")
    for url, corrected in wrong.values_list("url", "corrected_url"):
        document = document.replace(
            f'href="{html.escape(url)}"', f'href="{html.escape(corrected)}"'
        )
    return document


def above(document: str, notice: SafeString) -> str:
    """Return the HTML of a mail with *notice* above everything else in it."""
    if not notice:
        return document
    box = _BOX.format(notice)
    return _BODY.sub(lambda body: body[0] + box, document, count=1)


def with_way_to(page: str, document: str) -> str:
    """Return the HTML of a mail with a link above it to *page*, where the brief stands for good."""
    way = format_html(_WAY, page, _("This brief in the archive"))
    return _BODY.sub(lambda body: body[0] + way, document, count=1)
