"""How a brief is cited: as a note, for BibTeX, and as RIS for programs that collect sources."""

import re

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from briefs.models import Brief
from briefs.rendering import Text

_SPECIAL = re.compile(r"[\\{}$&#^_~%]")
_ESCAPED = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
}


def formats(brief: Brief, text: Text, url: str) -> list[tuple[str, str]]:
    """Return how *brief*, which reads *text* and stands at *url*, is cited: name and words."""
    return [
        (_("As a note (Chicago)"), note(brief, text, url)),
        ("BibTeX", bibtex(brief, text, url)),
        ("RIS", ris(brief, text, url)),
    ]


def note(brief: Brief, text: Text, url: str) -> str:
    """Return a note as The Chicago Manual of Style has it (17th edition, 14.206)."""
    date = date_format(text.date, "DATE_FORMAT")
    names = _together(text.authors)
    title = f"“{text.headline},”" if text.headline[-1:] not in "?!" else f"“{text.headline}”"
    return ", ".join(
        part for part in (names, f"{title} {brief.publication.name}", date, url) if part
    )


def _together(names: tuple[str, ...]) -> str:
    if len(names) < 3:
        return f" {_('and')} ".join(names)
    return f"{', '.join(names[:-1])} {_('and')} {names[-1]}"


def bibtex(brief: Brief, text: Text, url: str) -> str:
    """Return an entry of BibLaTeX's kind @online; what TeX would act upon is escaped."""
    fields = {
        # Braces keep "Reuters Staff" from being read as a first and a last name with "and".
        "author": " and ".join(_tex(name) for name in text.authors),
        "title": f"{{{_tex(text.headline)}}}",
        "organization": f"{{{_tex(brief.publication.name)}}}",
        "date": text.date.isoformat(),
        "url": url,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    key = f"{brief.publication.slug}-{text.date.isoformat()}-{brief.slug}"[:60].rstrip("-")
    return "\n".join([f"@online{{{key},", *lines, "}"])


def _tex(words: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPED.get(found[0], f"\\{found[0]}"), words)


def ris(brief: Brief, text: Text, url: str) -> str:
    """Return a record of the type ELEC; a tag is two characters, two spaces, a hyphen, a space."""
    rows = [
        ("TY", "ELEC"),
        *(("AU", name) for name in text.authors),
        ("TI", text.headline),
        ("T2", brief.publication.name),
        ("DA", text.date.strftime("%Y/%m/%d/")),
        ("UR", url),
        ("ER", ""),
    ]
    return "\n".join(f"{tag}  - {words}" for tag, words in rows)
