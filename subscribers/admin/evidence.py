"""What is only ever read: consent records, the wordings they were given under, notices."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from briefs.addresses import InvalidAddress, normalise
from briefs.admin.desk import (
    CappedPaginator,
    EvidenceAdmin,
    PublicationFilter,
    badge,
    publication_label,
)
from subscribers import suppression
from subscribers.admin.subscriptions import moment
from subscribers.models import ConsentRecord, ConsentWording, Notice, Subscriber
from subscribers.story import evidence_under

KIND_TONES = {
    "requested": "neutral",
    "confirmed": "success",
    "added": "info",
    "imported": "info",
    "changed": "neutral",
    "unsubscribed": "warning",
    "complained": "danger",
    "erased": "danger",
}
NOTICE_TONES = {"unsent": "warning", "sent": "success", "failed": "danger"}


@admin.register(ConsentRecord)
class ConsentRecordAdmin(EvidenceAdmin[ConsentRecord]):
    """Who agreed to what, when and from where."""

    list_display = ["moment", "kind_badge", "who", "publication_name", "source", "by"]
    list_display_links = ["moment"]
    list_filter = ["kind", ("publication", PublicationFilter)]
    list_select_related = ["subscriber", "publication", "by"]
    search_fields = ["address_hash"]
    search_help_text = _("The whole address; an erased reader is found too")
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator
    fields = [
        ("kind", "at"),
        ("subscriber", "publication"),
        "wording",
        "basis",
        ("source", "by"),
        ("ip", "user_agent"),
        ("address_hash", "delivery_id"),
    ]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ConsentRecord], search_term: str
    ) -> tuple[QuerySet[ConsentRecord], bool]:
        """Find by the hash of the address, which outlives the reader."""
        if not search_term.strip():
            return queryset, False
        try:
            key = normalise(search_term).key
        except InvalidAddress:
            return queryset.none(), False
        readers = Subscriber.objects.filter(address_key=key).values_list("pk", flat=True)
        found = evidence_under([suppression.address_hash(key)], readers)
        return queryset.filter(pk__in=found), False

    @admin.display(description=_("When"))
    def moment(self, record: ConsentRecord) -> str:
        """Show the time in the editor's zone."""
        return moment(record.at)

    @admin.display(description=_("What"))
    def kind_badge(self, record: ConsentRecord) -> SafeString:
        """Show what happened as a badge."""
        return badge(record.get_kind_display(), KIND_TONES[record.kind])

    @admin.display(description=_("Reader"))
    def who(self, record: ConsentRecord) -> str:
        """Show the address; of who was erased only the hash is left."""
        if record.subscriber:
            return record.subscriber.address
        return str(_("erased (%(hash)s…)")) % {"hash": record.address_hash[:8]}

    @admin.display(description=_("Publication"))
    def publication_name(self, record: ConsentRecord) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(record.publication)


@admin.register(ConsentWording)
class ConsentWordingAdmin(EvidenceAdmin[ConsentWording]):
    """Each version of the words that readers agreed to."""

    list_display = ["text", "publication", "created_at"]
    list_filter = [("publication", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["publication"]
    fields = ["publication", "text", "created_at", "digest"]


@admin.register(Notice)
class NoticeAdmin(EvidenceAdmin[Notice]):
    """Single mails: confirmations and welcomes, and whether they went out."""

    list_display = ["kind_name", "who", "status_badge", "due", "attempts", "sent", "last_error"]
    list_display_links = ["kind_name"]
    list_filter = ["status", "kind"]
    list_select_related = ["subscription__subscriber", "user"]
    search_fields = ["subscription__subscriber__address_key"]
    ordering = ["-id"]
    sortable_by = ()
    paginator = CappedPaginator

    def visible(self, rows: QuerySet[Notice], publications: frozenset[int]) -> QuerySet[Notice]:
        return rows.filter(
            Q(subscription__publication__in=publications) | Q(publication__in=publications)
        )

    def publication_ids_of(self, obj: Notice) -> frozenset[int]:
        if obj.user_id and obj.publication is None:
            return frozenset()  # of an account, which is its owner's alone
        publication = obj.publication or obj.link.publication
        return frozenset({publication.pk})

    @admin.display(description=_("Kind"))
    def kind_name(self, notice: Notice) -> str:
        """Show what kind of mail it is."""
        return notice.get_kind_display()

    @admin.display(description=_("To"))
    def who(self, notice: Notice) -> str:
        """Show the address."""
        if notice.user is not None:
            return notice.user.email
        if notice.subscription is None:
            return notice.address
        return notice.link.subscriber.address

    @admin.display(description=_("Status"))
    def status_badge(self, notice: Notice) -> SafeString:
        """Show the status as a badge."""
        return badge(notice.get_status_display(), NOTICE_TONES[notice.status])

    @admin.display(description=_("Due"))
    def due(self, notice: Notice) -> str:
        """Show when it is tried next, while it is unsent."""
        return moment(notice.due_at) if notice.status == Notice.Status.UNSENT else "–"

    @admin.display(description=_("Sent"))
    def sent(self, notice: Notice) -> str:
        """Show when it went out."""
        return moment(notice.sent_at)

    @admin.display(description=_("Last error"))
    def last_error(self, notice: Notice) -> str:
        """Show the beginning of the server's words."""
        return notice.error[:80] or "–"
