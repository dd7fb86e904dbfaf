"""Says of words in another language than the page's which one it is."""

from django import template
from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from briefs.models import Publication

register = template.Library()


@register.simple_tag
def spoken(publication: Publication | None) -> SafeString | str:
    """Return the attributes of an element with words of *publication*; "" in its own language.

    Screen readers pronounce by them, and a headline from right to left keeps its
    full stop at its end.
    """
    if publication is None or publication.language == get_language():
        return ""
    code = publication.language
    is_rtl = code.partition("-")[0] in settings.LANGUAGES_BIDI
    return format_html(' lang="{}" dir="{}"', code, "rtl" if is_rtl else "ltr")
