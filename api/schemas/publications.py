"""A publication, and what may be chosen within it."""

import datetime as dt

from ninja import Field, Schema

from api.schemas.common import Named


class Publication(Schema):
    """What readers subscribe to."""

    id: int
    slug: str
    name: str
    tagline: str
    series: str = Field(description="The standing title before each headline.")
    language: str
    time_zone: str
    is_public: bool
    sender_name: str
    sender_address: str
    tracking: str = Field(description="`off`, `totals` or `per-reader`.")
    needs_approval: bool = Field(description="Whether a second person has to agree to a brief.")
    hold_seconds: int = Field(description="How long “publish now” can be taken back.")
    url: str
    created_at: dt.datetime


class Publications(Schema):
    """A page of publications."""

    items: list[Publication]
    next: str | None = Field(None, description="The cursor of the next page.")


class Topic(Schema):
    """What a reader may choose within a publication."""

    id: int
    slug: str
    name: str
    kind: str = Field(description="`subject` or `region`.")


class Topics(Schema):
    """A page of topics."""

    items: list[Topic]
    next: str | None


class Author(Schema):
    """A name under a brief."""

    id: int
    slug: str
    name: str


class Authors(Schema):
    """A page of authors."""

    items: list[Author]
    next: str | None


class Names(Schema):
    """A page of segments or client groups."""

    items: list[Named]
    next: str | None
