"""The picture that a link to a brief is shown with: 1200 × 630, made once for each text.

It is drawn when it is first asked for, which takes a tenth of a second, and
kept under the digest of what it shows. Whoever gives it away has asked
briefs.access first: a headline is a sentence of the brief.
"""

import hashlib
import io
import json
import logging
from dataclasses import astuple, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils import timezone, translation
from django.utils.formats import date_format
from PIL import Image, ImageDraw, ImageFont, features

from briefs import renditions
from briefs.models import Brief, Publication, Rendition
from briefs.rendering import Text, shades

log = logging.getLogger(__name__)

WIDE, HIGH = 1200, 630
MARGIN = 80
MOST_LINES = 5
SIZES = (76, 66, 56, 48)
FONT = Path(__file__).parent / "fonts" / "DejaVuSans-Bold.ttf"
# A part of each digest: a change of how cards look is one more.
DESIGN = 1


@dataclass(frozen=True)
class Card:
    """What a picture shows, which its digest is made of."""

    publication: str
    headline: str
    date: str
    colour: str
    is_rtl: bool

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all that it shows."""
        return hashlib.sha256(json.dumps([DESIGN, *astuple(self)]).encode()).hexdigest()


def card_of(publication: Publication, text: Text) -> Card:
    """Return what the picture of a brief that reads *text* shows."""
    with translation.override(publication.language):
        day = date_format(text.date, "DATE_FORMAT")
    is_rtl = bool(translation.get_language_info(publication.language)["bidi"])
    return Card(publication.name, text.headline, day, publication.colour, is_rtl)


def path(brief: Brief, card: Card) -> str:
    """Return where the picture stands; another text has another address, past all caches."""
    return f"{brief.web_path()}card.png?v={card.digest[:12]}"


def picture(brief: Brief, card: Card) -> bytes:
    """Return the PNG of *card*, drawn once and kept; one that is lost is drawn again."""
    kept = renditions.file_of(Rendition.Kind.CARD, card.digest)
    try:
        return bytes(kept.read_bytes())
    except FileNotFoundError:
        made = draw(card)
    try:
        renditions.keep_file(kept, made)
    except OSError:  # a full disk: who asked gets it all the same
        log.exception("The picture of a link preview could not be kept.")
        return made
    Rendition.objects.update_or_create(
        brief=brief,
        kind=Rendition.Kind.CARD,
        digest=card.digest,
        defaults={
            "status": Rendition.Status.READY,
            "made_at": timezone.now(),
            "octets": len(made),
        },
    )
    return made


# --- drawing --------------------------------------------------------------------


@lru_cache(maxsize=8)
def _font(size: int) -> Any:
    return ImageFont.truetype(FONT, size)


@lru_cache(maxsize=1)
def _missing() -> bytes:
    return bytes(_font(20).getmask("\U0010fffe"))


@lru_cache(maxsize=4096)
def _has(character: str) -> bool:
    return character.isspace() or bytes(_font(20).getmask(character)) != _missing()


def can_write(words: str) -> bool:
    """Tell whether the font has all of *words*, and they can be set in their direction."""
    if any("\u0590" <= character <= "\u08ff" for character in words) and not _shapes():
        return False
    return all(_has(character) for character in words)


@lru_cache(maxsize=1)
def _shapes() -> bool:
    # Pillow has no types for it in some of its versions.
    return bool(features.check("raqm"))  # type: ignore[no-untyped-call,unused-ignore]  # see above


def draw(card: Card) -> bytes:
    """Return *card* as a PNG; words in a script that the font lacks are left out, never boxes."""
    canvas = Image.new("RGB", (WIDE, HIGH), "#ffffff")
    pen = ImageDraw.Draw(canvas)
    pen.rectangle((0, 0, WIDE, 24), fill=card.colour)
    headline = card.headline if can_write(card.headline) else ""
    name = card.publication if can_write(card.publication) else ""
    day = card.date if can_write(card.date) else ""
    on_white, _on_dark = shades(card.colour)
    _line(pen, card, MARGIN, name, 34, on_white)
    top = 160
    size, lines = _fitted(headline)
    for number, line in enumerate(lines):
        _line(pen, card, top + number * round(size * 1.22), line, size, "#16191d")
    _line(pen, card, HIGH - MARGIN - 20, day, 30, "#4a5058")
    octets = io.BytesIO()
    # Few colours are in it: a palette halves the file, which chat programs load for each link.
    canvas.quantize(64).save(octets, "PNG", optimize=True)
    return octets.getvalue()


def _line(pen: Any, card: Card, top: int, words: str, size: int, colour: str) -> None:
    x, anchor = (WIDE - MARGIN, "ra") if card.is_rtl else (MARGIN, "la")
    shaped = {"direction": "rtl" if card.is_rtl else "ltr"} if _shapes() else {}
    room = WIDE - 2 * MARGIN
    pen.text((x, top), _cut(words, size, room), colour, font=_font(size), anchor=anchor, **shaped)


def _fitted(words: str) -> tuple[int, list[str]]:
    """Return the largest size at which *words* fit, and their lines; cut if they never do."""
    for size in SIZES:
        lines = _wrapped(words, size)
        if len(lines) * size * 1.22 <= HIGH - 160 - 130 and len(lines) <= MOST_LINES:
            return size, lines
    size, lines = SIZES[-1], _wrapped(words, SIZES[-1])
    most = MOST_LINES
    return size, [*lines[: most - 1], _cut(" ".join(lines[most - 1 :]), size, WIDE - 2 * MARGIN)]


def _wrapped(words: str, size: int) -> list[str]:
    room, lines = WIDE - 2 * MARGIN, [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if not lines[-1] or _font(size).getlength(longer) <= room:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _cut(words: str, size: int, room: int) -> str:
    """Return *words* as far as there is room for them."""
    if not words or _font(size).getlength(words) <= room:
        return words
    while words and _font(size).getlength(f"{words}…") > room:
        words = words[:-1].rstrip()
    return f"{words}…"
