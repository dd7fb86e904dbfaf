"""The outgoing links of one mail, numbered by first appearance."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

# nh3 quotes every attribute and escapes <, > and " inside, so this matches each
# start tag of an anchor exactly and nothing in text or in another attribute.
_ANCHOR = re.compile(r'(<a(?: [a-z]+="[^"]*")*? href=")([^"]*)(")')


def is_web(url: str) -> bool:
    """Tell a link that leads out to the web from mailto: and footnote links."""
    return url.startswith(("http://", "https://"))


class Links:
    """Collects the distinct web links of a mail and what is mailed in their place."""

    def __init__(self, link: Callable[[str], str]) -> None:
        self._link = link
        self._mailed: dict[str, str] = {}

    @property
    def originals(self) -> tuple[str, ...]:
        """Return the distinct URLs as written, in order of first appearance."""
        return tuple(self._mailed)

    def mailed(self, url: str) -> str:
        """Return what is mailed in place of *url*; asks once per distinct URL."""
        if url not in self._mailed:
            self._mailed[url] = self._link(url)
        return self._mailed[url]

    def number(self, url: str) -> int:
        """Return the place of *url* in the mail, from 1."""
        self.mailed(url)
        return list(self._mailed).index(url) + 1

    def replace_in(self, fragment: str) -> str:
        """Put what is mailed in place of every web link of a sanitised fragment."""

        def replaced(match: re.Match[str]) -> str:
            url = html.unescape(match[2])
            if not is_web(url):
                return match[0]
            return match[1] + html.escape(self.mailed(url)) + match[3]

        return _ANCHOR.sub(replaced, fragment)
