"""What every page of the desk says while nothing is sent."""

from typing import Any

from django import template
from django.template import RequestContext

from deliveries import guard
from deliveries.models import Installation

register = template.Library()


@register.simple_tag(takes_context=True)
def held_installation(context: RequestContext) -> Installation | None:
    """Return the installation if it is held and the page is for a colleague."""
    user: Any = context.get("user")
    return guard.held() if user is not None and user.is_staff else None
