"""The view that every ESP posts to; asked past session, log-in and cookies (intelbrief.door)."""

import logging

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.utils import get_request_basic_auth
from anymail.webhooks.base import AnymailBaseWebhookView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.csrf import csrf_exempt

from deliveries import events, ledger
from deliveries.receivers import esps, reading
from deliveries.told import DEFERRED, DELIVERED, Told
from subscribers.doorbell import Bell

log = logging.getLogger(__name__)

LARGEST = 5_000_000  # octets
_USUAL = (DELIVERED, DEFERRED)
_bell = Bell("deliveries.tasks.apply_events")


class Unreadable(ValueError):
    """Nothing in a post can be understood; the ESP shows its owner that it was not taken."""


@csrf_exempt  # the post comes from an ESP, which proves itself otherwise
def webhook(request: HttpRequest, esp: str) -> HttpResponse:
    """Take what *esp* posts: 200 once it is in the database, 403 for a forged post, 400 for none.

    404 where nothing is set that a post could be known by. GET and HEAD, by
    which some ESPs try the address, change nothing.
    """
    esp = esp.replace("-", "_")
    view = _opened(esp)
    if view is None:
        return _answer(404)
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return _answer(200)
    if request.method != "POST":
        return _answer(405)
    if refusal := _refused_by_header(view, request):
        return refusal
    if not _read_body(request):
        return _answer(413, f"This is more than {LARGEST:,} octets.")
    try:
        _verify(view, request)
        tolds = _parsed(esp, view, request)
    except AnymailWebhookValidationFailure:
        return _answer(403, "The signature or the secret is wrong.")
    except Unreadable:
        return _answer(400, "This cannot be understood.")
    if tolds:
        # What somebody was told of a reader's wish outlives a loss of power; that a letter
        # arrived is not worth a write to the disk for each.
        is_grave = any(told.type not in _USUAL for told in tolds)
        with ledger.durable() if is_grave else transaction.atomic():
            events.receive(esp, tolds)
            _bell.ring()
    elif esp == "amazon_ses":
        _show_confirmation(request)
    return _answer(200)


def _opened(esp: str) -> AnymailBaseWebhookView | None:
    try:
        view = esps.opened(esp)
    except (KeyError, ImproperlyConfigured):
        return None
    if esp == "mandrill" and not view.webhook_url:
        view.is_of_mandrill = True
    return view


def _refused_by_header(view: AnymailBaseWebhookView, request: HttpRequest) -> HttpResponse | None:
    """Refuse a wrong secret before the body is read: anybody may send one."""
    if not view.basic_auth:
        return None
    given = get_request_basic_auth(request)
    if given is None and view.esp_name == "Amazon SES":
        # Amazon SNS sends the secret only once it was asked for.
        asking = _answer(401)
        asking["WWW-Authenticate"] = 'Basic realm="webhooks"'
        return asking
    if given is None or not _is_known(given, view.basic_auth):
        return _answer(403, "The secret is wrong.")
    return None


def _is_known(given: str, secrets: list[str]) -> bool:
    found = False
    for secret in secrets:
        found |= constant_time_compare(given, secret)
    return found


def _read_body(request: HttpRequest) -> bool:
    """Read the body, which Django would not take in this size; return False for a larger one."""
    body = request.read(LARGEST + 1)
    if len(body) > LARGEST:
        return False
    request._body = body
    return True


def _verify(view: AnymailBaseWebhookView, request: HttpRequest) -> None:
    """Raise AnymailWebhookValidationFailure for a forged post, Unreadable for what is none."""
    if getattr(view, "is_of_mandrill", False):
        view.webhook_url = _address_of(request)
    try:
        view.setup(request)
        view.run_validators(request)
    except AnymailWebhookValidationFailure:
        raise
    except Exception as error:  # Anymail takes the form of a post for granted
        raise Unreadable from error


def _address_of(request: HttpRequest) -> str:
    """Return the address that Mandrill signed: as it was pasted, in front of any proxy."""
    scheme, _, host = settings.SITE_URL.partition("://")
    given = get_request_basic_auth(request)
    secret = f"{given}@" if given is not None else ""
    return f"{scheme}://{secret}{host}{request.get_full_path()}"


def _parsed(esp: str, view: AnymailBaseWebhookView, request: HttpRequest) -> list[Told]:
    """Return what the post tells; an event that cannot be read takes no other with it."""
    try:
        found = view.parse_events(request)
        return [told for event in found for told in reading.tolds(esp, event)]
    except Exception as error:  # noqa: BLE001  # any type may stand where Anymail expects another
        return _one_by_one(esp, view, request, error)


def _one_by_one(
    esp: str, view: AnymailBaseWebhookView, request: HttpRequest, error: Exception
) -> list[Told]:
    tolds: list[Told] = []
    good, bad = 0, 0
    try:
        parts = list(esps.parts(esp, request))
    except Exception as worse:  # not even a list
        raise Unreadable from worse
    for part in parts:
        try:
            tolds += [
                told for event in view.parse_events(part) for told in reading.tolds(esp, event)
            ]
            good += 1
        except Exception:  # noqa: BLE001  # see above
            bad += 1
    if not good:
        raise Unreadable from error
    log.warning("%d of %d events of %s could not be read.", bad, good + bad, esp)
    return tolds


def _show_confirmation(request: HttpRequest) -> None:
    try:
        url = esps.confirmation(request)
    except ValueError:
        return
    if url:
        log.warning("Amazon SNS asks to post here. If the topic is yours, open: %s", url)


def _answer(status: int, words: str = "") -> HttpResponse:
    return HttpResponse(words, status=status, content_type="text/plain; charset=utf-8")
