"""A brief as it is read and written, and the steps of its life."""

import datetime as dt
from typing import Annotated, Literal

from ninja import Field, Schema

from api.schemas.common import LEFT_OUT, Day, Given, Id, Moment, Slug
from briefs.rendering import LONGEST, LONGEST_LINE

MOST_CHOSEN = 100
Slugs = Annotated[list[Slug], Field(max_length=MOST_CHOSEN)]
Line = Annotated[str, Field(max_length=200)]
Headline = Annotated[str, Field(min_length=1, max_length=200)]
Text = Annotated[str, Field(max_length=LONGEST)]


class Written(Given):
    """The fields of a brief that may be set; those that are left out stay as they are."""

    date: Day = Field(LEFT_OUT, description="The date line.")
    series: Annotated[str, Field(max_length=80)] = Field(
        LEFT_OUT,
        description="The standing title before the headline.",
    )
    headline: Headline = Field(LEFT_OUT)
    preheader: Line = Field(LEFT_OUT, description="What an inbox shows after the subject.")
    key_points: Annotated[
        list[Annotated[str, Field(max_length=LONGEST_LINE)]], Field(max_length=MOST_CHOSEN)
    ] = Field(LEFT_OUT, description="In their order; an empty one is left out.")
    body: Text = Field(LEFT_OUT, description="Markdown.")
    contact_block: Text = Field(LEFT_OUT, description="Markdown; empty: the publication's.")
    topics: Slugs = Field(LEFT_OUT, description="Slugs of topics of the publication.")
    authors: Slugs = Field(LEFT_OUT, description="Slugs of authors.")
    slug: Annotated[str, Field(max_length=100)] = Field(
        LEFT_OUT,
        description="The web address; empty: made from the headline.",
    )
    access: Literal["public", "subscribers", "groups"] = Field(
        LEFT_OUT,
        description="Who may read it on the web.",
    )
    groups: Annotated[list[Id], Field(max_length=MOST_CHOSEN)] = Field(
        LEFT_OUT,
        description="Ids of client groups.",
    )
    due_at: Moment | None = None
    embargo_until: Moment | None = None
    readable_until: Moment | None = None


class NewBrief(Written):
    """A brief that begins: it needs a headline, and starts from its publication's habits."""

    headline: Headline


class BriefRow(Schema):
    """A brief in a list."""

    id: int
    status: str = Field(description="`draft`, `in-review`, `approved` or `published`.")
    date: dt.date
    series: str
    headline: str
    preheader: str
    slug: str
    topics: list[str]
    authors: list[str]
    access: str
    due_at: dt.datetime | None
    embargo_until: dt.datetime | None
    readable_until: dt.datetime | None
    published_at: dt.datetime | None
    version: int = Field(description="Grows by one with each save.")
    url: str | None = Field(description="Where it stands on the web, once it is published.")
    created_at: dt.datetime
    updated_at: dt.datetime


class Brief(BriefRow):
    """A brief in whole. Its ETag changes with anything in it."""

    key_points: list[str]
    body: str
    contact_block: str
    groups: list[int]
    submitted_revision: int | None = Field(
        description="The number of the revision that waits for its review."
    )
    approved_revision: int | None
    published_revision: int | None


class Briefs(Schema):
    """A page of briefs, the latest first."""

    items: list[BriefRow]
    next: str | None


class Finding(Schema):
    """What a rule of the preflight found."""

    rule: str
    message: str
    where: str


class Findings(Schema):
    """What stands against sending a brief as it is now."""

    ok: bool = Field(description="Whether nothing stops the send.")
    errors: list[Finding]
    warnings: list[Finding]
    pending: bool = Field(description="Whether links or records are being looked at still.")


class Seen(Given):
    """Which revision somebody has read."""

    revision: Annotated[int, Field(ge=1, le=2**31 - 1)] = Field(
        description="The brief's `submitted_revision`, or another that it has."
    )


class Reasoned(Seen):
    """A decision with its reason."""

    reason: Annotated[str, Field(min_length=1, max_length=2000)]


class Worded(Given):
    """A step with some words."""

    words: Annotated[str, Field(max_length=2000)] = ""


class SeenAndWorded(Seen):
    """A decision that may have words."""

    words: Annotated[str, Field(max_length=2000)] = ""
