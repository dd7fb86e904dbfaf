"""Compile an edition once: render, give each link a row, leave slots for what is a reader's own."""

import re
import secrets
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from briefs import corrections, revisions
from briefs.models import Revision
from briefs.rendering import MOST_FIELDS, Field, Mail, Places, html_octets, render_email
from deliveries.models import CompiledMail, Edition, Link
from subscribers import tokens

VIEW, UNSUBSCRIBE, FIRST_CLICK, PIXEL = 0, 1, 2, 999
MOST_LINKS = 900
FIRST_FIELD = FIRST_CLICK + MOST_LINKS
# Gmail clips a larger HTML part than 102,400 octets; readers' own values take some.
_ROOM = 100_000
_LINK = "https://example.org/c/" + "x" * 30
assert FIRST_FIELD + MOST_FIELDS <= PIXEL, "a slot has three digits"
# What no reader sees, at the end of the body: a link that gives away who follows each link, and
# the pixel that counts opens. Mail clients and screen readers pass over both.
# Behind the first link, so that a program which takes them in turn gives itself away early.
_UNSEEN = '<a href="{site}/c/{token}" tabindex="-1" aria-hidden="true" style="display:none"></a>'
_PIXEL = (
    '<img src="{site}/o/{token}" width="1" height="1" alt="" aria-hidden="true" '
    'style="display:block;width:1px;height:1px;border:0">'
)


def _form(mark: str) -> str:
    return re.escape(mark).replace(r"\{site\}", '[^"]*').replace(r"\{token\}", r"[\w-]*")


_FIRST_LINK = re.compile(r'<a\b[^>]*href="[^"]*/c/[^"]*"[^>]*>.*?</a>|(?=</body>)', re.DOTALL)
_MARKED_LINK = re.compile(_form(_UNSEEN))
_MARKED_END = re.compile(rf"{_form(_PIXEL)}\s*\Z")
_END = "</body>"


def slot(prefix: str, number: int) -> str:
    """Return the text that stands where the value *number* of a reader goes."""
    return f"{prefix}{number:03d}"


def places(snapshot: dict[str, Any], view: str, unsubscribe: str, preferences: str) -> Places:
    """Return where the links in the frame of a mail lead; *snapshot* is a revision's."""
    publication = snapshot["publication"]
    pages = f"{settings.SITE_URL}/s/{publication['slug']}/"
    with translation.override(publication["language"]):
        reason = _("You get this because you subscribed to %(name)s.") % publication
    return Places(
        view=view,
        unsubscribe=unsubscribe,
        preferences=preferences,
        # Nobody can subscribe to one that is not public: a link would lead nowhere.
        subscribe=pages if publication["is_public"] else "",
        privacy=publication["privacy_url"] or f"{pages}privacy/",
        imprint=publication["imprint_url"] or f"{pages}imprint/",
        reason=reason,
    )


def render(revision: Revision, view: str, unsubscribe: str, notice: str = "") -> Mail:
    """Render *revision* with links that go straight to their targets: for checks and tests."""
    return render_email(
        revisions.text_of(revision),
        revisions.look_of(revision),
        places(revision.snapshot, view, unsubscribe, unsubscribe),
        notice=notice,
    )


def notice_of(edition: Edition) -> str:
    """Return what stands above the text of *edition*, as sanitised HTML: what was corrected.

    Corrections that came after it was scheduled are no part of it: the
    edition has the text of before.
    """
    language = edition.revision.snapshot["publication"]["language"]
    brief, until = edition.brief, edition.created_at
    block = corrections.mail_block(brief, language, until=until)
    if block and html_octets(render(edition.revision, _LINK, _LINK, block)) > _ROOM:
        # The page shows what changed; a mail that is cut off loses its unsubscribe link.
        return corrections.mail_block(brief, language, until=until, most=0)
    return block


def marked(html: str, tracking: str, token: str) -> str:
    """Return *html* as mailed under the policy *tracking*: with what shows that it was opened."""
    if tracking == "off":
        return html
    where = {"site": settings.SITE_URL, "token": token}
    linked = _FIRST_LINK.sub(lambda link: link[0] + _UNSEEN.format(**where), html, count=1)
    body, end, rest = linked.rpartition(_END)
    return body + _PIXEL.format(**where) + "\n" + end + rest


def unmarked(html: str) -> str:
    """Return *html* as it is shown elsewhere than in a mail: nobody is counted there."""
    body, end, rest = html.rpartition(_END)
    return _MARKED_LINK.sub("", _MARKED_END.sub("", body), count=1) + end + rest


def compile_edition(edition: Edition) -> CompiledMail:
    """Return the compiled mail of *edition*, rendering it if nobody has yet."""
    existing = CompiledMail.objects.filter(edition=edition).first()
    if existing:
        return existing
    prefix = f"ib{secrets.token_hex(6)}x"
    urls: dict[str, str] = {}

    def mailed(url: str) -> str:
        if url not in urls:
            urls[url] = _tracked(edition, prefix, url, len(urls))
        return urls[url]

    fields: dict[Field, int] = {}

    def merged(field: Field) -> str:
        return slot(prefix, fields.setdefault(field, FIRST_FIELD + len(fields)))

    mail = render_email(
        revisions.text_of(edition.revision),
        revisions.look_of(edition.revision),
        places(
            edition.revision.snapshot,
            f"{settings.SITE_URL}/v/{slot(prefix, VIEW)}",
            tokens.unsubscribe_address(slot(prefix, UNSUBSCRIBE)),
            tokens.preferences_address(slot(prefix, UNSUBSCRIBE)),
        ),
        link=mailed,
        merge=merged,
        notice=notice_of(edition),
        is_correction=edition.kind == Edition.Kind.CORRECTION,
    )
    tracking = edition.revision.snapshot["publication"]["tracking"]
    with transaction.atomic():
        Link.objects.bulk_create(
            [
                Link(edition=edition, position=position, url=url)
                for position, url in enumerate(urls)
            ],
            ignore_conflicts=True,
        )
        compiled, _made = CompiledMail.objects.get_or_create(
            edition=edition,
            defaults={
                "subject": mail.subject,
                "html": marked(mail.html, tracking, _pixel_token(edition, prefix)),
                "text": mail.text,
                "slot_prefix": prefix,
                "fields": [
                    {"slot": number, "field": field.name, "default": field.default}
                    for field, number in fields.items()
                ],
                "message_key": secrets.token_hex(32),
            },
        )
    return compiled


def _tracked(edition: Edition, prefix: str, url: str, position: int) -> str:
    """Return what is mailed in place of *url*, as the publication's tracking policy says."""
    tracking = edition.revision.snapshot["publication"]["tracking"]
    if tracking == "off" or position >= MOST_LINKS:
        return url
    if tracking == "per-reader":
        return f"{settings.SITE_URL}/c/{slot(prefix, FIRST_CLICK + position)}"
    return f"{settings.SITE_URL}/c/{tokens.click.make(edition.pk, position, 0)}"


def _pixel_token(edition: Edition, prefix: str) -> str:
    """Return what is mailed as the token of the pixel: a slot where it is each reader's own."""
    if edition.revision.snapshot["publication"]["tracking"] == "per-reader":
        return slot(prefix, PIXEL)
    return tokens.pixel.make(edition.pk, 0)
