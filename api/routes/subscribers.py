"""Readers of a publication: added with their consent, changed with evidence, never brought back."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from ninja import Body, Router, Status

from api import writing
from api.authority import Key, key_of
from api.models import ApiKey
from api.models.keys import Scope
from api.paging import Page, page
from api.problems import Problem, errors_of, invalid, not_found
from api.schemas import readers as shown
from api.schemas.common import AskedFor, PathId
from briefs.addresses import InvalidAddress, normalise
from briefs.models import Topic, User
from deliveries import privacy
from subscribers import consent, doorbell, preferences
from subscribers.models import Subscription
from subscribers.origin import Origin
from subscribers.preference_forms import DetailsForm

router = Router(tags=["Subscribers"])
reads = Key(Scope.READ_SUBSCRIBERS, "publish")
writes = Key(Scope.WRITE_SUBSCRIBERS, "publish")
manages = Key(Scope.WRITE_SUBSCRIBERS, "manage")
exports = Key(Scope.READ_SUBSCRIBERS, "manage")

SOURCE = "api"
NOTHING = shown.Leaving()  # who says why may, and who does not sends no body
# It was a program that asked: its address is nobody's consent.
NOWHERE = Origin(ip=None, user_agent="")
Status_ = Subscription.Status


def of_key(request: HttpRequest) -> QuerySet[Subscription]:
    """Return the subscriptions to the key's publication."""
    rows = Subscription.objects.filter(publication=key_of(request).publication)
    return rows.select_related("subscriber", "publication").prefetch_related("topics")


def found(request: HttpRequest, subscriber_id: int) -> Subscription:
    """Return the reader; raise Problem where this key has none of that number."""
    row = of_key(request).filter(pk=subscriber_id).first()
    if row is None:
        raise not_found(f"There is no reader {subscriber_id} for this key.")
    return row


_OWN = (
    *("id", "status", "rhythm", "source", "requested_at", "confirmed_at", "unsubscribed_at"),
    "paused_until",
)
_PERSON = ("address", "name", "language", "time_zone")


def _shown(row: Subscription) -> shown.Subscriber:
    return shown.Subscriber(
        **{name: getattr(row, name) for name in _OWN},
        **{name: getattr(row.subscriber, name) for name in _PERSON},
        topics=sorted(topic.slug for topic in row.topics.all()),
    )


@router.get("/subscribers", response=shown.Subscribers, auth=reads, operation_id="subscribers")
def subscribers(
    request: HttpRequest,
    response: HttpResponse,
    asked: Page,
    address: AskedFor,
    status: shown.Status | None = None,
) -> object:
    """List the readers, the latest first, or find one by the whole *address*."""
    rows = of_key(request)
    if address:
        rows = rows.filter(subscriber__address_key=_key_of(address, "query.address"))
    if status is None or status == str(Status_.ACTIVE):
        rows = rows.filter(status=status) if status else rows
        return page(request, response, rows, asked, _shown)
    # The few among a million stand in an index of their own, in the order of their readers;
    # SQLite wants it said that nobody active is among them.
    rows = rows.filter(status=status).exclude(status=Status_.ACTIVE)
    return page(request, response, rows, asked, _shown, by="subscriber_id")


def _key_of(address: str, where: str) -> str:
    try:
        return normalise(address).key
    except InvalidAddress as error:
        raise invalid("This is no address.", where, str(error)) from error


@router.post(
    "/subscribers",
    response={200: shown.Subscriber, 201: shown.Subscriber, 202: shown.Subscriber},
    auth=writes,
    operation_id="add_subscriber",
)
def add_subscriber(
    request: HttpRequest, response: HttpResponse, given: Body[shown.NewSubscriber]
) -> Status[shown.Subscriber]:
    """Ask somebody by mail to confirm (202), or add them at once on a stated basis (201).

    200 where they are a reader already, and nothing was changed. Who is
    suppressed is neither asked nor added. Who has left comes back by pressing
    the button in that mail alone: no basis brings them back.
    """
    key = key_of(request)
    person = _details(given.name, given.language, given.time_zone)
    topics = writing.topics_of(key.publication, given.topics)
    address_key = _key_of(given.address, "body.address")
    with transaction.atomic():
        known = of_key(request).filter(subscriber__address_key=address_key).first()
        if known and known.status in (Status_.ACTIVE, Status_.PAUSED):
            return Status(200, _shown(known))
        if not given.basis.strip():
            asked = _ask(key, given.address, topics, person)
            return Status(202, _shown(found(request, asked.pk)))
        if known and known.status == Status_.UNSUBSCRIBED:
            raise Problem(
                "conflict",
                "This reader has left. Without a basis they are asked by mail whether they want "
                "to come back.",
            )
        added = _add(key, given, topics, person["name"])
        return Status(201, _shown(found(request, added.pk)))


def _ask(key: ApiKey, address: str, topics: list[Topic], person: dict[str, Any]) -> Subscription:
    """Have *address* mailed the question whether its owner wants the publication."""
    ids = [topic.pk for topic in topics]
    asked = consent.request(key.publication, address, source=SOURCE, topics=ids, **person)
    if asked is None:
        raise consent.SuppressedAddress(f"{address} is suppressed and never mailed.")
    doorbell.ring("subscribers.tasks.send_notices")
    return asked


def _add(key: ApiKey, given: shown.NewSubscriber, topics: list[Topic], name: str) -> Subscription:
    """Make whoever is *given* a reader at once, on the basis that is stated."""
    added = consent.add_by_hand(
        key.publication, given.address, basis=given.basis, by=key.user, name=name, source=SOURCE
    )
    further = {"language": given.language, "time_zone": given.time_zone}
    _set(added, {name: value for name, value in further.items() if value}, key.user)
    if topics:
        _choose(added, topics, added.rhythm, key.user)
    return added


def _choose(row: Subscription, topics: list[Topic], rhythm: str, by: User) -> None:
    preferences.choose(row, topics=topics, rhythm=rhythm, source=SOURCE, origin=NOWHERE, by=by)


@router.get(
    "/subscribers/{int:subscriber_id}",
    response=shown.Subscriber,
    auth=reads,
    operation_id="subscriber",
)
def subscriber(request: HttpRequest, subscriber_id: PathId) -> shown.Subscriber:
    """Read a reader."""
    return _shown(found(request, subscriber_id))


@router.patch(
    "/subscribers/{int:subscriber_id}",
    response=shown.Subscriber,
    auth=writes,
    operation_id="change_subscriber",
)
def change_subscriber(
    request: HttpRequest, subscriber_id: PathId, given: Body[shown.Changes]
) -> shown.Subscriber:
    """Change topics and rhythm, or what a reader says of themselves; each leaves its evidence.

    Name, language and time zone of who reads other publications too are not
    this key's to change.
    """
    key = key_of(request)
    with transaction.atomic():
        row = found(request, subscriber_id)
        wanted = given.model_dump(exclude_unset=True)
        details = {name: wanted[name] for name in _PERSON[1:] if name in wanted}
        if details:
            _require_own(row, "Who this is, is shared; who looks after the whole site changes it.")
            _set(row, details, key.user)
        if "topics" in wanted or "rhythm" in wanted:
            topics = (
                writing.topics_of(key.publication, wanted["topics"])
                if "topics" in wanted
                else list(row.topics.all())
            )
            _choose(row, topics, wanted.get("rhythm", row.rhythm), key.user)
    return _shown(found(request, subscriber_id))


@router.post(
    "/subscribers/{int:subscriber_id}/unsubscribe",
    response=shown.Subscriber,
    auth=writes,
    operation_id="unsubscribe",
)
def unsubscribe(
    request: HttpRequest, subscriber_id: PathId, given: Body[shown.Leaving] = NOTHING
) -> shown.Subscriber:
    """Stop mail at the reader's wish; a repeat changes nothing."""
    row = found(request, subscriber_id)
    consent.unsubscribe(row, source=SOURCE, by=key_of(request).user, why=given.why)
    return _shown(found(request, subscriber_id))


@router.get(
    "/subscribers/{int:subscriber_id}/export",
    response=shown.Export,
    auth=exports,
    operation_id="export_subscriber",
)
def export_subscriber(request: HttpRequest, subscriber_id: PathId) -> object:
    """Hand over everything that is held of a reader, for the reader."""
    row = found(request, subscriber_id)
    _require_own(row, "What is held of this reader is not this key's alone to hand over.")
    return privacy.export(row.subscriber)


@router.delete(
    "/subscribers/{int:subscriber_id}",
    response=shown.Erased,
    auth=manages,
    operation_id="erase_subscriber",
)
def erase_subscriber(request: HttpRequest, subscriber_id: PathId) -> object:
    """Erase a reader for good. Only a hash is left, so that no import brings them back.

    This is not how somebody is unsubscribed: they could not be told apart
    from who never was.
    """
    row, key = found(request, subscriber_id), key_of(request)
    _require_own(row, "Erasure would end more than this key's publication.")
    return privacy.erase(row.subscriber, source=SOURCE, by=key.user)


def _require_own(row: Subscription, why: str) -> None:
    """Raise Problem where the reader belongs to other publications as well."""
    if not _is_own(row):
        raise Problem("not-allowed", why)


def _is_own(row: Subscription) -> bool:
    others = Subscription.objects.filter(subscriber=row.subscriber_id)
    return not others.exclude(publication=row.publication_id).exists()


def _details(name: str, language: str, time_zone: str) -> dict[str, Any]:
    """Return it as the reader's own form reads it; raise Problem for what that refuses."""
    form = DetailsForm({"name": name, "language": language, "time_zone": time_zone})
    if not form.is_valid():
        detail = "Something about the reader is not right."
        raise Problem("invalid", detail, errors=errors_of(form))
    return {field: str(value) for field, value in form.cleaned_data.items()}


def _set(row: Subscription, details: dict[str, str], by: User) -> None:
    """Store *details* of a reader who belongs to this publication alone."""
    row.subscriber.refresh_from_db(fields=_PERSON[1:])
    given = {name: getattr(row.subscriber, name) for name in _PERSON[1:]}
    if details and _is_own(row):
        wanted = _details(**{**given, **details})
        preferences.describe(row, **wanted, origin=NOWHERE, source=SOURCE, by=by)
