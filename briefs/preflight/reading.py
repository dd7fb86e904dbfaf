"""What the rules on the text look at: a snapshot, and what its Markdown comes out as."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from briefs.preflight.registry import Registry
from briefs.rendering import MergeTrouble, Text, fill_line, merge_troubles
from briefs.rendering.inspection import Part, inspect
from briefs.revisions import text_from


@dataclass
class Reading:
    """One snapshot, read once for all rules."""

    snapshot: dict[str, Any]

    def __getitem__(self, name: str) -> Any:
        return self.snapshot[name]

    @property
    def publication(self) -> dict[str, Any]:
        """What the mail takes from the publication."""
        values: dict[str, Any] = self.snapshot["publication"]
        return values

    @cached_property
    def text(self) -> Text:
        """The words, as they are rendered."""
        return text_from(self.snapshot)

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Links, images and words of each part that is Markdown."""
        publication = self.publication
        return inspect(self.text, publication.get("language", "en"), publication.get("footer", ""))

    @cached_property
    def merge_troubles(self) -> list[MergeTrouble]:
        """What is to be said of the merge fields of each part."""
        return merge_troubles(self.text)

    @cached_property
    def lines(self) -> dict[str, str]:
        """The fields that are plain text, with defaults in their merge fields."""
        return {name: fill_line(self[name]) for name in ("series", "headline", "preheader")}

    @cached_property
    def subject(self) -> str:
        """Series and headline as the subject has them, uncut."""
        return ": ".join(
            " ".join(self.lines[name].split())
            for name in ("series", "headline")
            if self.lines[name].strip()
        )

    @cached_property
    def words(self) -> dict[str, str]:
        """What a reader reads, by where it stands; without code."""
        return {**self.lines, **{part.where: part.words for part in self.parts}}


TEXT: Registry[Reading] = Registry("The text")


def the(where: str) -> str:
    """Return how a person calls *where* within a sentence."""
    words = where.replace("_", " ")
    return words if words.startswith("key point") else f"the {words}"


def short(words: str, most: int = 60) -> str:
    """Return the beginning of *words* in one line."""
    line = " ".join(words.split())
    return line if len(line) <= most else line[: most - 1].rstrip() + "…"
