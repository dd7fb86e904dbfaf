"""A brief written by a program: through the form of the desk, so that its rules hold."""

from typing import Any

from django.db import transaction
from django.forms import model_to_dict
from django.forms.models import inlineformset_factory
from django.http import QueryDict

from api import problems
from api.problems import Problem
from briefs import audit, embargo, revisions, text_versions, workflow
from briefs.admin import form_values
from briefs.admin.brief_form import FIELDS, BriefForm
from briefs.admin.key_points import PREFIX, KeyPointForm, KeyPointFormSet, put_rows
from briefs.admin.two_editors import fields_changed, readers_in_words
from briefs.models import Author, Brief, ClientGroup, KeyPoint, Publication, Topic, User

POINTS = "key_points"
# Readers may have the address of a published brief.
STAYS = ("date", "slug")
_Points = inlineformset_factory(
    Brief, KeyPoint, form=KeyPointForm, formset=KeyPointFormSet, extra=0
)


def create(publication: Publication, given: dict[str, Any], by: User) -> Brief:
    """Store a brief of *given*, as a field has it in the form; raise Problem for what is wrong.

    It starts with the series and the topics of its publication, and signed by
    *by* where they are an author.
    """
    author = getattr(by, "author", None)
    blank = {
        **model_to_dict(Brief(publication=publication), FIELDS),
        "series": publication.series,
        "topics": [topic.pk for topic in publication.default_topics.all()],
        "authors": [author.pk] if author else [],
        "groups": [],
        POINTS: [],
    }
    with transaction.atomic():
        brief = _stored(Brief(publication=publication), {**blank, **_read(given, publication)}, by)
        audit.record("created", brief=brief, by=by)
        _note_readers(brief, None, None, by)
    return brief


def change(brief: Brief, given: dict[str, Any], by: User) -> Brief:
    """Store what of *brief*, which is held, is *given*; raise Problem for what is wrong."""
    before, text_before = form_values.of_brief(brief), revisions.snapshot(brief)
    embargo_before = brief.embargo_until
    values = {
        **model_to_dict(brief, FIELDS),
        POINTS: [point.text for point in brief.key_points.all()],
    }
    wanted = _read(given, brief.publication)
    _require_same_address(brief, wanted)
    text_versions.advance(brief)
    brief = _stored(brief, {**values, **wanted}, by)
    if words := fields_changed(brief, before, text_before):
        workflow.text_changed(brief, by, words)
    _note_readers(brief, before, embargo_before, by)
    return brief


def _note_readers(brief: Brief, before: Any, embargo_before: Any, by: User) -> None:
    if words := readers_in_words(brief, before):
        audit.record("readers-changed", brief=brief, by=by, words=words)
    embargo.note(brief, embargo_before, by)


def _stored(brief: Brief, values: dict[str, Any], by: User) -> Brief:
    is_new = brief.pk is None
    form = BriefForm({**values, "publication": brief.publication_id}, instance=brief)
    rows = QueryDict(mutable=True)
    put_rows(rows, values[POINTS])
    points: Any = _Points(rows, instance=form.instance, prefix=PREFIX)
    if not (form.is_valid() & points.is_valid()):
        raise _invalid(form, points)
    if is_new:
        form.instance.created_by = by
    stored = form.save()
    points.instance = stored
    points.save()
    fresh: Brief = Brief.objects.select_related("publication").get(pk=stored.pk)
    return fresh


def _invalid(form: BriefForm, points: Any) -> Problem:
    errors = problems.errors_of(form) + [
        {"where": f"body.{POINTS}.{number}", "message": str(message)}
        for number, row in enumerate(points.errors)
        for messages in row.values()
        for message in messages
    ]
    return Problem("invalid", "The brief was not saved.", errors=errors)


def _require_same_address(brief: Brief, wanted: dict[str, Any]) -> None:
    if brief.published_at is None:
        return
    for name in STAYS:
        if name in wanted and wanted[name] != getattr(brief, name):
            message = "A published brief keeps its date line and web address."
            raise problems.invalid("The brief was not saved.", f"body.{name}", message)


def _read(given: dict[str, Any], publication: Publication) -> dict[str, Any]:
    """Return *given* as the form takes it: ids in place of slugs."""
    found = dict(given)
    if "topics" in given:
        found["topics"] = _ids(publication.topics.all(), "slug", given["topics"], "topics")
    if "authors" in given:
        found["authors"] = _ids(Author.objects.all(), "slug", given["authors"], "authors")
    if "groups" in given:
        ours = ClientGroup.objects.filter(publication=publication)
        found["groups"] = _ids(ours, "pk", given["groups"], "groups")
    if POINTS in given:
        found[POINTS] = [text for text in given[POINTS] if text.strip()]
    return found


def _ids(rows: Any, by: str, chosen: list[Any], field: str) -> list[int]:
    known = dict(rows.filter(**{f"{by}__in": chosen}).values_list(by, "pk"))
    if unknown := [str(one) for one in chosen if one not in known]:
        message = f"{', '.join(unknown)[:300]}: there is none that is called so."
        detail = "Something was chosen that there is not."
        raise problems.invalid(detail, f"body.{field}", message)
    return [known[one] for one in chosen]


def topics_of(publication: Publication, slugs: list[str]) -> list[Topic]:
    """Return the topics with *slugs*; raise Problem for one that the publication has not."""
    ids = _ids(publication.topics.all(), "slug", slugs, "topics")
    return list(publication.topics.filter(pk__in=ids))
