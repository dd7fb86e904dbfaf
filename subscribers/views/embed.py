"""The sign-up form on other sites: as plain HTML, or drawn by a script in the site's own style.

Any page may post here, without cookies or credentials: what a stranger's page
can make a browser post, anybody may post. The limits are of their own, so a
flood through one site closes neither our form nor that of another.
"""

import json
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from briefs.models import Publication
from briefs.pages import publication_page
from subscribers import places, proof_of_work
from subscribers.forms import SubscribeForm
from subscribers.views.answers import not_found
from subscribers.views.signup import answer_with, see_other, take_in

SNIPPET = "subscribers/embed_snippet.html"


@csrf_exempt  # as for our own form
@require_http_methods(["GET", "HEAD", "POST", "OPTIONS"])
@publication_page
def embed(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Show what to paste into another site; take in what comes from there."""
    if not publication.is_public:
        return not_found(request)
    if request.method == "OPTIONS":
        return _open_to_all(HttpResponse(status=204))
    if request.method != "POST":
        return _page_for_editors(request, publication)
    form = SubscribeForm(publication, request.POST, is_elsewhere=True)
    site = _site_of(request)
    if "application/json" in request.headers.get("Accept", ""):
        return _open_to_all(_answer_to_script(request, form, site))

    def show_again(status: int, **more: Any) -> HttpResponse:
        # The form on our own page goes on from here; it has the present wording.
        data = request.POST.copy()
        data["stamp"] = form.fresh_stamp()
        form.data = data
        context = {"publication": publication, "form": form, **more}
        return answer_with(request, "subscribers/subscribe.html", context, status)

    answer = take_in(request, form, show_again, source="embed", site=site)
    return answer or see_other("subscribers:thanks", publication.slug)


def _site_of(request: HttpRequest) -> str:
    """Return the host of the page that the form stands on, as far as its browser tells."""
    named = request.headers.get("Origin") or request.headers.get("Referer") or ""
    try:
        return urlsplit(named[:300]).hostname or "unknown"
    except ValueError:
        return "unknown"


def _open_to_all(response: HttpResponse) -> HttpResponse:
    """Let scripts of any site post the form and read the answer (fetch.spec.whatwg.org)."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Access-Control-Allow-Methods"] = "POST, OPTIONS"
    response.headers["Access-Control-Allow-Headers"] = "Accept, Content-Type"
    response.headers["Access-Control-Max-Age"] = "86400"
    return response


def _answer_to_script(request: HttpRequest, form: SubscribeForm, site: str) -> HttpResponse:
    """Take the form in and answer in JSON; one answer for all addresses here too."""

    def show_again(status: int, **more: Any) -> HttpResponse:
        answer: dict[str, Any] = {
            "done": False,
            "text": _words(form, **more),
            "errors": {name: str(errors[0]) for name, errors in form.errors.items()},
            "suggestion": form.suggestion,
        }
        if form.asks_for_proof:
            answer["proof"] = proof_of_work.challenge(form.scope)
        return JsonResponse(answer, status=status)

    refused = take_in(request, form, show_again, source="embed", site=site)
    text = _("Check your inbox") + ". "
    text += _(
        "If this address is not subscribed yet, a mail with a button is on its way to you. "
        "One press, and it begins."
    )
    response = refused or JsonResponse({"done": True, "text": text})
    patch_cache_control(response, no_store=True)
    return response


def _words(form: SubscribeForm, minutes: int = 0, *, is_down: bool = False) -> str:
    """Return what to show beside the form."""
    if minutes:
        return _(
            "Too many sign-ups came from your network. Please try again in %(minutes)s min."
        ) % {"minutes": minutes}
    if is_down:
        return _("We cannot take this in at the moment. Please press the button again soon.")
    return "" if form.asks_for_proof else str(next(iter(form.non_field_errors()), ""))


def endpoint(publication: Publication) -> str:
    """Return where other sites post the form."""
    return settings.SITE_URL + reverse("subscribers:embed", args=[publication.slug])


def snippets(publication: Publication) -> dict[str, str]:
    """Return {"html", "script"}: what to paste into another site."""
    script = settings.SITE_URL + reverse("subscribers:embed_script", args=[publication.slug])
    form = SubscribeForm(publication)
    html = render_to_string(
        SNIPPET,
        {
            "publication": publication,
            "form": form,
            "endpoint": endpoint(publication),
            "privacy_url": places.privacy_url(publication),
        },
    )
    return {"html": html.strip(), "script": f'<script src="{script}" async></script>'}


def _page_for_editors(request: HttpRequest, publication: Publication) -> HttpResponse:
    context = {
        "publication": publication,
        "form": SubscribeForm(publication),
        **snippets(publication),
    }
    return answer_with(request, "subscribers/embed.html", context, 200)


@require_safe
@publication_page
def embed_script(request: HttpRequest, publication: Publication) -> HttpResponse:
    """Give the script that draws the form where it stands; the same for every visitor."""
    if not publication.is_public:
        return not_found(request)
    form = SubscribeForm(publication)
    words = {
        "endpoint": endpoint(publication),
        "page": places.subscribe_url(publication),
        "lang": publication.language,
        "name": publication.name,
        "stamp": form.timeless_stamp(),
        "wording": form.wording,
        "address": str(form.fields["address"].label),
        "your_name": str(form.fields["name"].label),
        "optional": _("if you like"),
        "topics": [[topic.slug, topic.name] for topic in form.topics],
        "topics_title": _("Topics"),
        "button": _("Subscribe"),
        "keep": _("Keep it as typed"),
        "privacy": [_("Privacy notice"), places.privacy_url(publication)],
        "trap": _("Leave this empty"),
        "trouble": _("That did not work. Please subscribe on our page:"),
    }
    # "<" is written so that it ends no script, wherever somebody may paste this.
    config = json.dumps(words).replace("<", "\\u003c")
    body = render_to_string("subscribers/embed.js", {"config": mark_safe(config)})  # noqa: S308  (see above)
    response = HttpResponse(body, content_type="text/javascript; charset=utf-8")
    # Public and short: a change of the wording must reach the page before long.
    patch_cache_control(response, public=True, max_age=300)
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
