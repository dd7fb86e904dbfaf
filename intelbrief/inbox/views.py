"""The page of the local inbox: what would have been sent, as its readers would see it."""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from intelbrief.inbox import mailbox, preview

# What proxies add. The visitor behind one is not on this machine, whatever Host says.
FORWARDED = ("Forwarded", "Via", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP")

View = Callable[..., HttpResponse]

TABS = {"html": "HTML", "text": "Text", "headers": "Headers", "raw": "Source"}
LISTED = 200
LONGEST_SOURCE = 400_000  # characters; the whole message can be downloaded
POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def local_only(view: View) -> View:
    """Hide *view* from other machines, and where a provider carries the mail."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not settings.LOCAL_INBOX or not _comes_from_here(request):
            raise Http404
        response = view(request, *args, **kwargs)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers["Cache-Control"] = "no-store"
        return response

    return guarded


def _comes_from_here(request: HttpRequest) -> bool:
    """Tell a visitor on this machine from one that a proxy or tunnel lets in."""
    if any(name in request.headers for name in FORWARDED):
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False
    return (getattr(address, "ipv4_mapped", None) or address).is_loopback


@require_safe
@local_only
def index(request: HttpRequest) -> HttpResponse:
    """List what has come, newest first."""
    return render(request, "inbox/inbox.html", _list(request))


@require_safe
@local_only
def message(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002  (as the address has it)
    """Show one message beside the list."""
    letter = _find(id)
    tabs = {key: name for key, name in TABS.items() if key != "html" or letter.html}
    tab = request.GET.get("show", "")
    scheme = request.GET.get("scheme", "")
    context = _list(request) | {
        "letter": letter,
        "tabs": tabs,
        "tab": tab if tab in tabs else next(iter(tabs)),
        "scheme": scheme if scheme in preview.SCHEMES else "light",
        "is_phone": request.GET.get("width") == "phone",
        "source": letter.raw[:LONGEST_SOURCE].decode(errors="replace"),
        "is_cut": len(letter.raw) > LONGEST_SOURCE,
        "text": letter.text.replace("\x00", "�"),
    }
    return render(request, "inbox/inbox.html", context)


@require_safe
@xframe_options_sameorigin
@local_only
def html(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002  (as the address has it)
    """Give the HTML part for the frame, sandboxed by its own policy too."""
    scheme = "dark" if request.GET.get("scheme") == "dark" else "light"
    response = HttpResponse(preview.as_seen(_find(id).html, scheme).encode(errors="replace"))
    response.headers["Content-Security-Policy"] = preview.POLICY.format(site=settings.SITE_URL)
    return response


@require_safe
@local_only
def download(request: HttpRequest, id: str) -> HttpResponse:  # noqa: A002  (as the address has it)
    """Give the message as a file that mail programs open."""
    response = HttpResponse(_find(id).raw, content_type="message/rfc822")
    response.headers["Content-Disposition"] = f'attachment; filename="{id}.eml"'
    return response


@require_POST
@local_only
def empty(request: HttpRequest) -> HttpResponse:
    """Delete all messages."""
    mailbox.empty(settings.INBOX_DIR)
    return HttpResponseRedirect(reverse("inbox:index"))


def _find(name: str) -> mailbox.Letter:
    letter = mailbox.read(settings.INBOX_DIR, name)
    if letter is None:
        raise Http404("This message is not in the inbox (any more).")
    return letter


def _list(request: HttpRequest) -> dict[str, Any]:
    search = request.GET.get("q", "").strip()[:200]
    return {
        "entries": mailbox.entries(settings.INBOX_DIR, search, LISTED),
        "count": mailbox.count(settings.INBOX_DIR),
        "listed": LISTED,
        "search": search,
        "port": settings.INBOX_SMTP_PORT,
    }
