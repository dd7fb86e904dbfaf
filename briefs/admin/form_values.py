"""What stands in the form of a brief, as plain values that are kept, compared and filled in."""

import hashlib
import json
from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext as _

from briefs.admin.brief_form import FIELDS, MOMENTS, one_way
from briefs.admin.desk import number
from briefs.admin.key_points import put_rows, read_rows
from briefs.models import Author, Brief, ClientGroup, Publication, Topic

# {"headline": "…", "topics": ["3", "7"], "key_points": ["…", "…"]}
Values = dict[str, Any]

POINTS = "key_points"
CHOICES = ("topics", "authors", "groups")
NAMES = (*FIELDS, POINTS)
# Who changes one of these has written nothing.
BESIDE_THE_TEXT = ("access", "groups", "due_at", "embargo_until", "readable_until")
MOST_CHOICES = 200
_IN_THE_FIELD = "%Y-%m-%dT%H:%M"


def of_post(post: QueryDict) -> Values:
    """Return what was typed, however unfinished it is."""
    values: Values = {name: one_way(post.get(name, "")).strip() for name in FIELDS}
    for name in CHOICES:
        values[name] = _ids(post.getlist(name))
    values[POINTS] = [one_way(text).strip() for text in read_rows(post)]
    return values


def of_brief(brief: Brief) -> Values:
    """Return what the form of *brief* shows, as stored now."""
    values: Values = {name: getattr(brief, name) for name in FIELDS if name not in CHOICES}
    values["publication"] = str(brief.publication_id)
    values["date"] = brief.date.isoformat()
    for name in MOMENTS:
        moment = values[name]
        values[name] = timezone.localtime(moment).strftime(_IN_THE_FIELD) if moment else ""
    values = {name: one_way(value).strip() for name, value in values.items()}
    for name in CHOICES:
        related = getattr(brief, name).values_list("pk", flat=True)
        values[name] = sorted((str(pk) for pk in related), key=int)
    values[POINTS] = [one_way(point.text).strip() for point in brief.key_points.all()]
    return values


def put(post: QueryDict, name: str, value: Any) -> None:
    """Let *post* say *value* in the field *name*."""
    if name == POINTS:
        put_rows(post, value)
    elif name in CHOICES:
        post.setlist(name, value)
    else:
        post[name] = value


def digest(value: Any) -> str:
    """Return a short mark of *value*, by which a form knows what it has begun from."""
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]


def digests(values: Values) -> str:
    """Return the marks of all fields in one line, for a hidden field."""
    return " ".join(f"{name}:{digest(values[name])}" for name in NAMES)


def read_digests(text: str) -> dict[str, str]:
    """Return the marks in *text* by their field; of nonsense, none."""
    pairs = (pair.partition(":") for pair in text[:2_000].split())
    return {name: mark for name, colon, mark in pairs if colon and name in NAMES}


def in_words(name: str, value: Any) -> str | list[str]:
    """Return *value* as people read it: names in place of ids."""
    if name == "publication":
        return _names(Publication, [value])[0] if value else ""
    if name == "topics":
        return _names(Topic, value)
    if name == "authors":
        return _names(Author, value)
    if name == "groups":
        return _names(ClientGroup, value)
    if name == "access":
        return str(dict(Brief.Access.choices).get(value, value))
    if name in MOMENTS:
        return str(value).replace("T", " ")
    return [str(text) for text in value] if isinstance(value, list) else str(value)


def _names(model: Any, ids: list[str]) -> list[str]:
    keys = [key for key in map(number, map(str, ids)) if key is not None]
    found = {row.pk: row.name for row in model.objects.filter(pk__in=keys)}
    return [found.get(key, _("one that is gone")) for key in keys] or [""]


def _ids(given: list[str]) -> list[str]:
    keys = {number(value) for value in given[:MOST_CHOICES]} - {None}
    return [str(key) for key in sorted(key for key in keys if key is not None)]
