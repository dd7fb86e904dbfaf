"""“I got nothing”: one reader's copies, subscriptions and consent on one page."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from briefs.addresses import InvalidAddress, normalise
from briefs.admin.desk import allowed_ids, editor_of, is_superuser, number
from deliveries import attention, tasks, whereabouts
from deliveries.admin.ledger import TONES
from subscribers import doorbell
from subscribers.admin.subscriptions import TONES as SUBSCRIPTION_TONES
from subscribers.models import ConsentRecord, Subscriber, Subscription, Suppression

MOST_RECORDS = 20
LONGEST_REASON = 200


def view(request: HttpRequest) -> HttpResponse:
    """GET finds one reader by the whole address; POST sends one edition to them once more."""
    publications = allowed_ids(request, "publish")
    if not publications and not is_superuser(request):
        raise PermissionDenied
    if request.method == "POST":
        return _send_again(request, publications)
    term = request.GET.get("q", "").strip()
    reader, problem = _found(request, term, publications)
    context = {
        **admin.site.each_context(request),
        "title": _("One reader"),
        "opts": None,
        "term": reader.address if reader else term,
        "problem": problem,
        "reader": reader,
        **(_facts(reader, publications) if reader else {}),
    }
    return TemplateResponse(request, "admin/deliveries/one_reader.html", context)


def _found(
    request: HttpRequest, term: str, publications: frozenset[int]
) -> tuple[Subscriber | None, str]:
    """Return the reader who is asked for, or why there is none to be shown.

    Who reads other publications only is nobody here: the page must not tell.
    """
    pk = number(request.GET.get("reader", ""))
    if not term and pk is None:
        return None, ""
    try:
        which = Q(pk=pk) if pk is not None else Q(address_key=normalise(term).key)
    except InvalidAddress as error:
        return None, str(error)
    reader = Subscriber.objects.filter(which).first()
    if reader is not None:
        ours = Subscription.objects.filter(subscriber=reader, publication__in=publications)
        if ours.exists() or is_superuser(request):
            return reader, ""
    return None, _("Nobody with this address has ever subscribed to a publication of yours.")


def _facts(reader: Subscriber, publications: frozenset[int]) -> dict[str, Any]:
    subscriptions = Subscription.objects.filter(subscriber=reader, publication__in=publications)
    records = ConsentRecord.objects.filter(subscriber=reader, publication__in=publications)
    lines = whereabouts.latest(reader, publications)
    seen = attention.of(line.delivery for line in lines if line.delivery)
    return {
        "lines": [
            {
                "line": line,
                "tone": TONES.get(_status(line), "neutral"),
                "seen": seen.get(line.delivery.pk) if line.delivery else None,
            }
            for line in lines
        ],
        "subscriptions": [
            {"row": row, "tone": SUBSCRIPTION_TONES[Subscription.Status(row.status)]}
            for row in subscriptions.select_related("publication").prefetch_related("topics")
        ],
        "suppressions": _suppressions(reader, publications),
        "records": records.select_related("publication", "by").order_by("-pk")[:MOST_RECORDS],
        "longest_reason": LONGEST_REASON,
    }


def _status(line: whereabouts.Line) -> Any:
    return line.delivery.status if line.delivery else ""


def _suppressions(reader: Subscriber, publications: frozenset[int]) -> QuerySet[Suppression]:
    """Return what stops mail to *reader*: of the address or its domain, here or everywhere."""
    here = Q(publication__isnull=True) | Q(publication__in=publications)
    # Two looks by two indexes: "domain" is empty but for a few rows.
    whose = Q(address_hash=reader.address_hash) | Q(domain=reader.domain, domain__gt="")
    return Suppression.objects.filter(here, whose).select_related("publication")


def _send_again(request: HttpRequest, publications: frozenset[int]) -> HttpResponse:
    reason = " ".join(request.POST.get("reason", "").split())[:LONGEST_REASON]
    back = reverse("admin:deliveries_one_reader")
    reader = number(request.POST.get("reader", "")) or 0
    answer = HttpResponseRedirect(f"{back}?reader={reader}")
    if not reason:
        messages.error(request, _("Say why: the reason is kept with it."))
        return answer
    try:
        copy = whereabouts.send_again(
            number(request.POST.get("delivery", "")) or 0,
            publications,
            by=editor_of(request),
            reason=reason,
        )
    except whereabouts.NotAgain as error:
        messages.error(request, str(error))
        return answer
    doorbell.ring(tasks.tick)
    message = _("“%(brief)s” is sent to this reader once more.")
    messages.success(request, message % {"brief": copy.edition.brief.headline})
    return answer
