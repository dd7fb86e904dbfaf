"""How other houses write what they let go, and how to tell which house it was."""

from collections.abc import Callable, Iterator

from briefs.moving.items import Item, Refused, Unreadable
from briefs.moving.opening import Box

from . import beehiiv, buttondown, ghost, listmonk, markdown, substack
from .reading import House

Reader = Callable[[Box, House], Iterator[Item | Refused]]

# In the order in which they are asked; Markdown is what anybody may have.
READERS: dict[str, tuple[Callable[[Box], bool], Reader]] = {
    "substack": (substack.is_it, substack.read),
    "beehiiv": (beehiiv.is_it, beehiiv.read),
    "buttondown": (buttondown.is_it, buttondown.read),
    "ghost": (ghost.is_it, ghost.read),
    "listmonk": (listmonk.is_it, listmonk.read),
    "markdown": (markdown.is_it, markdown.read),
}


def recognise(box: Box) -> str:
    """Return whose export *box* is; raise Unreadable where nobody knows."""
    for name, (is_it, _read) in READERS.items():
        if is_it(box):
            return name
    raise Unreadable(
        f"“{box.name}” is no archive that is known: a ZIP or folder of Markdown, or an export of "
        "Substack (posts.csv), Ghost (JSON), Buttondown (emails.csv), beehiiv (posts.csv) or "
        "listmonk (campaigns as JSON)."
    )


__all__ = ["READERS", "House", "recognise"]
