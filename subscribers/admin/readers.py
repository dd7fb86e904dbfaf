"""Readers: found by address, added with a basis, ended with evidence, never deleted."""

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.db.models import Exists, Field, OuterRef, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs.addresses import InvalidAddress, normalise
from briefs.admin.desk import (
    CappedPaginator,
    DeskAdmin,
    allowed_ids,
    editor_of,
    is_superuser,
    publication_label,
)
from briefs.admin.widgets import TimeZoneField
from briefs.models import Publication
from briefs.roles import Verb
from subscribers import consent
from subscribers.admin.forms import AddReader
from subscribers.admin.subscriptions import moment, status_of
from subscribers.models import ConsentRecord, Subscriber, Subscription

if TYPE_CHECKING:
    from django.contrib.admin import TabularInline
else:
    from unfold.admin import TabularInline

READER_VERBS: dict[str, Verb | None] = {
    "view": "publish",
    "add": "publish",
    "change": "publish",
    "delete": None,  # who is deleted without a trace could be imported again
}
DETAILS = ("name", "language", "time_zone")


class ReadOnlyInline(TabularInline[Any, Any]):
    """Rows that are shown and not edited."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).select_related("publication")
        if is_superuser(request):
            return rows
        return rows.filter(publication__in=allowed_ids(request, "publish"))


class SubscriptionInline(ReadOnlyInline):
    """What the reader subscribes to, with the button that ends it."""

    model = Subscription
    template = "admin/subscribers/subscriptions.html"
    fields = ["publication"]
    readonly_fields = ["publication"]
    verbose_name_plural = gettext_lazy("Subscriptions")


class ConsentInline(ReadOnlyInline):
    """What the reader agreed to and withdrew, as a timeline."""

    model = ConsentRecord
    template = "admin/subscribers/timeline.html"
    fields = ["kind"]
    readonly_fields = ["kind"]
    verbose_name_plural = gettext_lazy("Consent")
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("wording", "by")


class StatusFilter(admin.SimpleListFilter):
    """Finds readers by the status they have with publications of the user's own."""

    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[Any]:
        return list(Subscription.Status.choices)

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[Subscriber]
    ) -> QuerySet[Subscriber]:
        if self.value() not in Subscription.Status.values:
            return queryset
        theirs = Subscription.objects.filter(status=self.value())
        if not is_superuser(request):
            theirs = theirs.filter(publication__in=allowed_ids(request, "publish"))
        if self.value() == Subscription.Status.ACTIVE:
            # Nearly all: the first of the list are soon found one by one.
            return queryset.filter(Exists(theirs.filter(subscriber=OuterRef("pk"))))
        # Few: they are found by their index, which holds nobody active (SQLite wants it said).
        few = theirs.exclude(status=Subscription.Status.ACTIVE)
        return queryset.filter(pk__in=few.values("subscriber"))


@admin.register(Subscriber)
class SubscriberAdmin(DeskAdmin[Subscriber]):
    """Readers: found by address, added by hand with a stated basis, never deleted here."""

    verbs: ClassVar[dict[str, Verb | None]] = READER_VERBS
    list_display = ["person", "subscribed_to", "since"]
    list_display_links = ["person"]
    list_filter = [StatusFilter]
    search_fields = ["address_key"]
    search_help_text = gettext_lazy("An address or a part of it")
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator
    inlines = [SubscriptionInline, ConsentInline]
    readonly_fields = ["address", "since"]
    fieldsets = [
        (None, {"fields": [("address", "name"), ("language", "time_zone"), "since"]}),
    ]
    add_fieldsets = [
        (
            None,
            {
                "fields": [("address", "name"), "publication", "basis", "again"],
                "description": gettext_lazy(
                    "For readers who asked by phone, by mail or in person. They are active at "
                    "once and get no confirmation mail, so state how they agreed."
                ),
            },
        )
    ]

    def visible(
        self, rows: QuerySet[Subscriber], publications: frozenset[int]
    ) -> QuerySet[Subscriber]:
        theirs = Subscription.objects.filter(
            subscriber=OuterRef("pk"), publication__in=publications
        )
        return rows.filter(Exists(theirs))

    def publication_ids_of(self, obj: Subscriber) -> frozenset[int]:
        return frozenset(obj.subscriptions.values_list("publication_id", flat=True))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Subscriber]:
        theirs = Subscription.objects.select_related("publication")
        if not is_superuser(request):
            theirs = theirs.filter(publication__in=allowed_ids(request, "publish"))
        rows = super().get_queryset(request)
        return rows.prefetch_related(Prefetch("subscriptions", theirs, to_attr="shown"))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Subscriber], search_term: str
    ) -> tuple[QuerySet[Subscriber], bool]:
        """Find by the key that addresses are compared by: a whole one by its index."""
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(address_key=normalise(term).key), False
        except InvalidAddress:
            return queryset.filter(address_key__contains=term.casefold()), False

    # --- the form ----------------------------------------------------------

    def get_form(
        self, request: HttpRequest, obj: Subscriber | None = None, change: bool = False, **kw: Any
    ) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **kw)
        publications = self._publications(request)

        class Form(AddReader):
            def __init__(self, *args: Any, **kwargs: Any) -> None:
                super().__init__(*args, **kwargs)
                field: Any = self.fields["publication"]
                field.queryset = publications
                field.initial = publications.first()

        return super().get_form(request, obj, change, form=Form, **kw)

    def get_readonly_fields(self, request: HttpRequest, obj: Subscriber | None = None) -> Any:
        if obj is None:
            return ()
        return [*self.readonly_fields, *(DETAILS if self._is_shared(request, obj) else ())]

    def get_fieldsets(self, request: HttpRequest, obj: Subscriber | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if obj is None or not self._is_shared(request, obj):
            return fieldsets
        why = _("These details are shared; who looks after the whole site can change them.")
        return [(name, {**options, "description": why}) for name, options in fieldsets]

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse to follow a relation: it would tell what a reader has elsewhere."""
        relations = {field.name for field in self.opts.get_fields() if field.is_relation}
        if lookup.partition("__")[0] in relations:
            return False
        return super().lookup_allowed(lookup, value, request)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        reader = self.get_object(request, object_id)
        may_erase = is_superuser(request)
        if reader is not None and not may_erase:
            theirs = self.publication_ids_of(reader)
            may_erase = bool(theirs) and theirs <= allowed_ids(request, "manage")
        context = {**(extra_context or {}), "may_erase": may_erase}
        return super().change_view(request, object_id, form_url, context)

    def _is_shared(self, request: HttpRequest, reader: Subscriber) -> bool:
        """Tell whether the reader belongs to publications that are not this user's as well."""
        if is_superuser(request):
            return False
        return not self.publication_ids_of(reader) <= allowed_ids(request, "publish")

    def get_inlines(self, request: HttpRequest, obj: Subscriber | None) -> list[Any]:
        return list(self.inlines) if obj else []

    def formfield_for_dbfield(
        self, db_field: Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "time_zone":
            return TimeZoneField(label=gettext_lazy("Time zone"), required=False)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Subscriber, form: Any, change: bool) -> None:
        """Store changes with their evidence; a new reader comes in through the verb for it."""
        if change:
            super().save_model(request, obj, form, change)
            changed = [name for name in DETAILS if name in form.changed_data]
            for theirs in obj.subscriptions.all() if changed else ():
                consent.record(
                    theirs,
                    ConsentRecord.Kind.CHANGED,
                    source="admin",
                    by=editor_of(request),
                    details={"changed": changed},
                )
            return
        given = form.cleaned_data
        subscription = consent.add_by_hand(
            given["publication"],
            given["address"],
            basis=given["basis"],
            by=editor_of(request),
            name=given["name"],
        )
        obj.pk = subscription.subscriber_id
        obj._state.adding = False
        obj.refresh_from_db()

    def _publications(self, request: HttpRequest) -> QuerySet[Publication]:
        if is_superuser(request):
            return Publication.objects.all()
        return Publication.objects.filter(pk__in=allowed_ids(request, "publish"))

    # --- the list ----------------------------------------------------------

    @admin.display(description=gettext_lazy("Reader"))
    def person(self, reader: Subscriber) -> SafeString:
        """Show the address, and the name below it."""
        return format_html(
            '<span class="ib-title">{}<span class="ib-title-series">{}</span></span>',
            reader.address,
            reader.name,
        )

    @admin.display(description=gettext_lazy("Subscriptions"))
    def subscribed_to(self, reader: Subscriber) -> SafeString | str:
        """Show each publication with the status of the reader's subscription."""
        shown: list[Subscription] = getattr(reader, "shown", [])
        parts = ((publication_label(s.publication), status_of(s)) for s in shown)
        return format_html_join("", '<span class="ib-sub">{} {}</span>', parts) if shown else "–"

    @admin.display(description=gettext_lazy("Since"))
    def since(self, reader: Subscriber) -> str:
        """Show when the address first came in."""
        return moment(reader.created_at)
