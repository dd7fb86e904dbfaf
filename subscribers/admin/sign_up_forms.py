"""Sign-up forms: how each is guarded, and where to find what other sites paste."""

from typing import Any, ClassVar

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from briefs.admin.desk import DeskAdmin, allowed_ids, badge, is_superuser, publication_label
from briefs.models import Publication
from briefs.roles import Verb
from subscribers.admin.subscriptions import moment
from subscribers.models import Defence


@admin.register(Defence)
class DefenceAdmin(DeskAdmin[Defence]):
    """One for each publication; attack mode is automatic, held on or held off."""

    verbs: ClassVar[dict[str, Verb | None]] = {
        "view": "publish",
        "add": None,
        "change": "publish",
        "delete": None,
    }
    list_display = ["label", "mode", "state", "page", "elsewhere"]
    list_display_links = ["label"]
    list_select_related = ["publication"]
    ordering = ["publication__name"]
    sortable_by = ()
    fields = ["mode", "state", "page", "elsewhere"]
    readonly_fields = ["state", "page", "elsewhere"]

    def changelist_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show every publication's, also of one that nobody has touched yet."""
        theirs = Publication.objects.filter(defence__isnull=True)
        if not is_superuser(request):
            theirs = theirs.filter(pk__in=allowed_ids(request, "publish"))
        Defence.objects.bulk_create(
            (Defence(publication=publication) for publication in theirs), ignore_conflicts=True
        )
        return super().changelist_view(request, *args, **kwargs)

    @admin.display(description=gettext_lazy("Publication"))
    def label(self, defence: Defence) -> SafeString:
        """Show the publication with its colour."""
        return publication_label(defence.publication)

    @admin.display(description=gettext_lazy("State"))
    def state(self, defence: Defence) -> SafeString:
        """Show whether visitors must bring a proof of work, and since when."""
        if not defence.is_up:
            return badge(_("quiet"), "success")
        if defence.mode == Defence.Mode.ON or defence.on_since is None:
            return badge(_("attack mode, held on"), "warning")
        return badge(_("attack mode since %(time)s") % {"time": moment(defence.on_since)}, "danger")

    @admin.display(description=gettext_lazy("Page"))
    def page(self, defence: Defence) -> SafeString:
        """Link to the form."""
        return _link("subscribers:subscribe", defence.publication, _("Open the form"))

    @admin.display(description=gettext_lazy("On other sites"))
    def elsewhere(self, defence: Defence) -> SafeString:
        """Link to what is pasted into other sites."""
        return _link("subscribers:embed", defence.publication, _("Copy the form"))


def _link(name: str, publication: Publication, words: str) -> SafeString:
    if not publication.is_public:
        return badge(_("not public"))
    return format_html('<a href="{}">{}</a>', reverse(name, args=[publication.slug]), words)
