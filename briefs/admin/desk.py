"""What every page of the desk shares: who may see which row, badges, lists that do not count."""

from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from django.contrib.admin import RelatedFieldListFilter
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import BigAutoField, ForeignKey, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from briefs import roles
from briefs.models import Publication, User

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
else:
    from unfold.admin import ModelAdmin

M = TypeVar("M", bound=Model)

MOST_DIGITS = 18
MOST_TOGETHER = 20
NEWEST_FIRST = {"-id"}
TONES = ("neutral", "info", "success", "warning", "danger")


def allowed_ids(request: HttpRequest, verb: roles.Verb) -> frozenset[int]:
    """Return the publications for which this request's user may *verb*; asked once a request."""
    known: dict[str, frozenset[int]] = request.__dict__.setdefault("_desk_allowed", {})
    if verb not in known:
        known[verb] = roles.publication_ids(request.user, verb)
    return known[verb]


def publications_for(request: HttpRequest, verb: roles.Verb) -> QuerySet[Publication]:
    """Return the publications for which this request's user may *verb*."""
    rows = Publication.objects.all()
    return rows if is_superuser(request) else rows.filter(pk__in=allowed_ids(request, verb))


def is_superuser(request: HttpRequest) -> bool:
    """Tell whether the whole site is this user's."""
    return request.user.is_active and request.user.is_superuser


def editor_of(request: HttpRequest) -> User:
    """Return the user of a request that the admin has let in."""
    if isinstance(request.user, AnonymousUser):
        raise TypeError("This page is for people who are logged in.")
    return request.user


def number(text: str) -> int | None:
    """Return the number that *text* is; None for what no column holds.

    Python refuses to read thousands of digits, and a database more than 19.
    """
    return int(text) if text.isdecimal() and len(text) <= MOST_DIGITS else None


def key_in(object_id: str) -> int | None:
    """Return the key that Django’s admin reads from an address: “+1” and “_2B1” are row 1 too."""
    try:
        key: int = BigAutoField().to_python(unquote(object_id))
    except ValidationError:
        return None
    return key


def badge(text: object, tone: str = "neutral") -> SafeString:
    """Return a status as a coloured word; *tone* is one of TONES."""
    return format_html('<span class="ib-badge ib-badge-{}">{}</span>', tone, text)


def publication_label(publication: Publication) -> SafeString:
    """Return a publication's name beside a dot of its colour."""
    return format_html(
        '<span class="ib-pub"><span class="ib-dot" style="background:{}"></span>{}</span>',
        publication.colour,
        publication.name,
    )


class CappedPaginator(Paginator[Any]):
    """Counts no further than CAP rows, so that a page of a million costs what a page costs."""

    CAP = 10_000
    template_name = "admin/desk/pagination.html"

    @property
    def is_capped(self) -> bool:
        """Tell whether there are more rows than were counted."""
        return self.count >= self.CAP

    # The publications that the rows are narrowed to.
    publications: frozenset[int] = frozenset()

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list)
        return rows.order_by()[: self.CAP].count()

    def page(self, number: Any) -> Page[Any]:
        """Return the page; of several publications' rows the latest of each, put together.

        An index has the rows of one publication in their order. Of several,
        a database sorts all of them for the fifty that are shown.
        """
        rows = cast("QuerySet[Any]", self.object_list)
        few = 1 < len(self.publications) <= MOST_TOGETHER
        if not few or set(rows.query.order_by) != NEWEST_FIRST:
            return super().page(number)
        valid = self.validate_number(number)
        begin = (valid - 1) * self.per_page
        end = min(begin + self.per_page, self.count)
        found: list[int] = []
        for publication in sorted(self.publications):
            theirs = rows.filter(publication=publication)
            found += theirs.values_list("pk", flat=True)[:end]
        chosen = sorted(found, reverse=True)[begin:end]
        return Page(rows.filter(pk__in=chosen), valid, self)


class PublicationFilter(RelatedFieldListFilter):
    """Offers the user's own publications, without a look at each row for whose it is."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> Any:
        """Return the publications that the list may be narrowed to."""
        mine = {} if is_superuser(request) else {"pk__in": allowed_ids(request, "write")}
        return field.get_choices(include_blank=False, limit_choices_to=mine, ordering=("name",))


class DeskAdmin(ModelAdmin[M]):
    """Shows and changes only what the user's memberships allow.

    `publication_path` leads from a row to its publication; `verbs` names what
    a user must be allowed for each action, None that nobody may do it here.
    """

    publication_path: ClassVar[str] = "publication"
    verbs: ClassVar[dict[str, roles.Verb | None]] = {
        "view": "write",
        "add": "edit",
        "change": "edit",
        "delete": "edit",
    }
    compressed_fields = False
    empty_value_display = "–"  # as our own columns write it
    list_fullwidth = True
    show_full_result_count = False
    warn_unsaved_form = True
    list_filter_sheet = False
    list_per_page = 50

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Name the list by what is in it, in the browser's tab as on the page."""
        title = capfirst(self.model._meta.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[M]:
        rows = super().get_queryset(request)
        verb = self.verbs["view"]
        if is_superuser(request):
            return rows
        if verb is None:
            return rows.none()
        return self.visible(rows, allowed_ids(request, verb))

    def visible(self, rows: QuerySet[M], publications: frozenset[int]) -> QuerySet[M]:
        """Return those of *rows* that belong to one of *publications*."""
        return rows.filter(**{f"{self.publication_path}__in": publications})

    def formfield_for_foreignkey(
        self, db_field: ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Offer no publication but those for which the user may add such a row."""
        verb = self.verbs["add"]
        if db_field.name == "publication" and verb and not is_superuser(request):
            mine = Publication.objects.filter(pk__in=allowed_ids(request, verb))
            kwargs.setdefault("queryset", mine)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def publication_ids_of(self, obj: M) -> frozenset[int]:
        """Return the ids of the publications that *obj* belongs to."""
        target: Any = obj
        for step in self.publication_path.split("__"):
            target = target if step == "pk" else getattr(target, step)
        return frozenset() if target is None else frozenset({target.pk})

    def get_paginator(
        self, request: HttpRequest, queryset: QuerySet[M], per_page: int, *args: Any, **kwargs: Any
    ) -> Paginator[M]:
        """Tell the paginator which publications the list is narrowed to."""
        paginator: Paginator[M] = super().get_paginator(
            request, queryset, per_page, *args, **kwargs
        )
        verb = self.verbs["view"]
        # Only a column of the row itself leads to its publication by an index.
        is_own = type(self).visible is DeskAdmin.visible and self.publication_path == "publication"
        if isinstance(paginator, CappedPaginator) and verb and is_own and not is_superuser(request):
            paginator.publications = allowed_ids(request, verb)
        return paginator

    def may(self, request: HttpRequest, verb: roles.Verb | None, obj: M | None = None) -> bool:
        """Tell whether the user may *verb* for the publication of *obj*, or for any without one."""
        if verb is None:
            return False
        if is_superuser(request):
            return True
        allowed = allowed_ids(request, verb)
        return bool(allowed) if obj is None else bool(allowed & self.publication_ids_of(obj))

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.may(request, self.verbs["view"], self._row(request, obj))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, self.verbs["add"])

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.may(request, self.verbs["change"], self._row(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return self.may(request, self.verbs["delete"], self._row(request, obj))

    def _row(self, request: HttpRequest, obj: Any) -> M | None:
        # Unfold asks about the actions of a page with the row's id in place of the row.
        if obj is None or isinstance(obj, Model):
            return cast("M | None", obj)
        return self.get_object(request, str(obj))


class EvidenceAdmin(DeskAdmin[M]):
    """Shows rows that nobody may add, change or delete by hand."""

    verbs: ClassVar[dict[str, roles.Verb | None]] = {
        "view": "publish",
        "add": None,
        "change": None,
        "delete": None,
    }
    warn_unsaved_form = False
    actions = None
