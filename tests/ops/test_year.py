"""A short year: days go by, nights prune, and the first report says what it said."""

import pytest

from deliveries.models import Delivery, Edition
from intelbrief.ops import population
from intelbrief.ops.bench.year import Year, bound_of
from intelbrief.ops.scratch import CannotRun


@pytest.mark.django_db
def test_a_year_keeps_its_last_days_and_every_report(settings) -> None:
    settings.DELIVERY_DAYS = 2
    population.make_readers(600)
    year = Year(population.make_publication(600), readers=600, days=5)
    for day in range(2):
        year.send(day)
        year.night(day)
    with pytest.raises(CannotRun, match="Nothing was pruned"):
        year.verdict(2)
    for day in range(2, 5):
        year.send(day)
        year.night(day)
    verdict = year.verdict(2)
    assert verdict["first_report_is_unchanged"]
    assert (verdict["deliveries_pruned"], verdict["deliveries_left"]) == (1800, 1200)
    first = year.first
    assert first["statuses"]["bounced"] == sum(first["bounces"]["permanent"].values()) > 0
    assert sum(1 for one in Edition.objects.all() if one.is_pruned) == 3
    assert set(Delivery.objects.values_list("edition", flat=True)) == set(year.editions[3:])


@pytest.mark.sqlite_only
def test_the_bound_is_that_of_the_docs() -> None:
    assert round(bound_of("sqlite", 100_000, 365, 90) / 1e9, 1) == 2.2
    assert round(bound_of("postgresql", 100_000, 365, 90) / 1e9, 1) == 5.9
