"""What a brief and a letter cost: rendered once, filled for each reader."""

import time
from typing import Any

from intelbrief.ops import population
from intelbrief.ops.bench import messages

LETTERS = 20_000


def run(message: str) -> dict[str, Any]:
    """Return the milliseconds of a compilation and the microseconds of a letter."""
    publication = population.make_publication(0)
    brief = messages.make(publication, message)
    messages.specimen_of(brief)  # the libraries are loaded by now
    rounds = 10
    started_at = time.perf_counter()
    for _round in range(rounds):
        letter = messages.specimen_of(brief)
        octets = len(letter.as_bytes())
    compiled = (time.perf_counter() - started_at) / rounds
    started_at = time.perf_counter()
    for _letter in range(LETTERS):
        letter.as_bytes()
    filled = (time.perf_counter() - started_at) / LETTERS
    return {
        "octets": octets,
        "compile_ms": round(compiled * 1000, 2),
        "letter_us": round(filled * 1_000_000, 2),
        "letters_per_second": round(1 / filled),
    }
