"""How a publication's mails look: colours to choose from, and a sample beside the fields."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminColorInputWidget

from briefs import revisions, roles
from briefs.admin.desk import editor_of
from briefs.admin.preview import places_of
from briefs.models import Publication
from briefs.rendering import (
    Unrenderable,
    render_email,
    shades,
)

# Each reads on white as it is, with a contrast of 4.5 or more, and has a twin for the night.
PALETTE: tuple[tuple[str, str | Promise], ...] = (
    ("#1f4e79", gettext_lazy("Ink")),
    ("#1b2a5c", gettext_lazy("Navy")),
    ("#0f5c5c", gettext_lazy("Teal")),
    ("#22593a", gettext_lazy("Forest")),
    ("#555a1e", gettext_lazy("Olive")),
    ("#855400", gettext_lazy("Ochre")),
    ("#9a3b14", gettext_lazy("Rust")),
    ("#a11d2b", gettext_lazy("Red")),
    ("#7a1f3d", gettext_lazy("Wine")),
    ("#5e2a6e", gettext_lazy("Plum")),
    ("#3d4a5c", gettext_lazy("Slate")),
    ("#22252a", gettext_lazy("Black")),
)
MOST_CHARACTERS = 5_000
# What of the form a mail shows; a logo is shown once it is stored.
SHOWN = (
    *("name", "colour", "frame", "header", "footer", "language"),
    *("postal_address", "contact_block", "unsubscribe_wording", "series"),
)


class Palette(UnfoldAdminColorInputWidget):  # type: ignore[misc]  # Unfold has no types
    """The browser's own choice of colour, with colours before it that read well."""

    template_name = "admin/desk/palette.html"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        context["palette"] = [
            {"colour": colour, "name": words, "night": shades(colour)[1]}
            for colour, words in PALETTE
        ]
        return context


def frame(publication: Publication | None) -> SafeString:
    """Return where the sample mail is shown beside the fields."""
    return format_html(
        '<div class="ib-look" data-look="{}"><div class="ib-segments" role="group" '
        'aria-label="{}"><button type="button" data-look-view="mail" aria-pressed="true">{}'
        '</button><button type="button" data-look-view="dark" aria-pressed="false">{}</button>'
        '<button type="button" data-look-view="phone" aria-pressed="false">{}</button></div>'
        '<p class="ib-help" role="status" data-look-note></p>'
        '<div class="ib-frame" data-frame="mail"><iframe sandbox="allow-same-origin" title="{}" '
        "data-look-frame></iframe></div></div>",
        reverse("admin:briefs_publication_look", args=[(publication and publication.pk) or 0]),
        _("Preview as"),
        _("E-mail"),
        _("Dark"),
        _("Phone"),
        _("A mail in this look"),
    )


@require_POST
def preview(request: HttpRequest, pk: int) -> JsonResponse:
    """Answer with the publication's latest brief in the look that stands in the form."""
    publication = _publication(request, pk)
    for name in SHOWN:
        field = Publication._meta.get_field(name)
        posted = request.POST.get(name, "")[: getattr(field, "max_length", None) or MOST_CHARACTERS]
        setattr(publication, name, posted)
    publication.name = publication.name or _("Publication")
    if publication.language not in dict(settings.LANGUAGES):
        publication.language = settings.LANGUAGE_CODE
    content = _sample(publication)
    look = replace(revisions.look_from(content), site_url="")
    try:
        html = render_email(revisions.text_from(content), look, places_of(publication)).html
    except Unrenderable as error:
        return JsonResponse({"error": str(error)}, status=400)
    return JsonResponse({"html": html, "note": _note(publication.colour)})


def _publication(request: HttpRequest, pk: int) -> Publication:
    user = editor_of(request)
    if pk == 0:
        if not (user.is_active and user.is_superuser):
            raise PermissionDenied
        return Publication(slug="sample")
    publication = Publication.objects.filter(pk=pk).first()
    if publication is None or not roles.can(user, "manage", publication):
        raise PermissionDenied
    return publication


def _sample(publication: Publication) -> dict[str, Any]:
    latest = publication.briefs.order_by("-pk").first() if publication.pk else None
    if latest:
        latest.publication = publication
        return revisions.snapshot(latest)
    return {
        "headline": _("A headline in your colour"),
        "series": publication.series or _("Series"),
        "date": timezone.localdate().isoformat(),
        "preheader": "",
        "key_points": [_("What the reader shall remember"), _("And what follows from it")],
        "body": _("A paragraph with a [link](https://example.org/) in it.\n\n> And a quotation."),
        "authors": [],
        "topics": [],
        "contact_block": publication.contact_block,
        "publication": revisions.snapshot_publication(publication),
    }


def _note(colour: str) -> str:
    """Say how a colour is changed for the eyes of readers; nothing where it is not by day."""
    light, dark = shades(colour)
    if light == colour.lower():
        return _("By night, words in this colour are %(dark)s.") % {"dark": dark}
    return _(
        "This colour is too pale for words on white: readers see %(light)s by day and %(dark)s "
        "by night."
    ) % {"light": light, "dark": dark}
