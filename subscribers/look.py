"""A publication's colour as CSS that can be read on light and on dark paper."""

from briefs.rendering import colour

# The papers of static/site/site.css, and the tinted panels on them.
LIGHT = (colour.parse("#ffffff", ""), colour.parse("#f4f2ec", ""))
DARK = (colour.parse("#14171a", ""), colour.parse("#1f2429", ""))
OURS = "#1f4e79"


def stylesheet(chosen: str) -> str:
    """Return the stylesheet of a publication with the colour *chosen* ("#rrggbb").

    What is no colour is read as ours: nothing of it reaches the stylesheet.
    """
    base = colour.parse(chosen, OURS)
    light = colour.hexadecimal(colour.readable(base, LIGHT))
    dark = colour.hexadecimal(colour.readable(base, DARK))
    band = colour.hexadecimal(base)  # only decoration: shown as it was chosen
    ink_on_dark = colour.hexadecimal(DARK[0])
    return (
        f":root{{--accent:{light};--band:{band};--on-accent:#ffffff}}\n"
        "@media (prefers-color-scheme:dark){"
        f":root{{--accent:{dark};--on-accent:{ink_on_dark}}}}}\n"
    )
