"""What the head of a page tells programs: where its feeds are, in which language it is."""

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

# Open Graph wants a country beside the language: that of the spelling we write.
LOCALES = {"en": "en_GB", "de": "de_DE", "fr": "fr_FR", "es": "es_ES"}


@register.filter
def og_locale(language: str) -> str:
    """Return *language* as Open Graph writes it."""
    return LOCALES.get(language, language.replace("-", "_"))


@register.simple_tag
def feed_links(path: str, name: str) -> SafeString:
    """Return links by which feed readers find the feeds at *path*."""
    link = '<link rel="alternate" type="{}" title="{}" href="{}{}feed.{}">'
    kinds = (("application/atom+xml", "atom"), ("application/feed+json", "json"))
    lines = [
        format_html(link, kind, name, settings.SITE_URL, path, written) for kind, written in kinds
    ]
    return SafeString("\n".join(lines))
