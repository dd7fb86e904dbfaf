"""What the tests of the API share: a publication, and a program with a key for it."""

import json
from typing import Any

import pytest
from django.test import Client

from api import keys
from api.models.keys import Scope
from briefs.models import Publication
from tests.make import make_member, make_publication

EVERYTHING = tuple(Scope.values)


class Program:
    """Asks the API with a key, as a program does."""

    def __init__(self, publication: Publication, role: str, scopes: Any = EVERYTHING) -> None:
        self.user = make_member(publication, role)
        self.key, self.plain = keys.make(publication, self.user, name="website", scopes=scopes)
        self._client = Client()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask for *path* below /api/v1; *headers* like If_Match."""
        given = {"Authorization": f"Bearer {self.plain}"}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        data = "" if body is None else json.dumps(body)
        return self._client.generic(
            method, f"/api/v1{path}", data, content_type="application/json", headers=given
        )

    def get(self, path: str, **headers: str) -> Any:
        """GET it."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        """POST it."""
        return self.ask("POST", path, {} if body is None else body, **headers)


@pytest.fixture
def publication() -> Publication:
    """Return a publication that is ready to send."""
    return make_publication()


@pytest.fixture
def olga(publication: Publication) -> Program:
    """Return a program that acts as the owner."""
    return Program(publication, "owner")


@pytest.fixture
def wanda(publication: Publication) -> Program:
    """Return a program that acts as a writer."""
    return Program(publication, "writer")


@pytest.fixture
def stan() -> Program:
    """Return the program of an owner of quite another publication."""
    return Program(make_publication(name="Elsewhere"), "owner")
