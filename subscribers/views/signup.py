"""Where readers subscribe: what is typed is looked at, stored and answered; nothing else.

The answer is one for all addresses. Neither row nor mail nor status of an
address is asked for before it has left: subscribers.intake says why.
"""

import logging
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import translation
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from briefs.models import Publication
from briefs.pages import entry_of, publication_page, readable, shared_language, speaks
from briefs.rendering import show_markdown
from subscribers import attack, intake, limits, places, proof_of_work
from subscribers.doorbell import Bell
from subscribers.doors import briefly_kept
from subscribers.forms import ChooseForm, SignUpForm, SubscribeForm
from subscribers.origin import origin_of
from subscribers.tasks import note_sign_ups
from subscribers.views.answers import not_found, reads_and_posts

log = logging.getLogger(__name__)
bell = Bell(note_sign_ups)

# Shows the form again with a status, and what else its template needs.
ShowAgain = Callable[..., HttpResponse]


def take_in(
    request: HttpRequest,
    form: SignUpForm,
    show_again: ShowAgain,
    *,
    source: str,
    site: str = "",
) -> HttpResponse | None:
    """Take in what *form* brought; return None when it is done, else the answer that says why not.

    *site* is the origin of the page that the form stood on, if it was not ours.
    """
    if form.is_robot:
        return None  # thanked, and forgotten
    if not form.is_valid():
        form.asks_for_proof = _asks_for_proof(form)
        return show_again(422)
    origin = origin_of(request)
    wanted = [publication.pk for publication in form.wanted]
    proven = form.is_proven()
    if not proven and attack.is_up(wanted):
        form.asks_for_proof = True
        return show_again(422)
    address = form.cleaned_data["address"]
    fields = {name: form.cleaned_data[name] for name in ("name", "language", "time_zone")}
    row = intake.make(form.wishes(), address, source=source, **fields, **origin)
    counters = limits.counters(
        ip=origin["ip"], address=address, publications=wanted, site=site, proven=proven
    )
    try:
        verdict = intake.accept(row, counters)
    except DatabaseError:
        log.exception("A sign-up could not be stored.")
        return show_again(503, is_down=True)
    if verdict.must_wait:
        return show_again(429, minutes=verdict.minutes)
    if verdict.limit is limits.Limit.PUBLICATION:
        form.asks_for_proof = True
        return show_again(422)
    if verdict.limit is limits.Limit.ADDRESS:
        return None
    bell.ring()
    return None


@csrf_exempt  # an anonymous form, meant to be embedded elsewhere too; it sets no cookie
@reads_and_posts
def subscribe(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the form of a publication, and take it in."""
    publication = _publication(slug)
    with translation.override(publication.language):
        return speaks(_subscribe(request, publication), publication.language)


@briefly_kept
def _publication(slug: str) -> Publication:
    return get_object_or_404(Publication, slug=slug)


def _subscribe(request: HttpRequest, publication: Publication) -> HttpResponse:
    if not publication.is_public:
        return not_found(request)
    if request.method != "POST":
        return _subscribe_page(request, SubscribeForm(publication))
    form = SubscribeForm(publication, request.POST)

    def show_again(status: int, **more: Any) -> HttpResponse:
        return _subscribe_page(request, form, status, **more)

    answer = take_in(request, form, show_again, source="form")
    return answer or see_other("subscribers:thanks", publication.slug)


def _asks_for_proof(form: SignUpForm) -> bool:
    """Tell whether any publication of *form* is under attack."""
    return attack.is_up(publication.pk for publication in form.publications)


def see_other(name: str, *arguments: str) -> HttpResponse:
    """Send the browser to the page *name*, which it gets with GET."""
    response = HttpResponseRedirect(_path(name, *arguments))
    response.status_code = 303
    return response


@lru_cache(maxsize=1_000)
def _path(name: str, *arguments: str) -> str:
    return reverse(name, args=arguments)


def _subscribe_page(
    request: HttpRequest, form: SubscribeForm, status: int = 200, **more: Any
) -> HttpResponse:
    publication = form.publication
    if not form.is_bound:
        form.asks_for_proof = _asks_for_proof(form)
    context = {
        "publication": publication,
        "form": form,
        "description_html": show_markdown(publication.description, language=publication.language),
        "entries": [
            entry_of(brief) for brief in readable(request).filter(publication=publication)[:3]
        ],
        "canonical": places.subscribe_url(publication),
        **more,
    }
    return answer_with(request, "subscribers/subscribe.html", context, status)


def answer_with(
    request: HttpRequest, template: str, context: dict[str, Any], status: int
) -> HttpResponse:
    """Answer with a page that holds a form; nothing may keep it, as it says when it was shown."""
    response = render(request, template, context, status=status)
    if minutes := context.get("minutes"):
        response.headers["Retry-After"] = str(60 * minutes)
    patch_cache_control(response, no_store=True)
    return response


@require_safe
@publication_page
def thanks(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Say that a mail is on its way, or will not be: the page cannot know."""
    return render(request, "subscribers/thanks.html", {"publication": publication})


# --- all publications ---------------------------------------------------------


@csrf_exempt  # as above
@reads_and_posts
def choose(request: HttpRequest) -> HttpResponse:
    """Show what there is to subscribe to, and take in which of it was chosen."""
    publications = list(Publication.objects.filter(is_public=True))
    if not publications:
        return not_found(request)
    language = shared_language(publications)
    with translation.override(language or translation.get_language()):
        if request.method != "POST":
            answer = _choose_page(request, ChooseForm(publications))
        else:
            form = ChooseForm(publications, request.POST)

            def show_again(status: int, **more: Any) -> HttpResponse:
                return _choose_page(request, form, status, **more)

            answer = take_in(request, form, show_again, source="form") or see_other(
                "subscribers:chosen"
            )
        return speaks(answer, language)


def _choose_page(
    request: HttpRequest, form: ChooseForm, status: int = 200, **more: Any
) -> HttpResponse:
    if not form.is_bound:
        form.asks_for_proof = _asks_for_proof(form)
    return answer_with(request, "subscribers/choose.html", {"form": form, **more}, status)


@require_safe
def chosen(request: HttpRequest) -> HttpResponse:
    """Say that a mail is on its way, or will not be: the page cannot know."""
    return render(request, "subscribers/thanks.html", {})


# --- the proof of work ----------------------------------------------------------


def _puzzle(scope: str) -> HttpResponse:
    response = JsonResponse(proof_of_work.challenge(scope))
    patch_cache_control(response, no_store=True)
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@require_safe
def challenge(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Give a puzzle for the browser to solve; costs no query."""
    return _puzzle(slug or proof_of_work.EVERYWHERE)
