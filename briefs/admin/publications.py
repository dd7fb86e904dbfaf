"""Publications, their topics, and the names under briefs."""

from typing import Any, ClassVar

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import Exists, Field, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from briefs import old_addresses
from briefs.admin import look
from briefs.admin.audit import note_rules
from briefs.admin.desk import (
    DeskAdmin,
    allowed_ids,
    badge,
    is_superuser,
    publication_label,
)
from briefs.admin.publication_form import PublicationForm
from briefs.admin.widgets import INPUT, Growing, Markdown, TimeZoneField, TopicChips
from briefs.models import Author, Publication, Topic
from briefs.roles import Verb

MOST_LOGO_OCTETS = 1_000_000
MOST_COUNTED = 10_000


def sign_up_url(publication: Publication) -> str:
    """Return the address of the publication's sign-up page; empty where there is none."""
    try:
        return settings.SITE_URL + reverse("subscribers:subscribe", args=[publication.slug])
    except NoReverseMatch:
        return ""


@admin.register(Publication)
class PublicationAdmin(DeskAdmin[Publication]):
    """What a reader subscribes to; its owner sets it up."""

    class Media:
        js = ("desk/preview.js", "desk/look.js")

    form = PublicationForm
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
    readonly_fields = ["look_preview"]
    fieldsets = [
        (
            _("Identity"),
            {
                "classes": ["tab"],
                "fields": [
                    ("name", "slug"),
                    "tagline",
                    "description",
                    "series",
                    "default_topics",
                    "is_public",
                    ("shows_locked_headlines", "feed_full_text"),
                ],
            },
        ),
        (
            _("Sender"),
            {
                "classes": ["tab"],
                "fields": [("sender_name", "sender_address"), "reply_to", "hold_seconds"],
            },
        ),
        (
            _("Look"),
            {
                "classes": ["tab"],
                "fields": ["frame", "colour", "logo", "header", "footer", "look_preview"],
            },
        ),
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
            {
                "classes": ["tab"],
                "fields": [("language", "time_zone"), ("digest_weekday", "digest_hour")],
            },
        ),
        (
            _("Sign-up wording"),
            {"classes": ["tab"], "fields": ["consent_wording", "tracking"]},
        ),
        (
            _("Sign-off and checks"),
            {
                "classes": ["tab"],
                "fields": ["needs_approval", "audience_share", "requires_second_factor"],
            },
        ),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def get_urls(self) -> list[URLPattern]:
        wrap = self.admin_site.admin_view
        return [
            path("<int:pk>/look/", wrap(look.preview), name="briefs_publication_look"),
            *super().get_urls(),
        ]

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
            "colour": look.Palette,
            "footer": Markdown(rows=4),
            "default_topics": TopicChips(),
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

    def save_model(self, request: HttpRequest, obj: Publication, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "slug" in form.changed_data:
            old_addresses.leave_slug(form.initial["slug"], obj)
        if change:
            note_rules(request, obj, form)
        if "tracking" in form.changed_data and obj.tracking == Publication.Tracking.PER_READER:
            messages.warning(
                request,
                _(
                    "From now on the sign-up wording says that opens and clicks are noted for each "
                    "reader, and for who signs up under it they are. Readers you have already are "
                    "counted in totals only, as they agreed. A privacy notice of your own has to "
                    "say it too."
                ),
            )

    @admin.display(description=_("A mail in this look"))
    def look_preview(self, publication: Publication) -> SafeString:
        """Show the latest brief as the form would have it mailed."""
        return look.frame(publication)

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


def only_choice_of(topic: Topic) -> int:
    """Count the readers who chose *topic* and no other, as far as MOST_COUNTED."""
    # By the relation's name: the app of the readers stands above this one.
    readers: Any = topic.subscriptions
    others = readers.through.objects.exclude(topic=topic).filter(subscription=OuterRef("pk"))
    found: int = readers.filter(~Exists(others))[:MOST_COUNTED].count()
    return found


@admin.register(Topic)
class TopicAdmin(DeskAdmin[Topic]):
    """What a reader may choose within a publication."""

    list_display = ["name", "kind_name", "publication_name"]
    list_filter = ["kind", ("publication", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["publication"]
    search_fields = ["name"]
    prepopulated_fields = {"slug": ["name"]}
    fields = ["publication", "kind", ("name", "slug")]

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> Any:
        """Say before it is done who would get everything: readers who chose nothing else."""
        topic = self.get_object(request, object_id)
        if topic and request.method == "GET" and (number := only_choice_of(topic)):
            message = ngettext(
                "%(number)s reader has chosen this topic and no other. Without it they get every "
                "brief of %(publication)s, as if they had chosen none.",
                "%(number)s readers have chosen this topic and no other. Without it they get "
                "every brief of %(publication)s, as if they had chosen none.",
                number,
            )
            shown = f"{number:,}" if number < MOST_COUNTED else f"{MOST_COUNTED:,}+"
            names = {"number": shown, "publication": topic.publication}
            messages.warning(request, message % names)
        return super().delete_view(request, object_id, extra_context)

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
    """Names under briefs; an editor looks after those that only their publications use."""

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

    def has_change_permission(self, request: HttpRequest, obj: Author | None = None) -> bool:
        if not super().has_change_permission(request, obj):
            return False
        author = self._row(request, obj)
        if author is None or is_superuser(request):
            return True
        # The name would stand under the next brief of a publication of others.
        others = author.brief_set.exclude(publication__in=allowed_ids(request, "edit"))
        return not others.exists()

    def has_delete_permission(self, request: HttpRequest, obj: Author | None = None) -> bool:
        if not super().has_delete_permission(request, obj):
            return False
        author = self._row(request, obj)
        return author is None or is_superuser(request) or not author.brief_set.exists()

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "about":
            kwargs["widget"] = Growing({"rows": 3, "class": f"{INPUT} ib-growing"})
        return super().formfield_for_dbfield(db_field, request, **kwargs)
