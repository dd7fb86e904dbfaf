"""The public archive in pictures: three widths, light and dark, one page from right to left."""

from typing import Any

from playwright.sync_api import ViewportSize

from tests.browser.photographer import Photographer

WIDTHS: tuple[ViewportSize, ...] = (
    {"width": 360, "height": 740},
    {"width": 768, "height": 1024},
    {"width": 1440, "height": 900},
)


def photograph(photographer: Photographer, pages: dict[str, Any]) -> None:
    """Take each of *pages*, as a stranger sees it, at each width, in light and in dark."""
    for name, path in pages.items():
        for size in WIDTHS:
            photographer.take_wide(f"archive-{name}-{size['width']}", path, size)
