"""What the brief's page asks for while somebody types: keep it, compare it, throw it away."""

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from briefs import drafts
from briefs.admin import form_values, presence, two_editors
from briefs.admin.desk import editor_of, number
from briefs.models import Brief, Draft

if TYPE_CHECKING:
    from briefs.admin.briefs import BriefAdmin

PANEL = "admin/briefs/brief/draft.html"
LISTED = 8
# Which page's words were saved, told to its browser: it drops its own copy of them.
SAVED_COOKIE = "ib-saved"
SAVED_COOKIE_SECONDS = 86_400


def urls(page: "BriefAdmin") -> list[URLPattern]:
    """Return the addresses that the form's scripts ask."""
    views = {"keep": keep, "throw-away": throw_away, "compare": compare, "presence": who_is_there}
    return [
        path(
            f"drafts/{name}/",
            page.admin_site.admin_view(partial(view, page)),
            name=f"briefs_draft_{name.replace('-', '_')}",
        )
        for name, view in views.items()
    ]


# --- views ----------------------------------------------------------------------


def keep(page: "BriefAdmin", request: HttpRequest) -> HttpResponse:
    """Keep what stands in the form, unsaved; answer with its turn and who else is there."""
    brief, refusal = _brief_of(page, request)
    if refusal:
        return refusal
    key = request.POST.get("draft_key", "")
    if not drafts.is_key(key):
        return JsonResponse({"error": _("This page is broken. Reload it.")}, status=400)
    try:
        draft = drafts.keep(
            editor_of(request), brief, key, _typed(request), base=_count(request, "text_version"),
            turn=_count(request, "draft_turn"), over_others="over_others" in request.POST,
        )  # fmt: skip
    except drafts.OtherTab as other:
        words = _(
            "This brief is open in another tab, or was: other words of yours were kept at "
            "%(time)s. They are not overwritten; what you type here stays in this browser until "
            "you choose."
        ) % {"time": presence.clock(other.draft.saved_at)}
        return JsonResponse({"error": words, "turn": other.draft.turn}, status=409)
    except drafts.TooMuch as error:
        return JsonResponse({"error": str(error)}, status=413)
    found = {"turn": draft.turn, "kept": _("Kept at %s") % presence.clock(draft.saved_at)}
    if brief is None:
        gone = bool(request.POST.get("brief"))
        return JsonResponse({**found, "gone": _gone_words() if gone else ""})
    presence.tell(brief, editor_of(request), is_typing=True)
    return JsonResponse({**found, **_news(request, brief)})


def throw_away(page: "BriefAdmin", request: HttpRequest) -> HttpResponse:
    """Delete a draft of this writer's; works as a plain button too."""
    if request.method != "POST":
        return HttpResponse(status=405)
    done = drafts.throw_away(editor_of(request), _count(request, "draft"), _count(request, "turn"))
    words = (
        _("Thrown away.")
        if done
        else _("Another tab has kept later words since. Reload the page to see them.")
    )
    if "application/json" in request.headers.get("Accept", ""):
        return JsonResponse({"words": words}, status=200 if done else 409)
    messages.add_message(request, messages.SUCCESS if done else messages.WARNING, words)
    return HttpResponseRedirect(reverse("admin:briefs_brief_changelist"))


def compare(page: "BriefAdmin", request: HttpRequest) -> HttpResponse:
    """Answer with how a copy that the browser kept differs from what is saved."""
    brief, refusal = _brief_of(page, request)
    if refusal:
        return refusal
    fields = _typed(request)
    changes = _changes(brief, fields)
    html = render_to_string(PANEL, {"changes": changes, "is_local": True, "can_edit": True})
    return JsonResponse({"html": html if changes else "", "fields": fields})


def who_is_there(page: "BriefAdmin", request: HttpRequest) -> HttpResponse:
    """Note that this page is open; answer with who else has it open, and who saved."""
    brief, refusal = _brief_of(page, request)
    if refusal or brief is None:
        return refusal or JsonResponse({"gone": _gone_words()})
    presence.tell(brief, editor_of(request), is_typing="typing" in request.POST)
    return JsonResponse(_news(request, brief))


# --- for the pages ----------------------------------------------------------------


def context(request: HttpRequest, brief: Brief | None) -> dict[str, Any]:
    """Return what the form needs to keep drafts, and the draft that it offers."""
    post = request.POST
    found: dict[str, Any] = {
        "text_version": post.get("text_version", str(brief.text_version) if brief else "0"),
        "text_base": post.get("text_base", ""),
        "draft_key": post.get("draft_key", ""),
        "draft_turn": post.get("draft_turn", "0"),
        "draft_tab": post.get("draft_tab", ""),
        "others": presence.others(brief, editor_of(request)) if brief else [],
    }
    if not drafts.is_key(found["draft_key"]):
        found["draft_key"] = drafts.new_key()
    if request.method == "POST":
        return found
    if brief:
        found["text_base"] = _base(brief)
    return {**found, **_offer(request, brief)}


def listed(request: HttpRequest) -> dict[str, Any]:
    """Return the unsaved drafts of this writer, for the page of all briefs."""
    mine = list(drafts.unsaved(editor_of(request))[: LISTED + 1])
    return {"drafts": [_line(draft) for draft in mine[:LISTED]], "more": len(mine) > LISTED}


def saved(request: HttpRequest, brief: Brief, *, is_new: bool) -> None:
    """Drop the draft of what was just saved."""
    drafts.saved(
        editor_of(request), None if is_new else brief, request.POST.get("draft_key", ""),
        turn=_count(request, "draft_turn", -1), tab=request.POST.get("draft_tab", ""),
    )  # fmt: skip


def tell_browser(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Say with *response* that the words of this page are saved."""
    key = request.POST.get("draft_key", "")
    if drafts.is_key(key):
        response.set_cookie(
            SAVED_COOKIE, key, max_age=SAVED_COOKIE_SECONDS, path="/admin/", samesite="Strict",
            secure=request.is_secure(),
        )  # fmt: skip
    return response


def rescue(page: "BriefAdmin", request: HttpRequest, brief: Brief | None) -> HttpResponse | None:
    """Keep what was posted for a brief that is gone or closed to its writer by now.

    Return where they find it; None where there is nothing to keep.
    """
    key = request.POST.get("draft_key", "")
    may = page.has_view_permission(request, brief) if brief else page.has_add_permission(request)
    if not (may and drafts.is_key(key)):
        return None
    typed, base = _typed(request), _count(request, "text_version")
    turn, user = _count(request, "draft_turn"), editor_of(request)
    try:
        drafts.keep(user, brief, key, typed, base=base, turn=turn)
    except drafts.OtherTab:
        drafts.keep(user, None, drafts.new_key(), typed, base=0, turn=0)
    except drafts.TooMuch:
        return None
    if brief is None:
        messages.warning(request, _gone_words())
        return HttpResponseRedirect(f"{reverse('admin:briefs_brief_add')}?draft={key}")
    messages.warning(
        request,
        _(
            "Nothing was saved: you may no longer change this brief in its present state. Your "
            "words are kept below; ask an editor to take them over."
        ),
    )
    return HttpResponseRedirect(reverse("admin:briefs_brief_change", args=[brief.pk]))


def _base(brief: Brief) -> str:
    """Return the marks of what the form shows; none where somebody saved while it was read.

    Without them a later save asks about every field that differs.
    """
    marks = form_values.digests(form_values.of_brief(brief))
    is_whole = Brief.objects.filter(pk=brief.pk, text_version=brief.text_version).exists()
    return marks if is_whole else ""


def _offer(request: HttpRequest, brief: Brief | None) -> dict[str, Any]:
    mine = drafts.unsaved(editor_of(request))
    if brief:
        draft = mine.filter(brief=brief).first()
    else:
        new = mine.filter(brief=None)
        draft = new.filter(key=request.GET.get("draft", "")[:36]).first() or new.first()
    if draft is None:
        return {}
    changes = _changes(brief, draft.fields)
    if not changes:
        drafts.throw_away(editor_of(request), draft.pk, draft.turn)
        return {}
    return {
        "draft": draft,
        "changes": changes,
        "draft_values": {
            "pk": draft.pk, "turn": draft.turn, "key": draft.key, "base": draft.base,
            "fields": draft.fields,
        },
    }  # fmt: skip


def _changes(brief: Brief | None, fields: dict[str, Any]) -> list[tuple[str, list[SafeString]]]:
    """Return what *fields* would change in *brief*, or which words they bring to a new one."""
    stored = form_values.of_brief(brief) if brief else {}
    words = ("headline", "preheader", form_values.POINTS, "body", "contact_block")
    found = []
    for name in form_values.NAMES if brief else words:
        if name not in fields or fields[name] == stored.get(name, fields[name][:0]):
            continue
        before = stored.get(name, fields[name][:0])
        rows = two_editors.rows_of(name, before, fields[name])
        found.append((two_editors.label_of(name), rows))
    return found


def _line(draft: Draft) -> dict[str, Any]:
    if draft.brief:
        url = reverse("admin:briefs_brief_change", args=[draft.brief.pk])
    else:
        url = f"{reverse('admin:briefs_brief_add')}?draft={draft.key}"
    first = next(iter(draft.fields.get(form_values.POINTS) or []), "")
    words = draft.fields.get("headline") or first or draft.fields.get("body") or ""
    return {
        "draft": draft,
        "url": url,
        "words": words[:120] or _("Without a headline"),
        "kept": presence.clock(draft.saved_at),
    }


def _brief_of(page: "BriefAdmin", request: HttpRequest) -> tuple[Brief | None, HttpResponse | None]:
    """Return the brief that the page is about, None for a new one; or why nothing is done."""
    if request.method != "POST":
        return None, HttpResponse(status=405)
    key = number(request.POST.get("brief", ""))
    brief = Brief.objects.select_related("publication").filter(pk=key).first() if key else None
    # Its writer may keep words for a brief that an editor has closed meanwhile.
    may = page.has_view_permission(request, brief) if brief else page.has_add_permission(request)
    if not may:
        return None, JsonResponse({"error": _("You may not write this brief.")}, status=403)
    return brief, None


def _news(request: HttpRequest, brief: Brief) -> dict[str, Any]:
    """Return who else is there and, where the page is behind, who has saved since."""
    others = presence.others(brief, editor_of(request))
    lines = [str(other) for other in others]
    if _count(request, "text_version", brief.text_version) < brief.text_version:
        last = two_editors.last_saver(brief)
        who = last.by_name if last and last.by_name else _("Somebody")
        if last and last.by == editor_of(request):
            who = _("You, in another tab,")
        lines.append(
            _(
                "%(who)s saved this brief after you opened it. When you save, you will see what "
                "differs, and choose."
            )
            % {"who": who}
        )
    return {"lines": lines}


def _typed(request: HttpRequest) -> dict[str, Any]:
    return {
        **form_values.of_post(request.POST),
        "text_base": request.POST.get("text_base", "")[:2_000],
        "tab": request.POST.get("draft_tab", "")[:36],
    }


def _gone_words() -> str:
    return _(
        "This brief was deleted. What you typed is kept as an unsaved draft of a new brief; the "
        "page of all briefs lists it."
    )


def _count(request: HttpRequest, name: str, default: int = 0) -> int:
    found = number(request.POST.get(name, ""))
    return default if found is None else found
