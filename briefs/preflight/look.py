"""Rules on the look of the mail."""

from collections.abc import Iterator

from briefs.preflight.reading import TEXT, Reading
from briefs.preflight.registry import Trouble
from briefs.rendering import colour as colours

# Of a colour with less contrast, making it readable leaves nothing but a grey or another hue.
LOST = 1.3
_WHITE = colours.parse("#ffffff", "#ffffff")
_DARK = colours.parse("#181b1f", "#181b1f")


@TEXT.warning("colour-in-the-dark")
def colour_in_the_dark(text: Reading) -> Iterator[Trouble]:
    """Find a colour that is as dark as the paper of dark mode: mails show it so much lighter,
    for links to be read (WCAG 2.2, 1.4.3), that nobody would know it again.
    """
    yield from _lost_on(text, _DARK, "in dark mode", "lighter")


@TEXT.warning("colour-on-white")
def colour_on_white(text: Reading) -> Iterator[Trouble]:
    """Find a colour that is nearly as light as paper: mails show it so much darker, for links to
    be read (WCAG 2.2, 1.4.3), that nobody would know it again.
    """
    yield from _lost_on(text, _WHITE, "on white", "darker")


def _lost_on(text: Reading, ground: colours.RGB, place: str, cure: str) -> Iterator[Trouble]:
    chosen = text.publication.get("colour", "")
    colour = colours.parse(chosen, "#808080")
    if colours.contrast(colour, ground) < LOST:
        shown = colours.hexadecimal(colours.readable(colour, (ground,)))
        yield Trouble(
            "publication",
            f"Nobody could read {chosen} {place}, so mails show {shown} there. Choose a "
            f"{cure} colour in the publication.",
        )
