"""What a notice says, as a mail with a text and an HTML part."""

import re
import secrets
from base64 import b64encode
from collections.abc import Sequence
from email.utils import formataddr, parseaddr, quote
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags
from django.utils.translation import get_language, get_language_info, gettext

from briefs import access, corrections
from briefs.models import Publication
from briefs.rendering import WIDEST, colour, fill_lines, render_page
from briefs.revisions import text_of
from subscribers import places, together, tokens
from subscribers.models import Notice, Subscription

PAPER, INK = "#ffffff", "#1c1f23"
LONGEST_SUBJECT = 200
LONGEST_LATEST = 60_000  # octets of a brief's body in a welcome
OCTETS_IN_A_WORD = 42  # 56 of base64 and 12 around them: one fits on the line of “Subject: ”


class CannotBeAddressed(ValueError):
    """The address has letters that only an SMTPUTF8 server takes (RFC 6531)."""


# Stand for the tokens of a confirmation that is written for many; nobody can have typed them.
_CONFIRM, _CANARY = (f"{secrets.token_hex(12)}-here" for _ in range(2))


class Confirmations:
    """Writes the mails that ask to press a button; no marketing, nothing a visitor typed.

    Those of one publication differ by their tokens. The rest is written once
    for as long as this object lives: make a new one for each sweep.
    """

    def __init__(self) -> None:
        self._written: dict[tuple[int, str], tuple[str, str]] = {}

    def write(self, notice: Notice, companions: Sequence[Subscription]) -> EmailMultiAlternatives:
        """Write the mail that asks for the subscription of *notice* and its *companions*."""
        publication = notice.link.publication
        language = get_language() or settings.LANGUAGE_CODE
        subject = gettext("Please confirm your subscription to %(publication)s") % {
            "publication": publication.name
        }
        bodies = self._written.get((publication.pk, language)) if not companions else None
        if bodies is None:
            bodies = _bodies(
                "confirmation",
                publication,
                header_line(subject),
                {
                    "url": tokens.confirm_address(_CONFIRM),
                    "canary_url": tokens.canary_address(_CANARY),
                    "companions": companions,
                },
            )
            if not companions:
                self._written[publication.pk, language] = bodies
        confirm, canary = tokens.confirm.make(notice.link.pk), tokens.canary.make(notice.link.pk)
        text, html = (body.replace(_CONFIRM, confirm).replace(_CANARY, canary) for body in bodies)
        return _letter(notice, publication, notice.link.subscriber.address, subject, text, html, {})


def confirmation(notice: Notice) -> EmailMultiAlternatives:
    """Write one confirmation by itself."""
    return Confirmations().write(notice, together.companions(notice.link))


def welcome(notice: Notice) -> EmailMultiAlternatives:
    """Write the mail that says it has begun, and how it is ended."""
    publication = notice.link.publication
    token = tokens.unsubscribe.make(notice.link.pk, 0)
    unsubscribe_url = tokens.unsubscribe_address(token)
    preferences_url = tokens.preferences_address(token)
    subject = gettext("Welcome to %(publication)s") % {"publication": publication.name}
    return to_reader(
        notice,
        subject,
        "welcome",
        {
            "unsubscribe_url": unsubscribe_url,
            "preferences_url": preferences_url,
            "home_url": places.home_url(publication),
            "latest": _latest(publication),
        },
        {
            "List-ID": f"<{publication.slug}.{_our_domain(publication)}>",
            "List-Unsubscribe": f"<{unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
    )


def _latest(publication: Publication) -> dict[str, Any] | None:
    """Return the latest brief for a welcome, where the publication wants one in it."""
    if not publication.welcome_shows_latest:
        return None
    reader = access.Reader(frozenset({publication.pk}))
    found = access.readable(reader, timezone.now()).filter(publication=publication)
    brief = found.select_related("publication", "published_revision").first()
    if brief is None or brief.published_revision is None:
        return None
    # Merge fields show their defaults here, as on the web.
    text = fill_lines(text_of(brief.published_revision))
    page = render_page(
        text, language=publication.language, site_url=settings.SITE_URL, widest=WIDEST
    )
    is_open = access.may_read(brief, access.ANONYMOUS, timezone.now())
    is_short = len(page.body_html.encode()) <= LONGEST_LATEST
    return {
        "headline": text.headline,
        "date": text.date,
        "notices": corrections.notices(brief),
        "points": page.key_points_html,
        "plain_points": [strip_tags(point).strip() for point in page.key_points_html],
        # What a mail program would clip is read on the web.
        "body": page.body_html if is_short else "",
        "url": f"{settings.SITE_URL}{brief.web_path()}" if is_open else "",
    }


def word_to_editor(notice: Notice) -> EmailMultiAlternatives:
    """Write to somebody who works here what they must know."""
    if notice.user is None or notice.publication is None:
        raise TypeError(f"Notice {notice.pk} is no word to an editor.")
    return _write(
        notice,
        notice.publication,
        notice.user.email,
        notice.subject,
        "editor",
        {"text": notice.text, "desk_url": f"{settings.SITE_URL}{reverse('admin:index')}"},
        {},
    )


def sender_of(publication: Publication) -> str:
    """Return the address that notices come from, also before one is configured."""
    return publication.sender_address or f"no-reply@{_site_domain()}"


class Letter(EmailMultiAlternatives):
    """A mail whose encoded words end at 75 characters, as RFC 2047 wants them.

    Python's own go on to 78 or, in an address, without end. `subject` and
    `from_email` stay plain, as the API of an ESP takes them.
    """

    def message(self, **options: Any) -> Any:
        """Return the MIME message."""
        made = super().message(**options)
        name, address = parseaddr(self.from_email)
        for header, value in (
            ("Subject", _encoded(str(self.subject))),
            ("From", f"{_encoded(name)} <{address}>"),
        ):
            if "=?" in value:
                made.replace_header(header, value)
        return made


def _encoded(text: str) -> str:
    """Return *text* as encoded words (RFC 2047), split between characters; ASCII as it is."""
    if text.isascii():
        return text
    words, chunk = [], b""
    for character in text:
        octets = character.encode()
        if len(chunk) + len(octets) > OCTETS_IN_A_WORD:
            words.append(chunk)
            chunk = b""
        chunk += octets
    words.append(chunk)
    return " ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in words)


def to_reader(
    notice: Notice,
    subject: str,
    template: str,
    context: dict[str, Any],
    headers: dict[str, str],
) -> EmailMultiAlternatives:
    """Write to the reader of *notice*, or to the other address that it names."""
    publication = notice.publication or notice.link.publication
    address = notice.address or notice.link.subscriber.address
    return _write(notice, publication, address, subject, template, context, headers)


def to_colleague(
    notice: Notice,
    publication: Publication,
    address: str,
    subject: str,
    template: str,
    context: dict[str, Any],
) -> EmailMultiAlternatives:
    """Write to somebody who works here, or is asked to, on behalf of *publication*."""
    return _write(notice, publication, address, subject, template, context, {})


def _write(
    notice: Notice,
    publication: Publication,
    address: str,
    subject: str,
    template: str,
    context: dict[str, Any],
    headers: dict[str, str],
) -> EmailMultiAlternatives:
    text, html = _bodies(template, publication, header_line(subject), context)
    return _letter(notice, publication, address, subject, text, html, headers)


def _bodies(
    template: str, publication: Publication, subject: str, context: dict[str, Any]
) -> tuple[str, str]:
    """Return text and HTML of a letter in the language at hand."""
    language = get_language() or settings.LANGUAGE_CODE
    context |= {
        "publication": publication,
        "colours": _colours(publication),
        "privacy_url": places.privacy_url(publication),
        "imprint_url": places.imprint_url(publication),
        "language": language,
        "direction": "rtl" if get_language_info(language)["bidi"] else "ltr",
    }
    text = render_to_string(f"subscribers/mail/{template}.txt", context)
    return text, render_to_string(
        f"subscribers/mail/{template}.html", context | {"subject": subject}
    )


def _letter(
    notice: Notice,
    publication: Publication,
    address: str,
    subject: str,
    text: str,
    html: str,
    headers: dict[str, str],
) -> EmailMultiAlternatives:
    local_part = address.rpartition("@")[0]
    if not local_part.isascii():
        raise CannotBeAddressed(
            "The part before the @ has letters beyond ASCII, which our way to send "
            "a notice cannot carry."
        )
    message = Letter(
        subject=header_line(subject),
        body=text,
        from_email=_from(publication),
        to=[address],
        reply_to=[publication.reply_to] if publication.reply_to else None,
        headers={
            "Auto-Submitted": "auto-generated",  # RFC 3834: no robot answers it
            "Message-ID": _message_id(notice, publication),
            **headers,
        },
    )
    message.attach_alternative(html, "text/html")
    return message


def _from(publication: Publication) -> str:
    """Return the sender with its name."""
    name = header_line(publication.sender_name or publication.name)
    address = sender_of(publication)
    return formataddr((name, address)) if name.isascii() else f'"{quote(name)}" <{address}>'


def header_line(text: str) -> str:
    """Return *text* fit for a header: one line, at most 200 characters, no encoded words in it."""
    clean = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff]", " ", text).replace("=?", "= ?")
    clean = " ".join(clean.split())
    if len(clean) > LONGEST_SUBJECT:
        clean = clean[: LONGEST_SUBJECT - 1].rstrip() + "…"
    return clean


def _colours(publication: Publication) -> dict[str, str]:
    """Return the publication's colour as a button and the words that read on it."""
    ground = colour.parse(publication.colour, "#1f4e79")
    ground = colour.readable(ground, ((255, 255, 255),))
    return {"button": colour.hexadecimal(ground), "on_button": "#ffffff"}


def _message_id(notice: Notice, publication: Publication) -> str:
    """Return the same name at every attempt, so that a second copy is known as one."""
    moment = int(notice.created_at.timestamp() * 1000)
    return f"<notice.{notice.pk}.{moment:x}@{_our_domain(publication)}>"


def _our_domain(publication: Publication) -> str:
    return sender_of(publication).rpartition("@")[2]


def _site_domain() -> str:
    """Return the site's host where it is a name; an IP address is none."""
    try:
        ip_address(settings.SITE_HOST)
    except ValueError:
        return str(settings.SITE_HOST)
    return "localhost"
