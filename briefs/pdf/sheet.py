"""What is printed of a brief: one HTML document, and the pictures that it shows."""

import hashlib
import html
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.storage import default_storage
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.safestring import SafeString

from briefs import corrections, feeds
from briefs.models import Brief, Publication
from briefs.pages import entry_of, page_of
from briefs.rendering import shades
from briefs.rendering.images import is_own

# A part of each digest: a change of what the template or the press does is one more.
DESIGN = 1
STYLE = Path(__file__).with_name("print.css")
MOST_OCTETS = 20_000_000  # of all pictures
_IMAGE = re.compile(r"<img\b[^>]*>")
_SOURCE = re.compile(r' src="([^"]*)"')
_WORDS = re.compile(r' alt="([^"]*)"')
_LINK = re.compile(r'<a (?:[^>]*? )?href="((?:https?|mailto):[^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_TAGS = re.compile(r"<[^>]*>")
# Where a sheet of paper is 8.5 by 11 inches: English, by a clock of North America.
_LETTER_ZONES = re.compile(r"US/|Canada/|Pacific/Honolulu|America/(?!Argentina|Sao_Paulo)")


@dataclass(frozen=True)
class Sheet:
    """A document, with the files of its pictures by the addresses that it names them by."""

    html: str
    files: dict[str, str] = field(default_factory=dict)
    key: str = ""

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all that it shows, and of whom it is for."""
        return hashlib.sha256(f"{DESIGN}\n{self.key}\n{self.html}".encode()).hexdigest()

    def read_pictures(self) -> dict[str, bytes]:
        """Return the content of its pictures by their addresses."""
        found = {}
        for address, name in self.files.items():
            with default_storage.open(name) as file:
                found[address] = file.read()
        return found


def sheet_of(brief: Brief) -> Sheet:
    """Return what is printed of *brief*, which is published: the same for all who may read it."""
    publication = brief.publication
    with translation.override(publication.language):
        return _sheet(brief, publication)


def _sheet(brief: Brief, publication: Publication) -> Sheet:
    text = entry_of(brief).text
    page = page_of(brief, text)
    pictures, links = _Pictures(), _Links()

    def printed(fragment: str) -> SafeString:
        # Sanitised before; here it is only told apart for paper.
        return SafeString(links.number(pictures.place(fragment)))

    content = page["content"]
    context: dict[str, Any] = {
        **page,
        "notices": corrections.notices(brief),
        "points": [printed(point) for point in content.key_points_html],
        "body": printed(_without_table_frames(content.body_html)),
        "contact": printed(content.contact_html),
        "links": [(target, target.removeprefix("mailto:")) for target in links.targets],
        "published": feeds.readable_from(brief),
        "logo": pictures.logo(publication),
        "colour": shades(publication.colour)[0],
        "paper": "letter" if _is_letter(publication) else "A4",
        "is_rtl": translation.get_language_bidi(),
        "language": publication.language,
        "style": SafeString(STYLE.read_text(encoding="utf-8")),
    }
    document = render_to_string("briefs/pdf/document.html", context)
    groups = sorted(brief.groups.values_list("pk", flat=True))
    # One of each brief and each policy: what was made for some is given to nobody else.
    key = f"{brief.pk} {brief.access} {publication.is_public} {groups}"
    return Sheet(document, pictures.files, key)


def file_name(brief: Brief) -> str:
    """Return under which name a PDF is kept by who loads it: ASCII, without spaces or quotes."""
    name = f"{brief.publication.slug}-{brief.date.isoformat()}-{brief.slug}"[:120]
    return re.sub(r"[^a-zA-Z0-9_-]", "-", name) + ".pdf"


def _is_letter(publication: Publication) -> bool:
    is_english = publication.language.startswith("en")
    return is_english and bool(_LETTER_ZONES.match(publication.time_zone))


def _without_table_frames(body: str) -> str:
    """Return *body* without what lets a table scroll and a picture load late on a screen."""
    body = re.sub(
        r'<div class="scroll"[^>]*>(<table>.*?</table>)</div>', r"\1", body, flags=re.DOTALL
    )
    return body.replace('loading="lazy" decoding="async" ', "")


class _Pictures:
    """Our own pictures, as far as their files are there; those of other sites are words."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self._octets = 0

    def place(self, fragment: str) -> str:
        return _IMAGE.sub(self._placed, fragment) if "<img" in fragment else fragment

    def logo(self, publication: Publication) -> str:
        name = str(publication.logo.name) if publication.logo else ""
        return self._take(name) if name else ""

    def _placed(self, found: re.Match[str]) -> str:
        tag = found[0]
        source, words = _SOURCE.search(tag), _WORDS.search(tag)
        path = html.unescape(source[1]) if source else ""
        address = self._take(path.removeprefix(settings.MEDIA_URL)) if is_own(path) else ""
        if address and source:
            return tag.replace(source[0], f' src="{address}"')
        said = words[1] if words else ""
        return f'<span class="picture">{said}</span>' if said else ""

    def _take(self, name: str) -> str:
        """Return the address of the file *name* in the document; "" where it cannot be printed."""
        try:
            size = default_storage.size(name)
        except (OSError, ValueError):
            return ""
        if self._octets + size > MOST_OCTETS:
            return ""
        self._octets += size
        address = f"picture:{name}"
        self.files[address] = name
        return address


class _Links:
    """Addresses of links, numbered by first appearance: paper has nothing to click on."""

    def __init__(self) -> None:
        self.targets: list[str] = []

    def number(self, fragment: str) -> str:
        return _LINK.sub(self._numbered, fragment) if "<a " in fragment else fragment

    def _numbered(self, found: re.Match[str]) -> str:
        target = html.unescape(found[1])
        shown = html.unescape(_TAGS.sub("", found[2])).strip()
        bare = target.partition(":")[2] if target.startswith("mailto:") else target
        if not shown or _plain(shown) == _plain(bare):
            return found[0]  # it says where it leads
        if target not in self.targets:
            self.targets.append(target)
        return f'{found[0]}<span class="to">[{self.targets.index(target) + 1}]</span>'


def _plain(address: str) -> str:
    bare = re.sub(r"^(https?://)?(www\.)?", "", address.lower())
    return bare.partition("?")[0].rstrip("/")
