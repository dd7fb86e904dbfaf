"""Opens and clicks in the command's report: of this moment, people's and machines' apart."""

import json

import pytest
from django.core.management import call_command
from django.db.models import F

from analytics import figures
from deliveries import tallies
from deliveries.models import HitCount
from deliveries.tracking import counting

pytestmark = pytest.mark.django_db


def test_the_report_of_a_large_edition_has_hits_that_no_page_has_yet(edition, capsys, monkeypatch):
    figures.keep()
    monkeypatch.setattr(tallies, "COUNTED_AT_ONCE", 3)
    monkeypatch.setattr(counting, "waits", lambda: True)
    before = figures.of(edition)["hits"]["clicks"]
    HitCount.objects.filter(edition=edition, position=0).update(human=F("human") + 5)
    assert figures.of(edition)["hits"]["clicks"] == before
    call_command("edition", "report", str(edition.pk), "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["figures"]["hits"]["clicks"]["machine"] == before["machine"]
    assert told["figures"]["hits"]["clicks"]["human"] > before["human"]
    assert told["rates"]["clicks"]["count"] == told["figures"]["hits"]["clicks"]["human"]
    assert told["hits_to_come"] is True
    call_command("edition", "report", str(edition.pk))
    said = capsys.readouterr().out
    assert f"by people, {before['machine']:,} by machines" in said
    assert "not counted yet: that takes 10 to 25 seconds" in said


def test_what_is_settled_takes_no_hits_of_now(edition):
    settled = figures.settle(edition)
    HitCount.objects.filter(edition=edition).update(human=F("human") + 5)
    assert figures.of_now(edition)["hits"] == settled["hits"]
