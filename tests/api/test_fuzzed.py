"""schemathesis asks each operation what its description allows, and what it does not.

No answer is a 500, and none is outside the description. By hand it runs longer:
docs/api.md says how.
"""

from typing import Any

import hypothesis
import pytest
import schemathesis
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections, reset_queries
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.config import SchemathesisConfig

from api.models.keys import Scope
from briefs.models import Publication
from tests.api.conftest import Program
from tests.make import make_edition, make_fit_brief, make_readers

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]
EXAMPLES = 3
# What the description allows may still be no address, no topic, or another request's key.
LEFT_OUT = {"positive_data_acceptance", "max_response_time"}


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Any:
    """Return the site as a WSGI application that keeps the connection of the test."""
    settings.API_REQUESTS_PER_MINUTE = 0
    settings.CHECK_OUTSIDE = False
    signals.request_started.disconnect(close_old_connections)
    signals.request_started.disconnect(reset_queries)
    signals.request_finished.disconnect(close_old_connections)
    yield WSGIHandler()
    signals.request_started.connect(close_old_connections)
    signals.request_started.connect(reset_queries)
    signals.request_finished.connect(close_old_connections)


@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_answer_is_a_500_or_outside_the_description(
    served: Any, publication: Publication, mode: str
) -> None:
    load_all_checks()
    checks = [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]
    program = Program(publication, "owner", Scope.values)
    make_readers(publication, 3)
    make_edition(make_fit_brief(publication))
    key = {"Authorization": f"Bearer {program.plain}"}
    schema = schemathesis.openapi.from_wsgi(
        "/api/v1/openapi.json", served, config=SchemathesisConfig()
    )
    asked = 0
    operations: Any = schema.get_all_operations()
    for found in operations:
        asked += _ask(found.ok(), schemathesis.GenerationMode(mode), checks, key)
    assert asked > 100


def _ask(operation: Any, mode: Any, checks: list[Any], key: dict[str, str]) -> int:
    answers = []

    @hypothesis.settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        answers.append(case.call_and_validate(headers=key, checks=checks).status_code)

    ask()
    return len(answers)
