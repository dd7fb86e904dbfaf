"""Reports: the same numbers as the desk's pages, as JSON and as CSV."""

from typing import Any, Literal

from django.http import HttpRequest, StreamingHttpResponse
from ninja import Router

from analytics import figures, tables, weeks
from api import authority
from api.authority import Key, key_of
from api.models.keys import Scope
from api.routes.editions import found
from api.schemas import reports as shown
from api.schemas.common import PathId

router = Router(tags=["Reports"])
reads = Key(Scope.READ_REPORTS, "write")
OfEdition = Literal["links", "curve", "domains", "reasons", "bounces"]
OfPublication = Literal["editions", "growth", "sources", "domains"]
AS_CSV: dict[str, Any] = {
    "responses": {
        200: {"description": "OK", "content": {"text/csv": {"schema": {"type": "string"}}}}
    }
}


@router.get(
    "/reports/editions/{int:edition_id}",
    response=shown.EditionReport,
    auth=reads,
    operation_id="edition_report",
)
def edition_report(request: HttpRequest, edition_id: PathId) -> shown.EditionReport:
    """Read the figures of an edition."""
    edition = found(request, edition_id)
    counted = figures.of(edition)
    named = {name: counted[name] for name in shown.EditionReport.model_fields if name in counted}
    return shown.EditionReport(edition=edition.pk, **named)


@router.get(
    "/reports/editions/{int:edition_id}/{table}.csv",
    auth=reads,
    operation_id="edition_table",
    openapi_extra=AS_CSV,
)
def edition_table(
    request: HttpRequest, edition_id: PathId, table: OfEdition
) -> StreamingHttpResponse:
    """Hand over one table of an edition; `bounces` names readers, and is for who may publish."""
    edition = found(request, edition_id)
    wanted = tables.OF_EDITION[table]
    if wanted.names_readers:
        authority.require(key_of(request), "publish")
    return _csv(tables.lines(wanted, edition))


@router.get(
    "/reports/publication",
    response=shown.PublicationReport,
    auth=reads,
    operation_id="publication_report",
)
def publication_report(request: HttpRequest) -> shown.PublicationReport:
    """Read how the readership grew, week by week over a year."""
    growth = weeks.growth(key_of(request).publication)
    names = shown.Week.model_fields
    return shown.PublicationReport(
        weeks=[shown.Week(**{name: week[name] for name in names}) for week in growth],
        sources=[
            shown.Source(**{name: row[name] for name in shown.Source.model_fields})
            for row in weeks.sources(growth)
        ],
    )


@router.get(
    "/reports/publication/{table}.csv",
    auth=reads,
    operation_id="publication_table",
    openapi_extra=AS_CSV,
)
def publication_table(request: HttpRequest, table: OfPublication) -> StreamingHttpResponse:
    """Hand over one table of the publication."""
    return _csv(tables.lines(tables.OF_PUBLICATION[table], key_of(request).publication))


def _csv(lines: Any) -> StreamingHttpResponse:
    return StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
