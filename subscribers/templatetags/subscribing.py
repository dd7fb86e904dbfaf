"""What pages of every app show for readers: the subscribe form and the links beside it."""

import json
from typing import Any

from django import template
from django.conf import settings
from django.template import Context
from django.urls import reverse
from django.utils.translation import get_language, gettext

from briefs.models import Publication
from subscribers import forms
from subscribers.forms import SignUpForm, SubscribeForm

register = template.Library()


@register.simple_tag
def privacy_link(publication: Publication) -> str:
    """Return where the privacy notice of *publication* is."""
    return publication.privacy_url or reverse("subscribers:privacy", args=[publication.slug])


@register.simple_tag
def imprint_link(publication: Publication) -> str:
    """Return where the imprint of *publication* is."""
    return publication.imprint_url or reverse("subscribers:imprint", args=[publication.slug])


@register.inclusion_tag("subscribers/_form.html", takes_context=True)
def subscribe_form(
    context: Context,
    publication: Publication,
    form: SubscribeForm | None = None,
    *,
    short: bool = False,
) -> dict[str, Any]:
    """Show the form of *publication*, empty or as it came in; *short* asks for the address only."""
    return {
        "publication": publication,
        "form": form or SubscribeForm(publication),
        "short": short,
        "minutes": context.get("minutes"),
        "is_down": context.get("is_down"),
    }


@register.simple_tag
def languages_to_choose(
    form: SignUpForm, publication: Publication | None = None
) -> list[tuple[str, str, bool]]:
    """Return code and name of each language, and whether it is chosen: at first our own."""
    own = publication.language if publication else get_language()
    chosen = form["language"].value() or own
    return [(code, name, code == chosen) for code, name in settings.LANGUAGES]


@register.simple_tag
def zones_to_choose(form: SignUpForm) -> list[tuple[str, list[tuple[str, str, bool]]]]:
    """Return the time zones by part of the world, and whether each is chosen."""
    chosen = form["time_zone"].value()
    return [
        (part, [(zone, place, zone == chosen) for zone, place in found])
        for part, found in forms.zones_to_choose().items()
    ]


@register.simple_tag
def proof_words() -> str:
    """Return what the widget of the proof of work says, as the JSON that it wants."""
    return json.dumps(
        {
            "label": gettext("I am no robot"),
            "verifying": gettext("One moment …"),
            "verified": gettext("Ready"),
            "waitAlert": gettext("One moment, please: your browser is still computing."),
            "error": gettext("That did not work. Please load the page again."),
            "expired": gettext("That took too long. Please load the page again."),
        }
    )


@register.filter
def told(value: Any) -> str:
    """Return a detail of a consent record as people read it: [before, after] is an arrow."""
    if isinstance(value, list):
        return " → ".join(told(one) or "–" for one in value)
    return "" if value is None else str(value)
