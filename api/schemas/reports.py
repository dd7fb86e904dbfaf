"""Reports: the figures that the desk's pages show."""

import datetime as dt
from typing import Any

from ninja import Field, Schema


class EditionReport(Schema):
    """The figures of an edition, as docs/reports.md has them; what was not measured is null."""

    edition: int
    status: str
    kind: str
    policy: str = Field(description="What is counted: `off`, `totals` or `per-reader`.")
    started_at: str | None
    audience: int
    accepted: int
    delivered: int
    bounced: int
    complained: int
    waiting: int
    deferred: int
    statuses: dict[str, int]
    why: dict[str, Any]
    bounces: dict[str, Any]
    unsubscribed: dict[str, Any]
    domains: list[dict[str, Any]]
    hits: dict[str, Any] | None
    readers: dict[str, Any] | None
    curve: dict[str, Any] | None
    links: list[dict[str, Any]]
    at: str | None = Field(description="When it was counted.")


class Week(Schema):
    """What happened to the readership in a week, which is its Monday."""

    week: dt.date
    asked: int
    joined: int
    left: int
    bounced: int
    complained: int
    active: int = Field(description="At its end.")


class Source(Schema):
    """Where readers came from, in all these weeks."""

    source: str
    asked: int
    confirmed: int


class PublicationReport(Schema):
    """How a publication's readership grew, the oldest week first."""

    weeks: list[Week]
    sources: list[Source]
