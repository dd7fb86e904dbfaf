"""The HTML of a mail as a reader would see it: in light or in dark, links in a new tab."""

import re

SCHEMES = ("light", "dark")
_QUERY = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)", re.IGNORECASE)
_PROPERTY = re.compile(r"(?<![\w-])((?:supported-)?color-schemes?\s*:)[^;}\"']+", re.IGNORECASE)
_META = re.compile(r"<meta\b[^>]*\bname=[\"']?(?:supported-)?color-schemes?\b[^>]*>", re.IGNORECASE)
_HEAD = re.compile(r"<head\b[^>]*>", re.IGNORECASE)

# A message is shown in a frame of its own: it runs no script, sends no form and
# reaches nothing but pictures; its links open beside it.
POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data: https: {site}; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)


def as_seen(html: str, scheme: str) -> str:
    """Return *html* with its media queries answered as on a device in *scheme*.

    The browser that shows it has a scheme of its own, which this overrules
    without a script.
    """

    def answer(query: re.Match[str]) -> str:
        return "(min-width: 0)" if query[1].lower() == scheme else "(max-width: 0)"

    html = _META.sub("", _QUERY.sub(answer, html))
    html = _PROPERTY.sub(rf"\g<1> {scheme}", html)
    ours = f'<meta name="color-scheme" content="{scheme}"><base target="_blank">'
    head = _HEAD.search(html)
    at = head.end() if head else 0
    return html[:at] + ours + html[at:]
