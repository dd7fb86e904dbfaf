"""An edition: what sets one going, and how far it is."""

import datetime as dt
from typing import Annotated, Any, Literal

from ninja import Field, Schema

from api.schemas.common import Given, Id, Moment


class NewEdition(Given):
    """A brief that shall go out: now, at a time, or at a time on the wall of each reader."""

    brief: Id
    send_at: Moment | None = Field(
        None, description="Without it: now, after the hold of the publication."
    )
    local_time: (
        Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d$", max_length=16)] | None
    ) = Field(None, description="By each reader's clock, in place of `send_at`.")
    segment: Id | None = Field(None, description="The id of a segment; without it, everybody.")
    version: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = Field(
        None, description="The `version` of the brief that was read: another one is refused."
    )
    again: bool = Field(False, description="Even if it has gone out to its readers before.")


class EditionRow(Schema):
    """An edition in a list, with how far it is."""

    id: int
    brief: int
    headline: str
    kind: Literal["brief", "correction", "digest"]
    status: str = Field(
        description="`scheduled`, `sending`, `paused`, `finishing`, `finished`, `withdrawn`, "
        "`missed` or `cancelled`."
    )
    send_at: dt.datetime
    clock: Literal["publication", "reader"]
    local_time: str
    segment: int | None
    created_at: dt.datetime
    started_at: dt.datetime | None
    finished_at: dt.datetime | None
    audience: int | None = Field(description="How many readers it has, once that is frozen.")
    counts: dict[str, int] = Field(description="Readers by what became of their copy.")


class Editions(Schema):
    """A page of editions, the latest first."""

    items: list[EditionRow]
    next: str | None


class Lane(Schema):
    """What a lane has taken."""

    lane: str
    sent: int
    refused: int
    waiting: int


class Edition(EditionRow):
    """An edition in whole, with the numbers of its live page."""

    settled: int
    percent: float
    reasons: dict[str, Any] = Field(description="Why copies failed, were skipped, are in doubt.")
    lanes: list[Lane]
    missed: int = Field(description="Readers who missed their time, and wait for a word.")
    verbs: list[str] = Field(description="What may be done to it now, at the desk.")
    word: str | None = Field(description="Why it waits or ended; for who may publish.")
