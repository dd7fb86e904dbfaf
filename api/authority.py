"""Who asks, and whether they may: a key, its scopes, and what its user may do at this moment."""

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from api import bodies, keys, limits
from api.models import ApiKey
from api.models.keys import Scope
from api.problems import Problem
from briefs import roles, second_factor
from briefs.roles import Verb
from subscribers.origin import likely_ip_of


class Key(HttpBearer):
    """Lets in a key that has *scope*, whose user may *verb* for its publication."""

    def __init__(self, scope: Scope, verb: Verb) -> None:
        super().__init__()
        self.scope, self.verb = scope, verb

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Return the key; raise Problem where it may not, asks too often, or sends nonsense."""
        key = keys.find(token.strip())
        if key is None:
            return None
        request.__dict__["_api_allowance"] = limits.count(str(key.pk))
        if not key.has(self.scope):
            raise Problem(
                "not-allowed", f"This needs a key with the scope {self.scope}.", more=self._needs()
            )
        require(key, self.verb)
        _require_second_factor(key)
        # Read before anything looks at it: here its errors are told as what they are.
        request.__dict__["_api_body"] = bodies.read(request)
        return key

    def _needs(self) -> dict[str, Any]:
        return {"scope": str(self.scope)}


def require(key: ApiKey, verb: Verb) -> None:
    """Raise Problem unless the user of *key* may *verb* for its publication by now."""
    if not roles.can(key.user, verb, key.publication):
        raise Problem(
            "not-allowed",
            f"This key acts as {key.user}, who may not {verb} for {key.publication}.",
        )


def _require_second_factor(key: ApiKey) -> None:
    """Raise Problem while the desk is closed to the user of *key*: a key may no more than they."""
    if second_factor.is_missing(key.user):
        raise Problem(
            "not-allowed",
            f"This key acts as {key.user}, who has to set up a second factor at the desk first: "
            "a publication asks for it.",
        )


def refuse_stranger(request: HttpRequest) -> None:
    """Count who comes without a good key; raise Problem where they come too often."""
    address = likely_ip_of(request.META)
    if address:
        request.__dict__["_api_allowance"] = limits.count(f"no-key:{address}")


def key_of(request: HttpRequest) -> ApiKey:
    """Return the key of a request that was let in."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]  # set by ninja
    return key
