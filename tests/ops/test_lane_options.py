"""The options of a lane: what is malformed is named before anything is sent."""

import pytest

from intelbrief import lane_options

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    "options",
    [
        {"provider": "smtp", "url": "smtp://mx.test", "connections": 4, "concurrency": 2},
        {"rate": 0.5, "per_hour": 100, "per_day": 1000},
        {"ramp": [50, 100, 100, 200]},
        {"ramp": {"start": 50, "until": 100_000}},
        {"ramp": {"start": 50, "factor": 1.5, "until": 100_000}},
        {"threads": 4, "letters_per_call": 50},
        {"batch": False, "bounce_domain": "bounces.harbour.example"},
    ],
)
def test_what_is_well_formed_is_not_spoken_of(options):
    assert not [*lane_options.check("main", options)]


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("rate", 0),
        ("rate", "50"),
        ("rate", float("nan")),
        ("rate", float("inf")),
        ("per_hour", 0.5),
        ("per_day", None),
        ("concurrency", 0),
        ("connections", True),
        ("batch", 1),
        ("ramp", []),
        ("ramp", [50, 0]),
        ("ramp", [50, "100"]),
        ("ramp", 50),
        ("ramp", {"start": 50}),
        ("ramp", {"start": 50, "until": 100, "factor": 1}),
        ("ramp", {"start": 50, "until": 100, "step": 1}),
    ],
)
def test_what_is_malformed_is_an_error_that_says_what_to_write(option, value):
    (error,) = lane_options.check("main", {option: value})
    assert error.id == "intelbrief.E014"
    assert option in error.msg
    assert "leave it out" in error.hint


def test_an_option_that_nobody_knows_is_a_warning():
    (warning,) = lane_options.check("main", {"per_minute": 5})
    assert warning.id == "intelbrief.W006"
    assert "per_hour" in warning.hint
