"""Publications, their topics, and the names under briefs."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin
from django.db.models import Field, ForeignKey, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminColorInputWidget

from briefs.admin.desk import (
    DeskAdmin,
    allowed_ids,
    badge,
    is_superuser,
    publication_label,
)
from briefs.admin.widgets import INPUT, Growing, Markdown, TimeZoneField
from briefs.models import Author, Publication, Topic
from briefs.roles import Verb


def sign_up_url(publication: Publication) -> str:
    """Return the address of the publication's sign-up page; empty where there is none."""
    try:
        return settings.SITE_URL + reverse("subscribers:subscribe", args=[publication.slug])
    except NoReverseMatch:
        return ""


@admin.register(Publication)
class PublicationAdmin(DeskAdmin[Publication]):
    """What a reader subscribes to; its owner sets it up."""

    publication_path = "pk"
    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "write",
        "add": None,
        "change": "manage",
        "delete": None,
    }
    list_display = ["label", "sender", "complete", "sign_up"]
    search_fields = ["name", "slug"]
    prepopulated_fields = {"slug": ["name"]}
    change_form_outer_before_template = "admin/briefs/publication/head.html"
    fieldsets = [
        (
            _("Identity"),
            {
                "classes": ["tab"],
                "fields": [("name", "slug"), "tagline", "description", "series", "is_public"],
            },
        ),
        (
            _("Sender"),
            {
                "classes": ["tab"],
                "fields": [("sender_name", "sender_address"), "reply_to", "hold_seconds"],
            },
        ),
        (_("Look"), {"classes": ["tab"], "fields": ["colour", "logo"]}),
        (
            _("Foot and law"),
            {
                "classes": ["tab"],
                "fields": [
                    "postal_address",
                    "contact_block",
                    "unsubscribe_wording",
                    ("privacy_url", "imprint_url"),
                ],
            },
        ),
        (
            _("Language and time"),
            {"classes": ["tab"], "fields": [("language", "time_zone")]},
        ),
        (
            _("Sign-up wording"),
            {"classes": ["tab"], "fields": ["consent_wording", "tracking"]},
        ),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def visible(
        self, rows: QuerySet[Publication], publications: frozenset[int]
    ) -> QuerySet[Publication]:
        return rows.filter(pk__in=publications)

    def get_prepopulated_fields(
        self, request: HttpRequest, obj: Publication | None = None
    ) -> dict[str, Any]:
        # An address that readers know does not follow the name.
        return {} if obj else dict(self.prepopulated_fields)

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "time_zone":
            return TimeZoneField(
                label=_("Time zone"),
                initial="UTC",
                help_text=_("Dates and “at six in the morning” are meant in this zone."),
            )
        if db_field.name == "slug":
            kwargs["help_text"] = _("Where it stands on the site: /this-part/.")
        if db_field.name in ("privacy_url", "imprint_url"):
            kwargs["assume_scheme"] = "https"
        widgets: dict[str, Any] = {
            "colour": UnfoldAdminColorInputWidget,
            "description": Markdown(rows=4),
            "contact_block": Markdown(rows=4),
            "postal_address": Growing({"rows": 3}),
            "consent_wording": Growing({"rows": 3}),
        }
        if db_field.name in widgets:
            kwargs["widget"] = widgets[db_field.name]
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        publication = kwargs.get("obj")
        if isinstance(publication, Publication):
            context["sign_up_url"] = sign_up_url(publication)
            context["publication"] = publication
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("Publication"), ordering="name")
    def label(self, publication: Publication) -> SafeString:
        """Show the name with its colour."""
        return publication_label(publication)

    @admin.display(description=_("Sender"))
    def sender(self, publication: Publication) -> str:
        """Show what readers see as the sender."""
        name = publication.sender_name or publication.name
        if not publication.sender_address:
            return "–"
        return f"{name} <{publication.sender_address}>"

    @admin.display(description=_("Set up"))
    def complete(self, publication: Publication) -> SafeString:
        """Tell what is missing before a brief can go out."""
        if not publication.sender_address:
            return badge(_("sender missing"), "warning")
        if not publication.postal_address.strip():
            return badge(_("postal address missing"), "warning")
        return badge(_("ready"), "success")

    @admin.display(description=_("Sign-up page"))
    def sign_up(self, publication: Publication) -> SafeString | str:
        """Link to where readers subscribe."""
        url = sign_up_url(publication)
        if not url:
            return "–"
        return format_html(
            '<a class="ib-link" href="{}" target="_blank" rel="noopener">/s/{}/</a>',
            url,
            publication.slug,
        )


@admin.register(Topic)
class TopicAdmin(DeskAdmin[Topic]):
    """What a reader may choose within a publication."""

    list_display = ["name", "kind_name", "publication_name"]
    list_filter = ["kind", ("publication", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["publication"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["publication", "kind", ("name", "slug")]

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "publication" and not is_superuser(request):
            kwargs["queryset"] = Publication.objects.filter(pk__in=allowed_ids(request, "edit"))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=_("Kind"), ordering="kind")
    def kind_name(self, topic: Topic) -> SafeString:
        """Show the kind as a badge."""
        return badge(topic.get_kind_display(), "info" if topic.kind == "region" else "neutral")

    @admin.display(description=_("Publication"), ordering="publication__name")
    def publication_name(self, topic: Topic) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(topic.publication)


@admin.register(Author)
class AuthorAdmin(DeskAdmin[Author]):
    """Names under briefs; they belong to no publication, so any editor may look after them."""

    list_display = ["name", "user"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    list_select_related = ["user"]

    def get_fields(self, request: HttpRequest, obj: Author | None = None) -> list[Any]:
        # The list of everybody who logs in is for who looks after the whole site.
        user = ["user"] if is_superuser(request) else []
        return [("name", "slug"), *user, "about"]

    def visible(self, rows: QuerySet[Author], publications: frozenset[int]) -> QuerySet[Author]:
        return rows

    def publication_ids_of(self, obj: Author) -> frozenset[int]:
        return frozenset(Publication.objects.values_list("pk", flat=True))

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "about":
            kwargs["widget"] = Growing({"rows": 3, "class": f"{INPUT} ib-growing"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)
