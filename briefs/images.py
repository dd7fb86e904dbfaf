"""Pictures in briefs: what comes in, looked at by its content and made fit to be mailed."""

import hashlib
import io
import secrets
import struct
import warnings
import zlib
from typing import IO, Any

from django.core.files.base import ContentFile
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from PIL import Image as Pillow
from PIL import ImageCms, ImageOps, UnidentifiedImageError

from briefs.models import Image, Publication, User

MOST_OCTETS = 7_000_000
MOST_PIXELS = 25_000_000  # of a drawing, which is read whole: 100 MB of memory
MOST_PIXELS_OF_A_PHOTOGRAPH = 60_000_000  # read at a fraction of its size
WIDEST = 1280  # pixels: twice the width of a mail, for screens with small ones
LONGEST_ALT = 300
FORMATS = ("PNG", "JPEG", "GIF", "WEBP")
# MPO is a JPEG with further pictures behind it, such as a camera's preview: the first one counts.
PHOTOGRAPHS = ("JPEG", "MPO")
# A drawing stays PNG; with more octets than this it is a photograph, which JPEG holds better.
MOST_OCTETS_OF_PNG = 400_000

# What Pillow's readers raise for files that somebody has broken.
_BROKEN = (
    OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, OverflowError,
    MemoryError, struct.error, zlib.error,
)  # fmt: skip


class NotAnImage(ValueError):
    """The file cannot stand in a brief; the message says why and what to do."""


def store(source: IO[bytes], *, publication: Publication, alt: str, by: User | None) -> Image:
    """Return the Image of an uploaded file; the same file again is the same Image.

    *alt* is kept with the first of them only: each place in a text has its own
    words. Raise NotAnImage, whose message is for who uploaded.
    """
    alt = one_line(alt)
    if not alt:
        raise NotAnImage(
            _(
                "The picture has no description. Write what it shows: many readers see the words "
                "only."
            )
        )
    content = source.read(MOST_OCTETS + 1)
    if len(content) > MOST_OCTETS:
        raise NotAnImage(
            _("The picture has more than %(most)d MB. Save it smaller, and add it again.")
            % {"most": MOST_OCTETS // 1_000_000}
        )
    digest = hashlib.sha256(content).hexdigest()
    known: Image | None = publication.images.filter(digest=digest).first()
    if known:
        return known
    fitted, ending, (width, height) = fit(content)
    # Nothing of the user's own name: it may be a path, a script, or tell who was interviewed.
    name = f"{secrets.token_hex(8)}-{width}x{height}.{ending}"
    image = Image(publication=publication, alt=alt, digest=digest, by=by)
    # A crash between this line and the next leaves a file that nothing names.
    image.file.save(name, ContentFile(fitted), save=False)
    image.width, image.height = width, height
    try:
        with transaction.atomic():
            image.save()
    except IntegrityError:
        image.file.storage.delete(str(image.file.name))
        return Image.objects.get(publication=publication, digest=digest)  # a second click
    return image


def fit(content: bytes) -> tuple[bytes, str, tuple[int, int]]:
    """Return *content* as PNG or JPEG without metadata, its ending, and its size in pixels.

    Both are what every mail program shows; Outlook knows no WebP. Raise NotAnImage.
    """
    picture = _opened(content)
    is_photograph = picture.format in PHOTOGRAPHS
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # broken EXIF is not ours to keep
            # A photograph is read at a fraction of its size where that is enough.
            picture.draft(None, (WIDEST * 2, WIDEST * 2))
            picture.load()
            # All further steps copy the picture: of a large one, as little as will be shown.
            share = min(picture.size) // WIDEST
            if share > 1 and picture.mode in ("RGB", "RGBA", "L", "LA", "CMYK"):
                info, exif = picture.info, picture.getexif()
                picture = picture.reduce(share)
                picture.info |= info
                picture.getexif().update(exif)
            picture = _in_plain_colours(ImageOps.exif_transpose(picture))
            if picture.width > WIDEST:
                height = max(1, round(picture.height * WIDEST / picture.width))
                picture = picture.resize((WIDEST, height), Pillow.Resampling.LANCZOS)
            return (*_written(picture, is_photograph=is_photograph), picture.size)
    except _BROKEN as error:
        raise _unreadable() from error


def as_markdown(image: Image, alt: str) -> str:
    """Return the line that shows *image* in a text; *alt* says there what it shows."""
    words = one_line(alt) or image.alt
    for mark in ("\\", "[", "]", "*", "_", "`", "<"):
        words = words.replace(mark, "&lt;" if mark == "<" else f"\\{mark}")
    return f"![{words}]({image.file.url})"


def one_line(alt: str) -> str:
    """Return a description as it is kept: one line, of a length that is read out in one go."""
    printable = "".join(c if c.isprintable() else " " for c in alt)
    return " ".join(printable.split())[:LONGEST_ALT].strip()


def _opened(content: bytes) -> Any:
    """Return the picture with nothing but its head read."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the size is judged below
            picture = Pillow.open(io.BytesIO(content), formats=FORMATS)
            frames = getattr(picture, "n_frames", 1)
    except UnidentifiedImageError as error:
        raise NotAnImage(
            _("This is no picture that mails can show. Take a PNG, JPEG, GIF or WebP file.")
        ) from error
    except Pillow.DecompressionBombError as error:
        raise _too_many_pixels(MOST_PIXELS) from error
    except _BROKEN as error:
        raise _unreadable() from error
    is_photograph = picture.format in PHOTOGRAPHS
    most = MOST_PIXELS_OF_A_PHOTOGRAPH if is_photograph else MOST_PIXELS
    if picture.width * picture.height > most:
        raise _too_many_pixels(most)
    if frames > 1 and not is_photograph:
        # Outlook shows the first frame only, and nobody can stop the others.
        raise NotAnImage(
            _(
                "The picture moves. Many mail programs show its first frame only, and readers "
                "cannot stop it. Save one frame of it as PNG."
            )
        )
    return picture


def _in_plain_colours(picture: Any) -> Any:
    """Return *picture* in sRGB, with transparency where it has any."""
    profile = picture.info.get("icc_profile")
    has_holes = picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info
    if picture.mode.startswith(("I", "F")):
        # Sixteen bits a pixel; Pillow would cut off what is over 255.
        picture = picture.convert("I").point(lambda value: value / 256).convert("L")
        return picture.convert("RGB")
    if profile and picture.mode in ("RGB", "CMYK", "L"):
        try:
            given = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            return ImageCms.profileToProfile(
                picture, given, ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, *_BROKEN):
            pass  # a broken profile: the colours as they are
    return picture.convert("RGBA" if has_holes else "RGB")


def _written(picture: Any, *, is_photograph: bool) -> tuple[bytes, str]:
    """Return the octets of *picture*, which carry no metadata, and their ending."""
    bare = Pillow.new(picture.mode, picture.size)
    bare.paste(picture)
    if not is_photograph:
        png = io.BytesIO()
        bare.save(png, "PNG", optimize=bare.width * bare.height <= 1_000_000)
        if bare.mode == "RGBA" or png.tell() <= MOST_OCTETS_OF_PNG:
            return png.getvalue(), "png"
    jpeg = io.BytesIO()
    bare.save(jpeg, "JPEG", quality=82, optimize=True, progressive=True)
    return jpeg.getvalue(), "jpg"


def _too_many_pixels(most: int) -> NotAnImage:
    return NotAnImage(
        _("The picture has more than %(most)d million pixels. Save it smaller, and add it again.")
        % {"most": most // 1_000_000}
    )


def _unreadable() -> NotAnImage:
    return NotAnImage(
        _("The file is broken: it cannot be read to its end. Save the picture again.")
    )
