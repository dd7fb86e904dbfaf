"""What search engines and link previews are told of a brief: schema.org as JSON-LD."""

import json
from typing import Any

from django.conf import settings
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from briefs import corrections, feeds
from briefs.models import Brief, Publication
from briefs.rendering import Text

# Each of these could end the script element, or begin another (HTML, 4.12.1.3).
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def script(told: Any) -> SafeString:
    """Return *told* as a data block: browsers run no script of this type, whatever is in it."""
    words = json.dumps(told, ensure_ascii=False).translate(_ESCAPES)
    return format_html(
        '<script type="application/ld+json">{}</script>',
        mark_safe(words),  # noqa: S308  # nothing is left that a parser of HTML would act upon
    )


def article(
    brief: Brief,
    text: Text,
    summary: str,
    notices: list[corrections.Notice],
    authors: list[tuple[str, str]],
    image_url: str,
) -> SafeString:
    """Return *brief* as a NewsArticle and the way to it as a BreadcrumbList.

    *authors* are names, each with the path of a list or "". Without an
    *image_url* none is told of.
    """
    home = brief.publication
    url = f"{settings.SITE_URL}{brief.web_path()}"
    published = feeds.readable_from(brief)
    news: dict[str, Any] = {
        "@type": "NewsArticle",
        "headline": text.headline,
        "description": summary,
        "url": url,
        "mainEntityOfPage": url,
        "datePublished": published.isoformat(timespec="seconds"),
        "dateModified": max([published, *(one.at for one in notices)]).isoformat(
            timespec="seconds"
        ),
        "inLanguage": home.language,
        "isAccessibleForFree": brief.access == Brief.Access.PUBLIC and home.is_public,
        "author": [_person(name, path) for name, path in authors] or [_publisher(home)],
        "publisher": _publisher(home),
        "keywords": list(text.topics),
        "image": image_url,
        "correction": [
            {
                "@type": "CorrectionComment",
                "text": one.plain,
                "datePublished": one.at.isoformat(timespec="seconds"),
            }
            for one in notices
        ],
    }
    graph = [{name: value for name, value in news.items() if value or value is False}]
    graph.append(_way(home, text, url))
    return script({"@context": "https://schema.org", "@graph": graph})


def _person(name: str, path: str) -> dict[str, str]:
    told = {"@type": "Person", "name": name}
    return {**told, "url": settings.SITE_URL + path} if path else told


def _publisher(home: Publication) -> dict[str, str]:
    told = {
        "@type": "NewsMediaOrganization",
        "name": home.name,
        "url": f"{settings.SITE_URL}/{home.slug}/",
    }
    return {**told, "logo": settings.SITE_URL + home.logo.url} if home.logo else told


def _way(home: Publication, text: Text, url: str) -> dict[str, Any]:
    top = f"{settings.SITE_URL}/{home.slug}/"
    month = f"{text.date.year:04}-{text.date.month:02}"
    places = [
        (home.name, top),
        (month, f"{top}{text.date.year:04}/{text.date.month:02}/"),
        (text.headline, url),
    ]
    return {
        "@type": "BreadcrumbList",
        "itemListElement": [
            {"@type": "ListItem", "position": number, "name": name, "item": item}
            for number, (name, item) in enumerate(places, 1)
        ],
    }
