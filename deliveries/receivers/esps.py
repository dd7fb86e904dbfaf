"""The ESPs that Anymail can hear, how each proves itself, and what its posts are made of."""

import json
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from anymail.webhooks.base import AnymailBaseWebhookView
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest, QueryDict
from django.utils.module_loading import import_string

# What an ESP's view holds once it checks signatures.
_SIGNS_BY = {
    "mailersend": "signing_secret",
    "mailgun": "webhook_signing_key",
    "mailtrap": "signing_secret",
    "mandrill": "webhook_key",
    "postal": "webhook_key",
    "resend": "_svix_webhook",
    "sendgrid": "webhook_verification_key",
    "unisender_go": "api_key_bytes",
}
# These are not heard without it, whatever else is set.
_MUST_SIGN = ("mailersend", "mailgun", "mandrill", "postal", "unisender_go")
_VIEWS = {
    "amazon_ses": "amazon_ses.AmazonSESTrackingWebhookView",
    "brevo": "brevo.BrevoTrackingWebhookView",
    "mailersend": "mailersend.MailerSendTrackingWebhookView",
    "mailgun": "mailgun.MailgunTrackingWebhookView",
    "mailjet": "mailjet.MailjetTrackingWebhookView",
    "mailtrap": "mailtrap.MailtrapTrackingWebhookView",
    "mandrill": "mandrill.MandrillCombinedWebhookView",
    "postal": "postal.PostalTrackingWebhookView",
    "postmark": "postmark.PostmarkTrackingWebhookView",
    "resend": "resend.ResendTrackingWebhookView",
    "sendgrid": "sendgrid.SendGridTrackingWebhookView",
    "sparkpost": "sparkpost.SparkPostTrackingWebhookView",
    "unisender_go": "unisender_go.UnisenderGoTrackingWebhookView",
}
NAMES = tuple(_VIEWS)
# Of one post, where one of its events cannot be read; ESPs post some hundred.
MOST_PARTS = 20_000


class Unsecured(ImproperlyConfigured):
    """Nothing proves that a post is the ESP's; the message names what to set."""


def opened(esp: str) -> AnymailBaseWebhookView:
    """Return what reads the posts of *esp*.

    Raises Unsecured, or Anymail's own ImproperlyConfigured, where nothing that
    they could be known by is set; and KeyError for an ESP that is none.
    """
    options = {"auto_confirm_sns_subscriptions": False} if esp == "amazon_ses" else {}
    view = _view(esp)(**options)
    signs = bool(getattr(view, _SIGNS_BY.get(esp, ""), None))
    if not signs and (esp in _MUST_SIGN or not view.basic_auth):
        raise Unsecured(needs(esp))
    return view


def needs(esp: str) -> str:
    """Return which setting posts of *esp* are known by."""
    return {
        "mailersend": "MAILERSEND_SIGNING_SECRET",
        "mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY",
        "mandrill": "MANDRILL_WEBHOOK_KEY",
        "postal": "POSTAL_WEBHOOK_KEY",
        "unisender_go": "UNISENDER_GO_API_KEY",
    }.get(esp, "WEBHOOK_SECRET")


@lru_cache(maxsize=32)
def _view(esp: str) -> type[AnymailBaseWebhookView]:
    view: type[AnymailBaseWebhookView] = import_string(f"anymail.webhooks.{_VIEWS[esp]}")
    return view


# --- what a post is made of -------------------------------------------------


def parts(esp: str, request: HttpRequest) -> Iterator[Any]:
    """Yield what reads like a post of *esp* with one event each; raise ValueError for no JSON.

    For a post in which one event cannot be read, so that the others are.
    """
    yield from (_copy(request, body) for body in _SPLIT.get(esp, _whole)(request))


def _copy(request: HttpRequest, body: bytes) -> Any:
    is_form = request.content_type == "application/x-www-form-urlencoded"
    return SimpleNamespace(
        body=body,
        POST=QueryDict(body, encoding="utf-8") if is_form else QueryDict(),
        META=request.META,
        headers=request.headers,
        content_type=request.content_type,
        encoding=request.encoding,
    )


def _whole(request: HttpRequest) -> list[bytes]:
    return [request.body]


def _list(request: HttpRequest) -> list[bytes]:
    found = json.loads(request.body)
    events = _bounded(found if isinstance(found, list) else [found])
    return [json.dumps([one]).encode() for one in events]


def _bounded(events: Any) -> list[Any]:
    """Return *events*, nothing for what is no list; raise ValueError for more than anybody posts.

    Five megabytes of commas are millions of events, each of which fails by itself.
    """
    found: list[Any] = events if isinstance(events, list) else []
    if len(found) > MOST_PARTS:
        raise ValueError(f"These are more than {MOST_PARTS} events.")
    return found


def _mandrill(request: HttpRequest) -> list[bytes]:
    found = json.loads(request.POST.get("mandrill_events", ""))
    bodies = []
    for one in _bounded(found):
        form = QueryDict(mutable=True)
        form["mandrill_events"] = json.dumps([one])
        bodies.append(form.urlencode().encode())
    return bodies


def _mailtrap(request: HttpRequest) -> list[bytes]:
    found = json.loads(request.body)
    events = found.get("events") if isinstance(found, dict) else None
    return [json.dumps({"events": [one]}).encode() for one in _bounded(events)]


def _unisender_go(request: HttpRequest) -> list[bytes]:
    found = json.loads(request.body)
    try:
        events = _bounded(found["events_by_user"][0]["events"])
        return [json.dumps({"events_by_user": [{"events": [one]}]}).encode() for one in events]
    except (KeyError, IndexError, TypeError):
        return [request.body]


_SPLIT: dict[str, Callable[[HttpRequest], list[bytes]]] = {
    "mailjet": _list,
    "mailtrap": _mailtrap,
    "mandrill": _mandrill,
    "sendgrid": _list,
    "sparkpost": _list,
    "unisender_go": _unisender_go,
}

# The one host that Amazon confirms subscriptions at; nothing else is shown to a person to open.
CONFIRMS = re.compile(r"https://sns\.[a-z0-9-]{5,30}\.amazonaws\.com(\.cn)?/\?[\w=&:%.~-]{1,2000}")


def confirmation(request: HttpRequest) -> str:
    """Return the address at which a person confirms that Amazon SNS may post here; empty for none.

    It is not opened: a call to the network has no place in a request, and who
    made the topic is to say so.
    """
    found = json.loads(request.body)
    if not isinstance(found, dict) or found.get("Type") != "SubscriptionConfirmation":
        return ""
    url = str(found.get("SubscribeURL", ""))
    return url if CONFIRMS.fullmatch(url) else ""
