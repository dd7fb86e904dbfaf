"""Every address there is, read from the patterns, and filled with the numbers of one scene."""

import re
from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from django.urls import URLResolver, get_resolver

# Of which row an address tells, where its name does not say so.
ABOUT = {
    "edition": ("analytics_edition_", "deliveries_links", "deliveries_progress", "deliveries_verb"),
    "publication": ("analytics_publication_", "briefs_publication_look", "subscribers_export"),
    "user": ("auth_user_password_change",),
    "subscriber": ("deliveries_erase",),
    "segment": ("deliveries_segment_count",),
    "importrun": ("deliveries_undo_import", "subscribers_import_do", "subscribers_refused"),
    "subscription": ("subscribers_unsubscribe",),
}
BRIEF = "brief"
# What else stands in addresses of the desk: for verbs, one that its row stands for.
FILLED = {"revision": "1", "before": "1", "after": "0", "name": "domains", "app_label": "briefs"}
# Acts that want a row in another state than the one that is looked at.
SPECIAL = {
    "briefs_author_delete": "unused author",
    "briefs_brief_delete": "new brief",
    "briefs_brief_move": "sent brief",
    "deliveries_correct": "sent brief",
    "deliveries_verb": "planned edition",
    "subscribers_import_do": "received import",
}
# What must be asked besides.
QUERIES = {
    "briefs_brief_snippets": "publication={publication}",
    "deliveries_findings": "brief={brief}",
    "search": "s=quokka",
}
VERBS = {
    "api_hookendpoint_verb": "ping",
    "deliveries_sign_off": "comment",
    "deliveries_verb": "withdraw",
    "subscribers_import_do": "discard",
}
_PART = re.compile(r"<(?:[a-z_]+:)?([a-z_0-9]+)>")


class Address(NamedTuple):
    """A pattern, and what it is called: unnamed ones after the view that answers."""

    space: str
    name: str
    written: str

    @property
    def key(self) -> str:
        """Return its name with its namespace."""
        return f"{self.space}:{self.name}" if self.space else self.name


def every() -> list[Address]:
    """Return every address that the resolver knows, each once."""
    return list(dict.fromkeys(_walk(get_resolver().url_patterns, "", "")))


def _walk(patterns: list[Any], before: str, space: str) -> Iterator[Address]:
    for pattern in patterns:
        written = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, written, pattern.namespace or space)
        else:
            yield Address(space, pattern.name or _unnamed(written), _plain(written))


def _unnamed(written: str) -> str:
    """Name the admin's short addresses after their model, and others after what they end with."""
    short = re.fullmatch(r"admin/([a-z]+)/([a-z]+)/<path:object_id>/", written)
    if short:
        return f"{short[1]}_{short[2]}_short"
    if written == "admin/(?P<url>.*)$":
        return "catch_all"
    return written


def _plain(written: str) -> str:
    """Return a regular expression's groups as parts of a path."""
    found = re.sub(r"\(\?P<(\w+)>(?:\([^)]*\)|\[[^]]*\]|[^()])*\)", r"<\1>", written)
    return found.replace("^", "").removesuffix("$")


def of_the_desk(rows: dict[str, Any]) -> dict[str, str]:
    """Return the path of each address of the desk by its name, for *rows*."""
    keys = {model: row.pk for model, row in rows.items()}
    found = {}
    for address in every():
        if address.space != "admin":
            continue
        name = address.name
        values = FILLED | {"verb": VERBS.get(name, "")}
        about = SPECIAL.get(name, _about(name))
        if name in ("view_on_site", "catch_all"):
            path = _PART.sub("1", address.written)
        else:
            wanted = [part for part in _PART.findall(address.written) if part not in values]
            assert not wanted or about in rows, f"Say in ABOUT of which row {name} tells."
            values |= {part: str(keys[about]) for part in wanted}
            path = _PART.sub(partial(_value, values), address.written)
        query = QUERIES.get(name, "").format_map(keys)
        found[name] = f"/{path}?{query}" if query else f"/{path}"
    return found


def _value(values: dict[str, str], part: re.Match[str]) -> str:
    return values[part[1]]


def _about(name: str) -> str:
    for about, names in ABOUT.items():
        if name.startswith(names):
            return about
    app, _, rest = name.partition("_")
    model = rest.partition("_")[0]
    return (
        BRIEF if app == "deliveries" and model not in ("delivery", "edition", "segment") else model
    )
