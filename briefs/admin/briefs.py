"""Briefs: a list that says where each stands, and a form that reads like the brief."""

from typing import Any, ClassVar

from django.contrib import admin
from django.db import transaction
from django.db.models import Field, ForeignKey, Max, QuerySet
from django.forms import DateTimeField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from briefs import access, audit, embargo, text_versions
from briefs.admin import (
    drafts,
    images,
    moving,
    new_brief,
    preview,
    revisions,
    sign_off,
    snippets,
    two_editors,
)
from briefs.admin.brief_form import FIELDS, MOMENTS, BriefForm, widgets
from briefs.admin.desk import (
    DeskAdmin,
    EvidenceAdmin,
    allowed_ids,
    badge,
    editor_of,
    is_superuser,
    key_in,
    publication_label,
)
from briefs.admin.key_points import KeyPointInline
from briefs.drafts import outlive
from briefs.models import Brief, ClientGroup, Publication, Revision, Topic
from briefs.roles import Verb

TONES = {
    Brief.Status.DRAFT: "neutral",
    Brief.Status.IN_REVIEW: "warning",
    Brief.Status.APPROVED: "info",
    Brief.Status.PUBLISHED: "success",
}


@admin.register(Brief)
class BriefAdmin(DeskAdmin[Brief]):
    """Where a brief is written; sending it is another page's work."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "write",
        "add": "write",
        "change": "write",
        "delete": "edit",
    }
    form = BriefForm
    inlines = [KeyPointInline]
    change_form_template = "admin/briefs/brief/change_form.html"
    list_before_template = "admin/briefs/brief/drafts.html"
    warn_unsaved_form = False  # what is typed is kept: nobody has to be asked whether to leave
    list_display = ["title", "publication_name", "day", "status_badge", "readers"]
    list_display_links = ["title"]
    list_filter = ["status", ("publication", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["publication"]
    search_fields = ["headline", "series"]
    fields = FIELDS

    def get_queryset(self, request: HttpRequest) -> QuerySet[Brief]:
        # By the relation's name: the app that sends stands above this one.
        return super().get_queryset(request).annotate(audience=Max("editions__audience"))

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("preview/", wrap(preview.preview), name="briefs_brief_preview"),
            path("read/", wrap(preview.read), name="briefs_brief_read"),
            path("images/", wrap(images.upload), name="briefs_brief_images"),
            path("snippets/", wrap(snippets.listed), name="briefs_brief_snippets"),
            *drafts.urls(self),
            *revisions.Pages(self).urls(),
            *moving.Page(self).urls(),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Brief | None = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        row = self._row(request, obj)
        if row is None or row.status != Brief.Status.PUBLISHED:
            return True  # what was signed off and is changed has to be signed off again
        return self.may(request, "edit", row)  # what readers have is no writer's draft

    def has_delete_permission(self, request: HttpRequest, obj: Brief | None = None) -> bool:
        row = self._row(request, obj)
        if row is not None and (row.published_at or row.revisions.exists()):
            return False  # what was frozen is evidence of what readers got
        return super().has_delete_permission(request, obj)

    # --- the form ----------------------------------------------------------

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Hold the brief while it is saved: it cannot be published between look and write."""
        key = key_in(object_id) if object_id and request.method == "POST" else None
        if key is None:
            return super().changeform_view(request, object_id, *args, **kwargs)
        try:
            return self._held(request, key, *args, **kwargs)
        except text_versions.SavedMeanwhile:
            return self._held(request, key, *args, **kwargs)  # which says so

    def _held(self, request: HttpRequest, key: int, *args: Any, **kwargs: Any) -> Any:
        with transaction.atomic():
            brief = Brief.objects.select_for_update(no_key=True).filter(pk=key).first()
            if brief is None or not self.has_change_permission(request, brief):
                kept = drafts.rescue(self, request, brief)
                return kept or super().changeform_view(request, str(key), *args, **kwargs)
            two_editors.settle(request, brief)
            return super().changeform_view(request, str(key), *args, **kwargs)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """Start from the last brief's shape."""
        shape = new_brief.shape(editor_of(request), self._publications(request))
        return {**shape, **super().get_changeform_initial_data(request)}

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if widget := widgets().get(db_field.name):
            kwargs["widget"] = widget
        if db_field.name in MOMENTS:
            kwargs["form_class"] = DateTimeField  # the admin's own is two fields
        field: Any = super().formfield_for_dbfield(db_field, request, **kwargs)
        # Adding a publication, topic or author is no work for the middle of a sentence.
        for flag in ("can_add_related", "can_change_related", "can_view_related"):
            if hasattr(getattr(field, "widget", None), flag):
                setattr(field.widget, flag, False)
        return field

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "publication":
            kwargs["queryset"] = self._publications(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "topics":
            kwargs["queryset"] = Topic.objects.filter(publication__in=self._publications(request))
        if db_field.name == "groups":
            mine = ClientGroup.objects.filter(publication__in=self._publications(request))
            kwargs["queryset"] = mine
        field: Any = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.help_text = ""  # Django's hint about the Control key fits neither widget
        if db_field.name == "authors":
            # Unfold has just put the classes of a plain select in their place.
            field.widget.attrs["class"] = "unfold-admin-autocomplete admin-autocomplete"
        return field

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        brief = kwargs.get("obj")
        context |= {
            "is_fullwidth": "1",
            "desk_publications": [
                {
                    "id": p.pk,
                    "series": p.series,
                    "sender": p.sender_name or p.name,
                    "name": p.name,
                    "zone": p.time_zone,
                    "topics": [topic.pk for topic in p.default_topics.all()],
                }
                for p in self._publications(request).prefetch_related("default_topics")
            ],
            **drafts.context(request, brief if isinstance(brief, Brief) else None),
            **two_editors.context(request, context["adminform"].form),
        }
        if isinstance(brief, Brief):
            context |= {
                "brief": brief,
                "status_badge": self.status_badge(brief),
                "send_url": self._send_url(request, brief),
                "can_edit": self.has_change_permission(request, brief),
                **sign_off.context(request, brief),
                "history": revisions.history(request, brief),
                "move_url": moving.url_for(request, brief),
                "is_open_to_all": access.may_read(brief, access.ANONYMOUS, timezone.now()),
            }
        else:
            context["can_edit"] = True
            context["send_url"] = self._send_url(request, None)
        return super().render_change_form(request, context, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Brief, form: Any, change: bool) -> None:
        if change:
            text_versions.advance(obj)
        else:
            obj.created_by = editor_of(request)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Store what hangs on the brief, and note the step: it is whole only now."""
        super().save_related(request, form, formsets, change)
        brief = form.instance
        if not change:
            audit.record("created", brief=brief, by=editor_of(request))
        elif changed := two_editors.changed(request, brief):
            sign_off.follow(request, brief, changed)
        if words := two_editors.readers_changed(request, brief):
            audit.record("readers-changed", brief=brief, by=editor_of(request), words=words)
        embargo.note(brief, form.initial.get("embargo_until"), editor_of(request))
        drafts.saved(request, brief, is_new=not change)

    def delete_model(self, request: HttpRequest, obj: Brief) -> None:
        self._note_end(request, obj)
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Brief]) -> None:
        with transaction.atomic():  # which Django opens for one brief, and not for several
            for brief in queryset:
                self._note_end(request, brief)
            super().delete_queryset(request, queryset)

    def _note_end(self, request: HttpRequest, brief: Brief) -> None:
        # With its key: a draft that is kept this very moment waits, and finds the brief gone.
        Brief.objects.select_for_update().filter(pk=brief.pk).first()
        outlive(brief)
        home, by = brief.publication, editor_of(request)
        audit.record("deleted", publication=home, by=by, words=brief.headline)

    def response_add(
        self, request: HttpRequest, obj: Brief, post_url_continue: str | None = None
    ) -> HttpResponse:
        go_on = self._go_on(request, obj)
        response = go_on or super().response_add(request, obj, post_url_continue)
        return drafts.tell_browser(request, response)

    def response_change(self, request: HttpRequest, obj: Brief) -> HttpResponse:
        response = self._go_on(request, obj) or super().response_change(request, obj)
        return drafts.tell_browser(request, response)

    def _go_on(self, request: HttpRequest, brief: Brief) -> HttpResponse | None:
        """Go to the send screen, or hand it in, where that was the button."""
        if answer := sign_off.go_to_hand_in(request, brief):
            return answer
        url = self._send_url(request, brief)
        return HttpResponseRedirect(url) if "_send" in request.POST and url else None

    def _send_url(self, request: HttpRequest, brief: Brief | None) -> str:
        """Return where the brief is sent from; empty for who may not."""
        if not self.may(request, "publish", brief):
            return ""
        try:
            return reverse("admin:deliveries_send", args=[brief.pk if brief else 0])
        except NoReverseMatch:
            return ""

    def _publications(self, request: HttpRequest) -> QuerySet[Publication]:
        if is_superuser(request):
            return Publication.objects.all()
        return Publication.objects.filter(pk__in=allowed_ids(request, "write"))

    # --- the list ----------------------------------------------------------

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Show the writer's own unsaved drafts above the briefs."""
        mine = {"unsaved": drafts.listed(request)}
        return super().changelist_view(request, {**mine, **(extra_context or {})})

    @admin.display(description=_("Brief"), ordering="headline")
    def title(self, brief: Brief) -> SafeString:
        """Show the series above the headline, as the brief does."""
        return format_html(
            '<span class="ib-title"><span class="ib-title-series">{}</span>{}</span>',
            brief.series or brief.publication.series,
            brief.headline,
        )

    @admin.display(description=_("Publication"), ordering="publication__name")
    def publication_name(self, brief: Brief) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(brief.publication)

    @admin.display(description=_("Date line"), ordering="date")
    def day(self, brief: Brief) -> str:
        """Show the date line."""
        return date_format(brief.date, "j M Y")

    @admin.display(description=_("Status"), ordering="status")
    def status_badge(self, brief: Brief) -> SafeString:
        """Show where the brief stands."""
        return badge(brief.get_status_display(), TONES[Brief.Status(brief.status)])

    @admin.display(description=_("Readers"), ordering="audience")
    def readers(self, brief: Brief) -> str:
        """Show how many readers the widest edition had."""
        audience = getattr(brief, "audience", None)
        return "–" if audience is None else f"{audience:,}"


@admin.register(Revision)
class RevisionAdmin(EvidenceAdmin[Revision]):
    """What was frozen, word for word."""

    publication_path = "brief__publication"
    verbs: ClassVar[dict[str, Verb | None]] = {**EvidenceAdmin.verbs, "view": "write"}
    list_display = ["brief", "number", "created_at", "by", "short_digest"]
    list_select_related = ["brief", "by"]
    search_fields = ["brief__headline"]
    fields = ["brief", "number", "created_at", "by", "digest", "snapshot"]

    @admin.display(description=_("Digest"))
    def short_digest(self, revision: Revision) -> str:
        """Show the first characters of the SHA-256."""
        return revision.digest[:12]
