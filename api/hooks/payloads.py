"""Bodies: what a message says, written when it is sent and stored nowhere.

A message refers to the row where its event stands, and says of a reader what
is true when it goes out: of one who was erased meanwhile, that they were.
"""

import json
import logging
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import DatabaseError

from api.models import HookMessage
from briefs.models import AuditEntry, Brief, Correction, Publication
from deliveries.models import DeliveryEvent, Edition
from subscribers.models import ConsentRecord, Subscriber, Subscription

log = logging.getLogger(__name__)


class NothingLeft(LookupError):
    """What a message tells of is stored no more."""


class Unwritable(ValueError):
    """A message cannot be written, for a fault of ours; the message says which."""


def body(message: HookMessage) -> bytes:
    """Return the body of *message*; raise NothingLeft where its event is stored no more.

    Raise Unwritable for whatever else keeps it from being written.
    """
    return _whole(message, separators=(",", ":")).encode()


def readable(message: HookMessage) -> str:
    """Return what *message* says, for people; raise as body() does."""
    return _whole(message, indent=2)


def _whole(message: HookMessage, **how: Any) -> str:
    try:
        text = json.dumps(payload(message), ensure_ascii=False, **how)
        text.encode()
    except (NothingLeft, DatabaseError):
        raise
    except Exception as error:  # whatever a row holds: one message must not stop those behind it
        log.exception("Webhook message %s could not be written.", message.pk)
        raise Unwritable(f"It could not be written here: {type(error).__name__}.") from error
    return text


def payload(message: HookMessage) -> dict[str, Any]:
    """Return what *message* says; raise NothingLeft where its event is stored no more."""
    return {
        "type": message.type,
        "timestamp": message.at.isoformat(),
        "data": _WRITERS[message.source](message),
    }


def _ping(message: HookMessage) -> dict[str, Any]:
    return {
        "publication": _publication(message.endpoint.publication),
        "webhook": message.endpoint_id,
    }


def _consent(message: HookMessage) -> dict[str, Any]:
    record = ConsentRecord.objects.filter(pk=message.source_id).first()
    if record is None:
        raise NothingLeft
    data = _reader(message, record.address_hash)
    if record.kind != ConsentRecord.Kind.ERASED:
        # A word that someone typed may name a reader, so none of "details" but the topics.
        data["source"] = record.source
        if topics := record.details.get("topics"):
            data["topics"] = topics[-1]
    return data


def _letter(message: HookMessage) -> dict[str, Any]:
    event = (
        DeliveryEvent.objects.select_related("delivery__edition__brief")
        .filter(pk=message.source_id)
        .first()
    )
    if event is None:
        raise NothingLeft
    data = _reader(message)
    data["edition"] = {
        "id": event.delivery.edition_id,
        "brief": _brief(event.delivery.edition.brief),
    }
    if event.type == DeliveryEvent.Type.BOUNCED:
        data["permanent"] = bool(event.is_permanent)
        data["status_code"] = event.code
        data["reason"] = event.reason
    return data


def _step(message: HookMessage) -> dict[str, Any]:
    entry = (
        AuditEntry.objects.select_related("brief__publication", "revision")
        .filter(pk=message.source_id)
        .first()
    )
    if entry is None:
        raise NothingLeft
    data: dict[str, Any] = {
        "publication": _publication(message.endpoint.publication),
        "brief": _brief(entry.brief) if entry.brief else None,
    }
    if entry.edition is not None:
        data["edition"] = _edition(entry.edition)
        if entry.words:
            data["word"] = entry.words
    if entry.verb == "corrected":
        found = Correction.objects.filter(brief=entry.brief, right=entry.revision).first()
        data["notice"] = found.notice if found else entry.words
    return data


_WRITERS: dict[str, Callable[[HookMessage], dict[str, Any]]] = {
    "ping": _ping,
    "consent": _consent,
    "letters": _letter,
    "audit": _step,
}


def _reader(message: HookMessage, hashed: str = "") -> dict[str, Any]:
    """Return who it is about. The hash stays when all else of a reader is erased."""
    publication = message.endpoint.publication
    reader = Subscriber.objects.filter(pk=message.subscriber_id or 0).first()
    said: dict[str, Any] = {"id": None, "erased": True, "hash": hashed}
    if reader is not None:
        link = Subscription.objects.filter(subscriber=reader, publication=publication).first()
        said = {
            "id": link.pk if link else None,  # by which the API knows them
            "erased": False,
            "hash": reader.address_hash,
            "address": reader.address,
            "name": reader.name,
            "language": reader.language,
            "status": link.status if link else None,
        }
    return {"publication": _publication(publication), "subscriber": said}


def _publication(publication: Publication) -> dict[str, Any]:
    return {"id": publication.pk, "slug": publication.slug, "name": publication.name}


def _brief(brief: Brief) -> dict[str, Any]:
    is_on_the_web = brief.status == Brief.Status.PUBLISHED and brief.digest_of is None
    return {
        "id": brief.pk,
        "headline": brief.headline,
        "series": brief.series,
        "date": brief.date.isoformat(),
        "access": brief.access,
        "url": settings.SITE_URL + brief.web_path() if is_on_the_web else None,
    }


def _edition(pk: int) -> dict[str, Any]:
    edition = Edition.objects.filter(pk=pk).first()
    if edition is None:
        return {"id": pk}
    moments = {name: getattr(edition, name) for name in ("send_at", "started_at", "finished_at")}
    return {
        "id": pk,
        "kind": edition.kind,
        "status": edition.status,
        "audience": edition.audience,
        **{name: at.isoformat() if at else None for name, at in moments.items()},
    }
