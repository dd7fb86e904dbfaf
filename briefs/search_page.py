"""The search page: a form that works without script, of the whole site or of a publication."""

import re
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from briefs import search
from briefs.models import Publication
from briefs.pages import publication_page, readable, reader_of

# As addresses name them; the query itself is "q".
FACETS = ("publication", "topic", "region", "author", "year")
_SLUG = re.compile(r"[-\w]{1,120}", re.ASCII)
_YEAR = re.compile("[0-9]{4}")


class Option(NamedTuple):
    """A choice of a facet as it stands on the page: what it is called, and where it leads."""

    name: str
    size: int
    path: str


class Chip(NamedTuple):
    """A facet that is chosen, and the address without it."""

    title: str
    name: str
    path: str


@require_safe
def search_site(request: HttpRequest) -> HttpResponse:
    """Search all publications that the visitor may read."""
    return _answer(request, None)


@require_safe
@publication_page
def search_publication(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Search one publication, in its look and language."""
    # As with its page: one that is not public is not there for who reads nothing of it.
    if not publication.is_public and not readable(request).filter(publication=publication).exists():
        raise Http404
    return _answer(request, publication)


def _answer(request: HttpRequest, publication: Publication | None) -> HttpResponse:
    typed = request.GET.get("q", "")
    query = search.parse(typed)
    chosen = _chosen(request, publication)
    filters = search.Filters(**chosen)
    # A publication's own page asks for words, or for something else than itself.
    is_asked = bool(query or len(chosen) > (publication is not None))
    results = (
        search.find(query, reader_of(request), timezone.now(), filters, _page(request))
        if is_asked
        else search.Results(query)
    )
    shown = _Addresses(request.path, typed[: search.LONGEST], chosen, publication)
    context = {
        "publication": publication,
        "typed": typed[: search.LONGEST].replace("\x00", ""),
        "results": results,
        "is_asked": is_asked,
        "is_wordless": bool(typed.strip()) and not query,
        "facets": shown.facets(results),
        "chips": shown.chips(results),
        "kept": shown.kept(),
        "suggestion": shown.words(results.did_you_mean) if results.did_you_mean else "",
        "newer": shown.page(results.page - 1) if results.page > 1 else "",
        "older": shown.page(results.page + 1) if results.page < results.pages else "",
        "elsewhere": shown.everywhere() if publication and query else "",
        "is_reader": bool(reader_of(request).publication_ids),
    }
    response = render(request, "briefs/search.html", context)
    if typed or is_asked:
        response.headers["X-Robots-Tag"] = "noindex"
    # What was looked for is nobody's business: sites that results link to are not told.
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _chosen(request: HttpRequest, publication: Publication | None) -> dict[str, Any]:
    """Return the facets that the address names and that can mean anything."""
    values = {name: request.GET.get(name, "") for name in FACETS}
    chosen: dict[str, Any] = {
        name: value for name, value in values.items() if name != "year" and _SLUG.fullmatch(value)
    }
    # Years have four digits, and there is none before the first.
    if _YEAR.fullmatch(values["year"]) and int(values["year"]):
        chosen["year"] = int(values["year"])
    if publication is not None:
        chosen["publication"] = publication.slug
    return chosen


def _page(request: HttpRequest) -> int:
    value = request.GET.get("page", "")
    return int(value) if re.fullmatch("[0-9]{1,5}", value) else 1


class _Addresses:
    """Where the links of a search page lead: the same search, with one thing changed."""

    def __init__(
        self, path: str, typed: str, chosen: dict[str, Any], publication: Publication | None
    ) -> None:
        self._path = path
        # The address of a publication's own page says which one.
        self._chosen = {k: v for k, v in chosen.items() if k != "publication" or not publication}
        self._typed = typed
        self._is_home = publication is not None

    def facets(self, results: search.Results) -> list[tuple[str, str, list[Option]]]:
        """Return what can be chosen yet: key, title, options; one option alone narrows nothing."""
        found = []
        for name, title in _titles().items():
            choices = results.facets.get(name, [])
            is_settled = name in self._chosen or (name == "publication" and self._is_home)
            if (
                is_settled
                or not choices
                or (len(choices) == 1 and choices[0].size == results.total)
            ):
                continue
            options = [Option(c.name, c.size, self._with(**{name: c.value})) for c in choices]
            found.append((name, title, options))
        return found

    def chips(self, results: search.Results) -> list[Chip]:
        """Return what is chosen, by the names that the found briefs give it."""
        chips = []
        for name, title in _titles().items():
            if name not in self._chosen:
                continue
            value = str(self._chosen[name])
            # Where nothing was found no name is told: the address says it already.
            names = {choice.value: choice.name for choice in results.facets.get(name, [])}
            chips.append(Chip(title, names.get(value, value), self._with(**{name: ""})))
        return chips

    def kept(self) -> list[tuple[str, str]]:
        """Return what the form keeps when other words are typed."""
        return [(name, str(value)) for name, value in self._chosen.items()]

    def words(self, words: str) -> str:
        """Return the address of the search for *words*."""
        return self._with(q=words)

    def page(self, number: int) -> str:
        """Return the address of another page of it."""
        return self._with(page=number if number > 1 else "")

    def everywhere(self) -> str:
        """Return the address of the search in all publications."""
        return "/search/?" + urlencode({"q": self._typed})

    def _with(self, **changes: Any) -> str:
        values = {"q": self._typed, **self._chosen, **changes}
        return f"{self._path}?" + urlencode({k: v for k, v in values.items() if v})


def _titles() -> dict[str, str]:
    return {
        "publication": _("Publication"),
        "topic": _("Topic"),
        "region": _("Region"),
        "author": _("Author"),
        "year": _("Year"),
    }
