"""Words that are used again, as they go into a text."""

import re

from django.utils import translation
from django.utils.translation import gettext as _

from briefs.models import Publication, Snippet

_MARKS = re.compile(r"^[\s*_#>-]*")


def sponsor_label(language: str) -> str:
    """Return the word by which readers of *language* know what was paid for."""
    with translation.override(language):
        return _("Sponsored")


def is_labelled(text: str, language: str) -> bool:
    """Tell whether *text* begins with the sponsor's label, whatever emphasis it has."""
    words = _MARKS.sub("", text).casefold()
    return words.startswith(sponsor_label(language).casefold())


def markdown_of(snippet: Snippet) -> str:
    """Return what is put into a text: a sponsor's line always says that it is one."""
    text = snippet.text.strip()
    if snippet.kind != Snippet.Kind.SPONSOR:
        return text
    language = snippet.publication.language
    return text if is_labelled(text, language) else f"**{sponsor_label(language)}:** {text}"


def unlabelled_in(text: str, publication: Publication) -> list[Snippet]:
    """Return the sponsors' lines that stand in *text* without their label."""
    found = []
    for snippet in publication.snippets.filter(kind=Snippet.Kind.SPONSOR):
        words = snippet.text.strip()
        labelled = markdown_of(snippet)
        if words and words in text.replace(labelled, ""):
            found.append(snippet)
    return found
