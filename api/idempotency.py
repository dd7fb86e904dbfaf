"""Idempotency-Key: a POST that is repeated is done once, and answered the same again.

As draft-ietf-httpapi-idempotency-key-header has it. A claim is written first,
then the work is done, and its answer stored, in one transaction: a crash
leaves both or neither. A claim that nobody has ended runs out, and whoever
then ends it late finds that it is another's: its work is undone.

A request that is refused has done nothing, and leaves nothing behind: the same
key may try again.

An answer may name a reader, who may be erased within the day that it is kept. So
it lies under a key made of the Idempotency-Key, of which only a hash is stored:
whoever asked can have it read back, and nobody else, nor a dump of the database.
"""

import datetime as dt
import functools
import hashlib
import json
import re
import uuid
from collections.abc import Callable
from typing import Any

from cryptography.fernet import MultiFernet
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from ninja import Schema, Status
from ninja.responses import NinjaJSONEncoder

from api.models import ApiKey, StoredAnswer
from api.problems import Problem
from api.stored_answers import KEPT, prune
from subscribers import sealing

HEADER = "Idempotency-Key"
WRITTEN_AS = "[!#-~]{1,255}"
REPLAYED = "Idempotency-Replayed"
# How long a request may be under way before another may take over.
LEASE = dt.timedelta(seconds=60)
_KEY = re.compile(f'"?({WRITTEN_AS})"?')

View = Callable[..., Any]


def once(view: View) -> View:
    """Wrap *view* so that a POST is one transaction, and done once for each Idempotency-Key."""

    @functools.wraps(view)
    def wrapped(request: HttpRequest, **arguments: Any) -> Any:
        if request.method != "POST":
            return view(request, **arguments)
        name = _name(request)
        if not name:
            _look_first(view, request, arguments)
            with transaction.atomic():
                return _as_response(view(request, **arguments))
        found = _claim(request.auth, name, _fingerprint(request))  # type: ignore[attr-defined]  # set by ninja
        if found.status is not None:
            return _again(found, name)
        try:
            _look_first(view, request, arguments)
            return _do(view, request, arguments, found, name)
        except BaseException:
            # Refused, or broken: it has done nothing, and may be tried again at once.
            _forget(found)
            raise

    return wrapped


def first(*acts: Callable[..., None]) -> Callable[[View], View]:
    """Have *acts* called before the transaction of a POST, with what it is called with."""

    def mark(view: View) -> View:
        view.first = acts  # type: ignore[attr-defined]  # read by once()
        return view

    return mark


def _look_first(view: View, request: HttpRequest, arguments: dict[str, Any]) -> None:
    """Ask other servers what the view needs to know: its transaction shall wait for nobody."""
    for act in getattr(view, "first", ()):
        act(request, **arguments)


def _forget(claim: StoredAnswer) -> None:
    StoredAnswer.objects.filter(pk=claim.pk, claim=claim.claim, status=None).delete()


def _do(
    view: View, request: HttpRequest, arguments: dict[str, Any], claim: StoredAnswer, name: str
) -> HttpResponse:
    with transaction.atomic():
        answer = _as_response(view(request, **arguments))
        kept = StoredAnswer.objects.filter(pk=claim.pk, claim=claim.claim, status=None).update(
            status=answer.status_code,
            headers={name: value for name, value in answer.items() if name != "Content-Type"},
            body=_box(name).encrypt(answer.content).decode(),
        )
        if not kept:
            # Another has taken over: all that this one did is undone.
            raise _under_way()
    return answer


def _claim(api_key: ApiKey, name: str, fingerprint: str) -> StoredAnswer:
    """Return the row of *name*: one of our own, under way, or one that was answered before."""
    prune()
    claim = uuid.uuid4()
    try:
        with transaction.atomic():
            return StoredAnswer.objects.create(
                api_key=api_key,
                key=_hash(name),
                fingerprint=fingerprint,
                claim=claim,
                started_at=Now(),
            )
    except IntegrityError:
        pass  # somebody has asked with it before: we, maybe
    rows = StoredAnswer.objects.filter(api_key=api_key, key=_hash(name))
    # Older than what is kept, and not pruned yet; or dead since the lease has run out.
    is_over = rows.filter(started_at__lt=Now() - KEPT, status__isnull=False)
    is_dead = rows.filter(started_at__lt=Now() - LEASE, status__isnull=True)
    anew = {"claim": claim, "started_at": Now(), "headers": {}, "body": "", "status": None}
    if is_over.update(fingerprint=fingerprint, **anew) or is_dead.filter(
        fingerprint=fingerprint
    ).update(**anew):
        return rows.get()
    found = rows.first()
    if found is None:  # refused a moment ago, and gone
        raise _under_way()
    if found.fingerprint != fingerprint:
        raise Problem(
            "key-reused",
            "This Idempotency-Key was sent with another request. Take a new one for each.",
        )
    if found.status is None:
        raise _under_way()
    return found


def _under_way() -> Problem:
    return Problem(
        "under-way",
        "The same request is under way. Ask again in a moment.",
        headers={"Retry-After": "2"},
    )


def _name(request: HttpRequest) -> str:
    given = request.headers.get(HEADER)
    if given is None:
        return ""
    found = _KEY.fullmatch(given.strip())
    if found is None:
        raise Problem(
            "bad-request",
            "An Idempotency-Key has 1 to 255 printable ASCII characters and no space; "
            "a UUID is a good one.",
        )
    return found[1]


def _fingerprint(request: HttpRequest) -> str:
    parts = [request.method or "", request.get_full_path(), ""]
    return hashlib.sha256("\n".join(parts).encode() + request.body).hexdigest()


def _hash(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def _box(name: str) -> MultiFernet:
    """Return what seals the answer to *name*."""
    return sealing.box(b"intelbrief stored answer 1\n" + name.encode())


def _as_response(result: Any) -> HttpResponse:
    """Return what a view returned as it goes over the wire, and is stored."""
    if isinstance(result, HttpResponse):
        return result
    status = 200
    if isinstance(result, Status):
        status, result = result.status_code, result.value
    if result is None:
        return HttpResponse(status=status)
    data = result.model_dump() if isinstance(result, Schema) else result
    body = json.dumps(data, cls=NinjaJSONEncoder)
    return HttpResponse(body, status=status, content_type="application/json; charset=utf-8")


def _again(found: StoredAnswer, name: str) -> HttpResponse:
    try:
        body = _box(name).decrypt(found.body.encode())
    except sealing.InvalidToken as error:
        raise Problem(
            "key-reused",
            "It was done, but its answer cannot be read any more: TOKEN_KEYS were replaced since.",
        ) from error
    answer = HttpResponse(body, status=found.status, headers={**found.headers, REPLAYED: "true"})
    answer["Content-Type"] = "application/json; charset=utf-8"
    return answer
