"""The measurement of imports: that it runs, and verifies what came in."""

import json

import pytest


# As a person gives it: the command starts itself anew, and migrates an empty database.
@pytest.mark.slow
@pytest.mark.django_db
def test_bench_import_measures_and_verifies(processes, pytestconfig):
    database = pytestconfig.getoption("database")
    done = processes.manage("bench", "import", "--rows", "6000", "--database", database, "--json")
    assert done.returncode == 0, done.stderr[-4000:]
    figures = json.loads(done.stdout)
    assert (figures["rows"], figures["verified"]) == (6_000, True)
    assert {"seconds", "rows_per_second", "peak_rss_mb"} <= set(figures)
    assert figures["peak_rss_mb"] < 200
