"""Our own pictures in a text: known by their path, which tells their size.

A brief names a picture by its path on this site, so that it survives a change
of the site's name; a mail needs the whole address. The size stands in the
file's name: who renders asks no database, and no page jumps while it loads.
"""

from __future__ import annotations

import html
import re

WIDEST = 560  # pixels inside the sheet; Outlook takes the width attribute at its word
_OWN = re.compile(r"/p/images/(?:[\w-]{1,40}/){0,4}[\w-]{1,60}-(\d{1,5})x(\d{1,5})\.(?:png|jpg)")
# nh3 quotes every attribute and escapes <, > and " inside.
_IMAGE = re.compile(r"<img\b[^>]*>")
_SOURCE = re.compile(r' src="([^"]*)"')


def is_own(path: str) -> bool:
    """Tell whether *path* is that of a picture that was uploaded at the desk."""
    return _OWN.fullmatch(path) is not None


def place_images(fragment: str, *, site_url: str = "", widest: int = 0) -> str:
    """Give our own pictures in a sanitised *fragment* their size, and *site_url* before the path.

    None is made wider than *widest* pixels, if that is given.
    """
    if "<img" not in fragment:
        return fragment

    def placed(match: re.Match[str]) -> str:
        tag = match[0]
        source = _SOURCE.search(tag)
        own = _OWN.fullmatch(html.unescape(source[1])) if source else None
        if own is None or source is None:
            return tag
        size = "" if ' width="' in tag or ' height="' in tag else _size(own, widest)
        return (
            f'{tag[: source.start()]} src="{html.escape(site_url)}{source[1]}"{size}'
            f"{tag[source.end() :]}"
        )

    return _IMAGE.sub(placed, fragment)


def _size(own: re.Match[str], widest: int) -> str:
    width, height = int(own[1]), int(own[2])
    if not width or not height:
        return ""
    if widest and width > widest:
        width, height = widest, max(1, round(height * widest / width))
    return f' width="{width}" height="{height}"'
