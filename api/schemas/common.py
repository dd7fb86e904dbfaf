"""What several things of the API are made of."""

import datetime as dt
import re
from typing import Annotated, Any

from ninja import Field, Path, Query, Schema
from pydantic import BeforeValidator, ConfigDict, WithJsonSchema

LARGEST = 2**63 - 1
# What a field that may be left out has then; who sends null for it is told so.
LEFT_OUT: Any = None
# RFC 3339, 5.6; an offset is part of it, as nobody knows whose six o'clock it is without.
_MOMENT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


class Given(Schema):
    """What a client sends: nothing but the fields that there are, and of their own types."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Problem(Schema):
    """An error as RFC 9457 has it."""

    type: str = Field(description="Where this kind of problem is documented.")
    title: str = Field(description="The kind, in words.")
    status: int = Field(description="The status of HTTP.")
    detail: str = Field(description="What is wrong this time, and what to do.")
    instance: str = Field(description="What was asked for.")
    errors: list[dict[str, str]] = Field(
        [], description="Where in the request it is: `where` and `message`."
    )


def _moment(value: Any) -> dt.datetime:
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        raise ValueError("Write a time with its offset, like 2026-04-06T06:00:00+02:00.")
    try:
        moment = dt.datetime.fromisoformat(value.upper())
        return moment.astimezone(dt.UTC)
    except (ValueError, OverflowError) as error:
        raise ValueError("There is no such time.") from error


def _day(value: Any) -> dt.date:
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValueError("Write a day like 2026-04-06.")
    try:
        return dt.date.fromisoformat(value)
    except ValueError as error:
        raise ValueError("There is no such day.") from error


Moment = Annotated[
    dt.datetime,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Day = Annotated[
    dt.date, BeforeValidator(_day), WithJsonSchema({"type": "string", "format": "date"})
]
Slug = Annotated[str, Field(max_length=120, pattern=r"^[-a-zA-Z0-9_]+$")]
Id = Annotated[int, Field(ge=1, le=LARGEST)]
PathId = Annotated[int, Path(ge=1, le=LARGEST)]
Address = Annotated[str, Field(max_length=254)]
AskedFor = Annotated[str, Query("", max_length=254)]


class Named(Schema):
    """Something that is chosen by its id or its slug."""

    id: int
    name: str
