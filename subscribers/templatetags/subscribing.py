"""What pages of every app show for readers: the subscribe form and the links beside it."""

from typing import Any

from django import template
from django.urls import reverse

from briefs.models import Publication
from subscribers.forms import SubscribeForm

register = template.Library()


@register.simple_tag
def privacy_link(publication: Publication) -> str:
    """Return where the privacy notice of *publication* is."""
    return publication.privacy_url or reverse("subscribers:privacy", args=[publication.slug])


@register.simple_tag
def imprint_link(publication: Publication) -> str:
    """Return where the imprint of *publication* is."""
    return publication.imprint_url or reverse("subscribers:imprint", args=[publication.slug])


@register.inclusion_tag("subscribers/_form.html")
def subscribe_form(
    publication: Publication, form: SubscribeForm | None = None, *, short: bool = False
) -> dict[str, Any]:
    """Show the form of *publication*, empty or as it came in; *short* asks for the address only."""
    return {"publication": publication, "form": form or SubscribeForm(publication), "short": short}
