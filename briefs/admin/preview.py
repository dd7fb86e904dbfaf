"""What the brief's form shows beside it: the mail as readers will get it."""

import datetime as dt
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.template.loader import render_to_string
from django.urls import NoReverseMatch, reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from briefs import preflight, revisions
from briefs.admin.desk import allowed_ids, is_superuser, number
from briefs.models import Author, Brief, Publication, Topic
from briefs.pages import page_of
from briefs.plaintext import UnreadableBrief, read_brief
from briefs.rendering import (
    Mail,
    Places,
    Unrenderable,
    fill_line,
    fill_lines,
    html_octets,
    render_email,
)

# The page of the mail runs no script, whatever its author wrote, and loads images only.
FRAME_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data: https:"
MOST_ROWS = 200


@require_POST
def preview(request: HttpRequest) -> HttpResponse:
    """Answer with the unsaved form's mail: JSON for the script, a page for the plain button.

    The page of the site comes with it where that is the view; it costs as much again.
    """
    publication = publication_of(request)
    content = read_form(request.POST, publication)
    findings = preflight.check(content)
    content["headline"] = content["headline"] or _("Headline")
    try:
        # Our own pictures by their path: the desk may be visited under another name.
        look = replace(revisions.look_from(content), site_url="")
        mail = render_email(revisions.text_from(content), look, places_of(publication))
    except Unrenderable as error:
        findings.errors.insert(0, preflight.Finding(error.rule, str(error), "body"))
        mail = _no_mail(content, str(error))
    if "application/json" not in request.headers.get("Accept", ""):
        return HttpResponse(mail.html, headers={"Content-Security-Policy": FRAME_POLICY})
    return JsonResponse(
        {
            **_inbox_row(publication, content, mail),
            "html": mail.html,
            "page": _page(request, content, publication) if _shows_page(request) else "",
            "errors": [finding._asdict() for finding in findings.errors],
            "warnings": [finding._asdict() for finding in findings.warnings],
        }
    )


@require_POST
def read(request: HttpRequest) -> JsonResponse:
    """Answer with the fields of a brief that was pasted as plain text; store nothing."""
    if not is_superuser(request) and not allowed_ids(request, "write"):
        raise PermissionDenied  # reading is work that a stranger shall not make us do
    try:
        found = read_brief(request.POST.get("text", ""))
    except UnreadableBrief as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse(
        {
            "date": found.date.isoformat() if found.date else "",
            "series": found.series,
            "headline": found.headline,
            "key_points": list(found.key_points),
            "body": found.body,
            "contact_block": found.contact,
            "warnings": list(found.warnings),
        }
    )


def read_form(post: QueryDict, publication: Publication) -> dict[str, Any]:
    """Return the snapshot that the form's values would give, however unfinished they are."""
    return {
        "headline": post.get("headline", "").strip(),
        "series": post.get("series", "").strip() or publication.series,
        "date": _date(post.get("date", "")).isoformat(),
        "preheader": post.get("preheader", "").strip(),
        "key_points": _key_points(post),
        "body": post.get("body", ""),
        "authors": list(
            Author.objects.filter(pk__in=_ids(post, "authors")).values_list("name", flat=True)
        ),
        "topics": list(
            Topic.objects.filter(publication=publication, pk__in=_ids(post, "topics")).values_list(
                "name", flat=True
            )
        ),
        "contact_block": post.get("contact_block", "").strip() or publication.contact_block,
        "publication": revisions.snapshot_publication(publication),
    }


def places_of(publication: Publication) -> Places:
    """Return links that lead somewhere harmless: a preview unsubscribes nobody."""
    sign_up = privacy = imprint = settings.SITE_URL
    try:
        sign_up += reverse("subscribers:subscribe", args=[publication.slug])
        privacy += reverse("subscribers:privacy", args=[publication.slug])
        imprint += reverse("subscribers:imprint", args=[publication.slug])
    except NoReverseMatch:
        pass  # an installation without the public pages
    with translation.override(publication.language):
        reason = _("You get this because you subscribed to %(name)s.") % {"name": publication}
    return Places(
        view=f"{settings.SITE_URL}/{publication.slug}/",
        unsubscribe=sign_up,
        subscribe=sign_up,
        privacy=publication.privacy_url or privacy,
        imprint=publication.imprint_url or imprint,
        reason=reason,
    )


def publication_of(request: HttpRequest) -> Publication:
    """Return the publication that the form names, else the first; refuse who may not write."""
    key = number(request.POST.get("publication", ""))
    publication = Publication.objects.filter(pk=key).first() if key is not None else None
    if publication is None:
        publication = Publication.objects.filter(pk__in=allowed_ids(request, "write")).first()
    if publication is None:
        raise PermissionDenied
    if not is_superuser(request) and publication.pk not in allowed_ids(request, "write"):
        raise PermissionDenied
    return publication


def _shows_page(request: HttpRequest) -> bool:
    return request.POST.get("view") == "web"


def _page(request: HttpRequest, content: dict[str, Any], publication: Publication) -> str:
    """Return the brief's page as it would stand on the site."""
    text = fill_lines(revisions.text_from(content))
    brief = Brief(
        publication=publication,
        date=text.date,
        slug="preview",
        status=Brief.Status.PUBLISHED,
        published_at=timezone.now(),
    )
    with translation.override(publication.language):
        return render_to_string("briefs/brief.html", page_of(brief, text), request)


def _no_mail(content: dict[str, Any], reason: str) -> Mail:
    """Return what is shown in place of a mail that cannot be made."""
    words = _("There is no preview. %(reason)s") % {"reason": reason}
    html = format_html('<!doctype html><title>{}</title><p role="alert">{}</p>', reason, words)
    return Mail(subject=content["headline"], html=html, text=words)


def _inbox_row(publication: Publication, content: dict[str, Any], mail: Mail) -> dict[str, Any]:
    lead = fill_line(content["preheader"] or next(iter(content["key_points"]), ""))
    return {
        "sender": publication.sender_name or publication.name,
        "subject": mail.subject,
        "preheader": lead[:150],
        "text": mail.text,
        "octets": html_octets(mail),
    }


def _date(value: str) -> dt.date:
    try:
        return dt.date.fromisoformat(value)
    except ValueError:
        return timezone.localdate()


def _ids(post: QueryDict, name: str) -> list[int]:
    keys = [number(value) for value in post.getlist(name)[:MOST_ROWS]]
    return [key for key in keys if key is not None]


def _key_points(post: QueryDict) -> list[str]:
    """Return the rows that are neither empty nor marked for removal, in their order."""
    total = number(post.get("key_points-TOTAL_FORMS", ""))
    rows: list[tuple[int, str]] = []
    for row in range(min(total or 0, MOST_ROWS)):
        words = post.get(f"key_points-{row}-text", "").strip()
        if words and not post.get(f"key_points-{row}-DELETE"):
            position = number(post.get(f"key_points-{row}-position", ""))
            rows.append((row + 1 if position is None else position, words))
    return [words for _position, words in sorted(rows, key=lambda row: row[0])]
