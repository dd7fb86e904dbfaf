"""Numbers and times as people read them."""

import datetime as dt
from collections.abc import Mapping
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def thousands(value: int | None) -> str:
    """Write 1204 as 1,204; nothing as a dash."""
    return "–" if value is None else f"{value:,}"


@register.filter
def at(values: Mapping[str, object], key: str) -> object:
    """Return what *values* has under *key*, which may be no name: in-doubt."""
    return values.get(key, "")


@register.simple_tag
def both_clocks(at: dt.datetime | None, zone: str, form: str = "j M Y, H:i") -> SafeString | str:
    """Write *at* by the editor's clock, and beside it by that of *zone* where it shows another."""
    if at is None:
        return "–"
    here = timezone.localtime(at)
    try:
        there = at.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError):
        there = here
    if here.utcoffset() == there.utcoffset():
        return format_html('<time datetime="{}">{}</time>', at.isoformat(), date_format(here, form))
    is_other_day = here.date() != there.date()
    return format_html(
        '<time datetime="{}">{}</time> <span class="ib-muted ib-there">· {} {}</span>',
        at.isoformat(),
        date_format(here, form),
        date_format(there, "D, H:i" if is_other_day else "H:i"),
        zone,
    )
