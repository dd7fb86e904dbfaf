"""Rules on images."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.storage import default_storage

from briefs import hosts
from briefs.preflight.reading import TEXT, Reading, short, the
from briefs.preflight.registry import Trouble
from briefs.rendering.images import is_own


@TEXT.error("image-without-words")
def image_without_words(text: Reading) -> Iterator[Trouble]:
    """Find images without alternative text: half of the inboxes show no images at first, and who
    cannot see hears nothing but the words (WCAG 2.2, 1.1.1).
    """
    for part in text.parts:
        for image in part.pictures:
            if not image.alt.strip():
                yield Trouble(
                    part.where,
                    f"The image {short(_name(image.src))} in {the(part.where)} has no "
                    "alternative text. Write what it shows: ![what it shows](…).",
                )


@TEXT.error("image-lost")
def image_lost(text: Reading) -> Iterator[Trouble]:
    """Find images that no mail can carry: their address does not begin with https://, which mail
    programs ask for, or they stand in a key point.
    """
    for part in text.parts:
        for address in part.lost:
            yield Trouble(
                part.where,
                f"The image “{short(address)}” in {the(part.where)} is not mailed: its "
                "address does not begin with https://. Upload it here.",
            )


@TEXT.error("image-inside")
def image_inside(text: Reading) -> Iterator[Trouble]:
    """Find images on localhost, at a private address or at a name of one house: they show for who
    wrote the brief and for no reader.
    """
    for part in text.parts:
        for image in part.pictures:
            if _host(image.src) and hosts.is_inside(_host(image.src)) and not _is_here(image.src):
                yield Trouble(
                    part.where,
                    f"The image “{short(image.src)}” in {the(part.where)} can be seen within "
                    "your own network only. Upload it here.",
                )


@TEXT.error("image-missing")
def image_missing(text: Reading) -> Iterator[Trouble]:
    """Find images that were uploaded here and are gone since, or were never there."""
    for part in text.parts:
        for image in part.pictures:
            if is_own(image.src) and not default_storage.exists(
                image.src.removeprefix(settings.MEDIA_URL)
            ):
                yield Trouble(
                    part.where,
                    f"The image {_name(image.src)} in {the(part.where)} is not stored here. "
                    "Upload it again.",
                )


def web_images(text: Reading) -> Iterator[tuple[str, str]]:
    """Yield (where, address) of each image that another site keeps and may be asked for."""
    for part in text.parts:
        for image in part.pictures:
            host = _host(image.src)
            if host and not (
                _is_here(image.src) or hosts.is_inside(host) or hosts.is_made_up(host)
            ):
                yield part.where, image.src


def _name(address: str) -> str:
    return f"“{address.rpartition('/')[2] or address}”"


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def _is_here(address: str) -> bool:
    return address.startswith(f"{settings.SITE_URL}/")
