"""Two who write one brief: the later save is refused, shows what differs, and lets them choose."""

from dataclasses import dataclass
from itertools import islice
from typing import Any, cast

from django.db.models import Field
from django.http import HttpRequest, QueryDict
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from briefs import audit, differences, revisions
from briefs.admin import form_values
from briefs.admin.brief_form import BriefForm
from briefs.admin.desk import editor_of
from briefs.models import AuditEntry, Brief
from briefs.rendering import LONGEST

MOST_SHOWN = 60  # rows of one field
RESOLVE = "_resolve"
THEIRS = "theirs"


@dataclass(frozen=True)
class Difference:
    """One field in which what was typed is not what somebody else has saved."""

    name: str
    label: str
    rows: list[SafeString]  # from what was typed to what is saved
    is_both: bool  # both have changed it; otherwise only the other has
    mark: str  # of what was typed


def settle(request: HttpRequest, brief: Brief) -> None:
    """Take the writer's choices into the form that they posted, before it is read.

    A field for which they chose the other's words gets those, unless they have
    typed in it since. A form that would undo nothing of the other's is not late.
    """
    post = request.POST.copy()
    stored = form_values.of_brief(brief)
    if RESOLVE in post:
        _choose(post, stored)
    typed = form_values.of_post(post)
    if "text_version" in post and not _differences(post, stored, typed):
        post["text_version"] = str(brief.text_version)
    request.POST = post  # type: ignore[assignment]  # the stubs know only the browser's own
    request.__dict__["_desk_stored"] = stored, revisions.snapshot(brief)


def changed(request: HttpRequest, brief: Brief) -> str:
    """Return which fields of *brief* the settled form has changed, as words; empty for none.

    Read from what is stored, before and after: what a form seems to say, and what is made of it,
    may differ.
    """
    return fields_changed(brief, *request.__dict__["_desk_stored"])


def fields_changed(brief: Brief, before: form_values.Values, text_before: dict[str, Any]) -> str:
    """Return which fields of *brief* differ from those *before*, as words; empty for none."""
    brief = Brief.objects.select_related("publication").get(pk=brief.pk)
    after = form_values.of_brief(brief)
    labels = [
        label_of(name)
        for name in form_values.NAMES
        if name not in form_values.BESIDE_THE_TEXT and before[name] != after[name]
    ]
    if not labels and text_before != revisions.snapshot(brief):
        labels = [_("white space")]
    return ", ".join(labels)


def readers_changed(request: HttpRequest, brief: Brief) -> str:
    """Return who may read *brief* now and until when, as words; empty where that is as it was."""
    stored = request.__dict__.get("_desk_stored")
    return readers_in_words(brief, stored[0] if stored else None)


def readers_in_words(brief: Brief, before: form_values.Values | None) -> str:
    """Return the same of a *brief* that stood as *before*, None for a new one."""
    names = ("access", "groups", "readable_until")
    after = form_values.of_brief(Brief.objects.get(pk=brief.pk))
    before = before or {"access": "public", "groups": [], "readable_until": ""}
    if all(before[name] == after[name] for name in names):
        return ""
    said = [form_values.in_words(name, after[name]) for name in names if after[name]]
    return "; ".join(", ".join(one) if isinstance(one, list) else one for one in said)


def _choose(post: QueryDict, stored: dict[str, Any]) -> None:
    typed = form_values.of_post(post)
    for name in form_values.NAMES:
        as_shown = post.get(f"mine-{name}") == form_values.digest(typed[name])
        if post.get(f"take-{name}") == THEIRS and as_shown:
            form_values.put(post, name, stored[name])
    for of_old, of_now in (("text_version", "seen_version"), ("text_base", "seen_base")):
        post[of_old] = post.get(of_now, "")
    post["_continue"] = "1"


def context(request: HttpRequest, form: Any) -> dict[str, Any]:
    """Return what the refused page shows; nothing where the form was not late."""
    if not isinstance(form, BriefForm) or not form.is_stale:
        return {}
    brief = Brief.objects.get(pk=form.instance.pk)  # the form's own has what was typed
    stored = form_values.of_brief(brief)
    typed = form_values.of_post(request.POST)
    return {
        "conflict": {
            "differences": _differences(request.POST, stored, typed),
            "version": brief.text_version,
            "base": form_values.digests(stored),
            "by": last_saver(brief),
            "is_own": _is_own(request, brief),
            "values": {
                name: {"mine": typed[name], "theirs": stored[name]} for name in form_values.NAMES
            },
        }
    }


def last_saver(brief: Brief) -> AuditEntry | None:
    """Return who changed the text of *brief* last, and when."""
    steps = audit.of(brief).filter(verb__in=["created", "edited", "restored"])
    return steps.first()


def _is_own(request: HttpRequest, brief: Brief) -> bool:
    last = last_saver(brief)
    return last is not None and last.by == editor_of(request)


def _differences(
    post: QueryDict, stored: dict[str, Any], typed: dict[str, Any]
) -> list[Difference]:
    """Return where the other's words would be undone, or stand against what was typed."""
    base = form_values.read_digests(post.get("text_base", ""))
    found = []
    for name in form_values.NAMES:
        if typed[name] == stored[name] or base.get(name) == form_values.digest(stored[name]):
            continue  # the other has not touched it
        mark = form_values.digest(typed[name])
        found.append(
            Difference(
                name,
                label_of(name),
                rows_of(name, typed[name], stored[name]),
                is_both=base.get(name) != mark,
                mark=mark,
            )
        )
    return found


def label_of(name: str) -> str:
    """Return what the form calls a field."""
    if name == form_values.POINTS:
        return _("Key points")
    return capfirst(str(cast("Field[Any, Any]", Brief._meta.get_field(name)).verbose_name))


def rows_of(name: str, before: Any, after: Any) -> list[SafeString]:
    """Return how *after* came from *before*, one row for each paragraph that differs.

    Of very long texts only the beginning is compared, and no more is shown than is read.
    """
    words = [{"words": _beginning(form_values.in_words(name, one))} for one in (before, after)]
    differ = (
        row for change in differences.compare(*words) for row in change.rows if row.kind != "kept"
    )
    shown = [_row(row) for row in islice(differ, MOST_SHOWN)]
    return [*shown, SafeString("…")] if next(differ, None) else shown


def _beginning(words: str | list[str]) -> str | list[str]:
    return words[:LONGEST] if isinstance(words, str) else words


def _row(row: differences.Row) -> SafeString:
    return format_html_join("", "{}", ((differences.to_html([piece]),) for piece in row.pieces))
