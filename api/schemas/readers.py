"""Readers of a publication, and addresses that are never mailed."""

import datetime as dt
from typing import Annotated, Any, Literal

from ninja import Field, Schema

from api.schemas.briefs import Slugs
from api.schemas.common import LEFT_OUT, Address, Given

Name = Annotated[str, Field(max_length=120)]
Status = Literal["unconfirmed", "active", "paused", "unsubscribed"]
Rhythm = Literal["each", "weekly"]


class NewSubscriber(Given):
    """Somebody who shall get a publication.

    Without a basis they are mailed, and asked to confirm it. With one, which
    is kept as evidence, they are readers at once.
    """

    address: Annotated[str, Field(min_length=3, max_length=254)]
    name: Name = ""
    language: Annotated[str, Field(max_length=10)] = ""
    time_zone: Annotated[str, Field(max_length=64)] = ""
    topics: Slugs = Field([], description="None chosen means all of them.")
    basis: Annotated[str, Field(max_length=2000)] = Field(
        "", description="How and when they agreed: “signed the list at the spring conference”."
    )


class Changes(Given):
    """What of a reader may be changed; what is left out stays."""

    name: Name = Field(LEFT_OUT)
    language: Annotated[str, Field(max_length=10)] = Field(LEFT_OUT)
    time_zone: Annotated[str, Field(max_length=64)] = Field(LEFT_OUT)
    topics: Slugs = Field(LEFT_OUT)
    rhythm: Rhythm = Field(LEFT_OUT)


class Leaving(Given):
    """Why somebody leaves, if it is known."""

    why: Annotated[str, Field(max_length=300)] = ""


class Subscriber(Schema):
    """A reader of this publication, and how they read it."""

    id: int
    address: str
    name: str
    language: str
    time_zone: str
    status: Status
    rhythm: Rhythm
    topics: list[str] = Field(description="Slugs; none chosen means all of them.")
    source: str
    requested_at: dt.datetime
    confirmed_at: dt.datetime | None
    unsubscribed_at: dt.datetime | None
    paused_until: dt.date | None


class Subscribers(Schema):
    """A page of readers."""

    items: list[Subscriber]
    next: str | None


class Erased(Schema):
    """What was taken away of a reader."""

    subscriptions: int
    records: int
    deliveries: int


class Export(Schema):
    """Everything that is held of a reader."""

    reader: dict[str, Any]
    subscriptions: list[dict[str, Any]]
    records: list[dict[str, Any]]
    deliveries: list[dict[str, Any]]


class NewSuppression(Given):
    """An address, or a whole “@domain”, that shall never be mailed."""

    address: Annotated[Address, Field(min_length=2)]
    note: Annotated[str, Field(max_length=500)] = ""


class Suppression(Schema):
    """An address that is never mailed by this publication."""

    id: int
    address: str = Field(description="Empty for who was erased.")
    reason: Literal["bounce", "complaint", "manual", "erasure"]
    note: str
    can_be_released: bool
    created_at: dt.datetime


class Suppressions(Schema):
    """A page of suppressions, the latest first."""

    items: list[Suppression]
    next: str | None


class Release(Given):
    """Why an address may be mailed again."""

    why: Annotated[str, Field(min_length=1, max_length=2000)]


class Released(Schema):
    """Whether something was released by this request."""

    released: bool
