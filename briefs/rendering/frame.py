"""The frame of the mail: tables, because Outlook lays out with Word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

import css_inline
from django.utils.translation import gettext as _

from .parts import Look, Places
from .stylesheet import make_stylesheet

_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
# Keeps what follows the preheader out of the inbox list. Plain spaces between
# characters without width: a non-breaking space is not a thing to mail.
_PADDING = "&#847; &zwnj; " * 60
_KEEP = ' data-css-inline="keep"'

_HEAD = """\
<!DOCTYPE html>
<html lang="{language}" dir="{direction}" xmlns:v="urn:schemas-microsoft-com:vml" \
xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="x-apple-disable-message-reformatting">
<meta name="format-detection" content="telephone=no, date=no, address=no, email=no, url=no">
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
<title>{title}</title>
<!--[if mso]>
<xml><o:OfficeDocumentSettings><o:PixelsPerInch>96</o:PixelsPerInch>\
</o:OfficeDocumentSettings></xml>
<style>
p, li, h1, h2, h3, td {{ mso-line-height-rule: exactly; }}
.points-list, .body ul, .body ol {{ margin-left: 24px !important; }}
</style>
<![endif]-->
<style{keep}>
{css}
</style>
</head>
"""
_TABLE = '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" border="0"'


@dataclass(frozen=True)
class Content:
    """What the frame goes around; names ending in *html* are sanitised already."""

    title: str
    series: str
    headline: str
    date: str
    byline: str
    topics: str
    preheader: str
    points_html: tuple[str, ...]
    body_html: str
    contact_html: str
    header: str = ""
    footer_html: str = ""
    notice_html: str = ""


def frame(content: Content, look: Look, places: Places) -> str:
    """Return the whole HTML part, its style written into the elements."""
    css = make_stylesheet(look.colour, look.direction, look.frame)
    body = _body(content, look, places)
    head = _HEAD.format(
        language=escape(look.language if _LANGUAGE.fullmatch(look.language) else "en"),
        direction="rtl" if look.direction == "rtl" else "ltr",
        title=escape(content.title),
        keep=_KEEP,
        css=css.kept_for(body),
    )
    inliner = css_inline.CSSInliner(
        extra_css=css.inlined, load_remote_stylesheets=False, minify_css=True
    )
    # A style element that css-inline moves comes to stand before the charset.
    return inliner.inline(head + body).replace(_KEEP, "", 1) + "\n"


def _body(content: Content, look: Look, places: Places) -> str:
    rows = "\n".join(
        row
        for row in (
            _bar(look),
            _masthead(content, look),
            _title(content),
            _notice(content),
            _points(content),
            _row("body", content.body_html),
            _row("topics", escape(content.topics)),
            _contact(content),
            _row("foot", content.footer_html),
        )
        if row
    )
    return f"""\
<body class="page">
<div class="hidden">{escape(content.preheader)} {_PADDING}</div>
{_TABLE}>
<tr><td class="outer" align="center">
<!--[if mso]><table role="presentation" width="640" cellpadding="0" cellspacing="0" border="0">\
<tr><td><![endif]-->
{_TABLE} class="width">
{_over(places)}
<tr><td>
{_TABLE} class="sheet">
{rows}
</table>
</td></tr>
{_under(look, places)}
</table>
<!--[if mso]></td></tr></table><![endif]-->
</td></tr>
</table>
</body>
</html>"""


def _over(places: Places) -> str:
    return _row("over", _anchor(places.view, _("View in browser")))


def _bar(look: Look) -> str:
    # A plain mail and a letter begin without a stripe of colour.
    framed = look.frame not in ("plain", "letter")
    return '<tr><td class="bar" height="5"></td></tr>' if framed else ""


def _masthead(content: Content, look: Look) -> str:
    name = escape(look.name)
    if look.logo_url.startswith(("https://", "http://")):
        name = f'<img class="logo" src="{escape(look.logo_url)}" alt="{name}" height="40">'
    if look.home_url.startswith(("https://", "http://")):
        name = f'<a href="{escape(look.home_url)}">{name}</a>'
    if content.header:
        name += f'\n<p class="motto">{escape(content.header)}</p>'
    return f"""\
<tr><td class="masthead">
{_TABLE}><tr>
<td class="name" valign="bottom">{name}</td>
<td class="date" valign="bottom">{escape(content.date)}</td>
</tr></table>
</td></tr>"""


def _title(content: Content) -> str:
    parts = [f'<h1 class="headline">{escape(content.headline)}</h1>']
    if content.series:
        parts.insert(0, f'<p class="series">{escape(content.series)}</p>')
    if content.byline:
        parts.append(f'<p class="byline">{escape(content.byline)}</p>')
    return _row("title", "\n".join(parts))


def _notice(content: Content) -> str:
    if not content.notice_html:
        return ""
    return f"""\
<tr><td class="notice-room">
{_TABLE}><tr><td class="notice">
{content.notice_html}
</td></tr></table>
</td></tr>"""


def _points(content: Content) -> str:
    if not content.points_html:
        return ""
    points = "\n".join(f'<li class="point">{point}</li>' for point in content.points_html)
    return f"""\
<tr><td class="points-room">
{_TABLE} class="points"><tr>
<td class="points-edge" width="4"></td>
<td class="points-text">
<h2 class="points-name">{escape(_("Key points"))}</h2>
<ul class="points-list">
{points}
</ul>
</td></tr></table>
</td></tr>"""


def _contact(content: Content) -> str:
    if not content.contact_html:
        return ""
    return f"""\
<tr><td class="contact-room">
{_TABLE}><tr><td class="contact">
{content.contact_html}
</td></tr></table>
</td></tr>"""


def _under(look: Look, places: Places) -> str:
    reader = (
        _anchor(places.unsubscribe, look.unsubscribe_wording or _("Unsubscribe")),
        _anchor(places.preferences, _("Preferences")),
        _anchor(places.view, _("View in browser")),
    )
    law = (_anchor(places.privacy, _("Privacy notice")), _anchor(places.imprint, _("Imprint")))
    forwarded = _anchor(places.subscribe, _("Subscribe"))
    owner, *address = postal_lines(look)
    paragraphs = (
        escape(places.reason),
        _dotted(reader),
        forwarded and f"{escape(_('Was this brief forwarded to you?'))} {forwarded}",
        "<br>".join([f"<strong>{escape(owner)}</strong>", *map(escape, address)]),
        _dotted(law),
    )
    return _row("under", "\n".join(f"<p>{paragraph}</p>" for paragraph in paragraphs if paragraph))


def postal_lines(look: Look) -> list[str]:
    """Return who sends, then where they are; an address that begins with the name is enough."""
    lines = [line.strip() for line in look.postal_address.splitlines() if line.strip()]
    if lines and lines[0].startswith(look.name):
        return lines
    return [look.name, *lines]


def _row(name: str, inside: str) -> str:
    return f'<tr><td class="{name}">\n{inside}\n</td></tr>' if inside else ""


def _anchor(place: str, label: str) -> str:
    return f'<a href="{escape(place)}">{escape(label)}</a>' if place else ""


def _dotted(anchors: Iterable[str]) -> str:
    return " · ".join(anchor for anchor in anchors if anchor)
