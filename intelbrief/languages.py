"""In which language a page is written where nothing but the browser tells."""

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.translation.trans_real import parse_accept_lang_header

LONGEST_HEADER = 500  # characters; browsers send a tenth


def preferred(header: str) -> str:
    """Return the language of ours that comes first in an Accept-Language *header*."""
    for code, _weight in parse_accept_lang_header(header[:LONGEST_HEADER]):
        if code == "*":
            break
        try:
            return translation.get_supported_language_variant(code)
        except LookupError:
            continue
    return str(settings.LANGUAGE_CODE)


class LanguageMiddleware(LocaleMiddleware):
    """Speak the browser's language until a view knows better, and tell caches which it was.

    Who speaks the language of a publication or reader says so by Content-Language
    (briefs.pages.speaks): that page is the same for all browsers, so a cache keeps
    one of it. Django's own would have caches keep one per Accept-Language, and asks
    a cookie that no cache knows of.
    """

    def process_request(self, request: HttpRequest) -> None:
        """Activate the language that the browser prefers."""
        translation.activate(preferred(request.headers.get("Accept-Language", "")))
        request.LANGUAGE_CODE = translation.get_language()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        """Say what the language of a page depended on; pictures and data have none."""
        is_page = response.headers.get("Content-Type", "").startswith("text/html")
        if is_page and "Content-Language" not in response.headers:
            response.headers["Content-Language"] = translation.get_language() or ""
            patch_vary_headers(response, ["Accept-Language"])
        return response
