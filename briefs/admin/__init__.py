"""The desk: where editors write, and where publications and people are looked after."""

from briefs.admin import (  # noqa: F401  (they register themselves)
    audit,
    briefs,
    people,
    publications,
    snippets,
)
