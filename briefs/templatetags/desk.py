"""Numbers as people read them."""

from django import template

register = template.Library()


@register.filter
def thousands(value: int | None) -> str:
    """Write 1204 as 1,204; nothing as a dash."""
    return "–" if value is None else f"{value:,}"
