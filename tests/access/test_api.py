"""Key × operation × method over the API: no key below the right one reads or writes."""

import datetime as dt
import json
from typing import Any

import pytest
from django.utils import timezone

from api import keys
from api.models import ApiKey
from api.models.keys import Scope
from api.v1 import operations
from briefs.models import Membership
from tests.access.asking import Answer, ask
from tests.access.scene import DRAFT, MARK, MEMBERS, Scene
from tests.make import make_member

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

# What only who may read A's briefs and readers learns; the name of its publication, each key tells.
WORDS = (DRAFT.encode(), b"ada@")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Of each operation: the scope, and the least role of the key's user.
NEEDS = {
    "publications": ("publications:read", "writer"),
    "publication": ("publications:read", "writer"),
    "topics": ("publications:read", "writer"),
    "authors": ("publications:read", "writer"),
    "segments": ("publications:read", "writer"),
    "groups": ("publications:read", "writer"),
    "briefs": ("briefs:read", "writer"),
    "create_brief": ("briefs:write", "writer"),
    "brief": ("briefs:read", "writer"),
    "change_brief": ("briefs:write", "writer"),
    "preflight": ("briefs:read", "writer"),
    "hand_in": ("briefs:write", "writer"),
    "approve": ("briefs:write", "editor"),
    "override": ("briefs:write", "publisher"),
    "return_to_writer": ("briefs:write", "editor"),
    "withdraw_approval": ("briefs:write", "editor"),
    "publish": ("editions:write", "publisher"),
    "editions": ("editions:read", "writer"),
    "send_brief": ("editions:write", "publisher"),
    "edition": ("editions:read", "writer"),
    "withdraw": ("editions:write", "publisher"),
    "pause": ("editions:write", "publisher"),
    "resume": ("editions:write", "publisher"),
    "cancel": ("editions:write", "publisher"),
    "subscribers": ("subscribers:read", "publisher"),
    "add_subscriber": ("subscribers:write", "publisher"),
    "subscriber": ("subscribers:read", "publisher"),
    "change_subscriber": ("subscribers:write", "publisher"),
    "erase_subscriber": ("subscribers:write", "owner"),
    "unsubscribe": ("subscribers:write", "publisher"),
    "export_subscriber": ("subscribers:read", "owner"),
    "suppressions": ("suppressions:read", "publisher"),
    "add_suppression": ("suppressions:write", "publisher"),
    "suppression": ("suppressions:read", "publisher"),
    "release_suppression": ("suppressions:write", "owner"),
    "edition_report": ("reports:read", "writer"),
    "edition_table": ("reports:read", "writer"),
    "publication_report": ("reports:read", "writer"),
    "publication_table": ("reports:read", "writer"),
}
# What is sent, where it is more than nothing; it is sound, so that only the key is looked at.
BODIES: dict[str, Any] = {
    "create_brief": {"headline": "x"},
    "change_brief": {"headline": "x"},
    "approve": {"revision": 1},
    "override": {"revision": 1, "reason": "x"},
    "withdraw_approval": {"revision": 1},
    "add_subscriber": {"address": "x@new.example"},
    "change_subscriber": {"name": "x"},
    "add_suppression": {"address": "x@new.example"},
    "release_suppression": {"why": "x"},
}
# Acts that write nothing on the scene, whoever asks: the row is in another state.
QUIET = {
    "pause",
    "resume",
    "cancel",
    "withdraw_approval",
    "approve",
    "override",
    "return_to_writer",
}


class Asked:
    """An operation with the numbers of A's rows in its address."""

    def __init__(self, path: str, operation: Any, everything: Scene) -> None:
        self.name = str(operation.operation_id)
        self.method = operation.methods[0]
        rows = everything.rows
        ids = {
            "brief_id": rows["brief"].pk,
            "subscriber_id": rows["subscription"].pk,
            "edition_id": rows["planned edition" if self.method == "POST" else "edition"].pk,
            "suppression_id": rows["suppression"].pk,
            "slug": rows["publication"].slug,
            "table": "editions" if "publication" in path else "links",
        }
        self.path = "/api/v1" + path.replace("int:", "").format(**ids)
        body = BODIES.get(self.name, {})
        if self.name == "send_brief":
            body = {"brief": rows["new brief"].pk, "again": True}
        self.body = json.dumps(body).encode() if self.method != "GET" else b""
        self.headers: dict[str, str] = {}

    def ask(self, plain: str, method: str = "") -> Answer:
        """Ask with the key *plain*."""
        given = {"authorization": f"Bearer {plain}"} if plain else {}
        return ask(
            method or self.method, self.path, self.body,
            kind="application/json", with_token=False, **given, **self.headers,
        )  # fmt: skip


@pytest.fixture(scope="module")
def asked(everything: Scene) -> list[Asked]:
    """Return every operation, by the routes that there are."""
    every = [Asked(path, operation, everything) for path, operation in operations()]
    key = keys.make(
        everything.publication, everything.users["owner"], name="reads", scopes=["briefs:read"]
    )[1]
    tag = next(one for one in every if one.name == "brief").ask(key).headers["ETag"]
    for one in every:
        one.headers = {"if_match": tag} if one.name == "change_brief" else {}
    return every


@pytest.fixture(scope="module")
def programs(everything: Scene) -> dict[str, str]:
    """Return keys by what they are: of roles with all scopes, of one scope each, and bad ones."""
    ours, everybody = everything.publication, everything.users
    scopes = [*Scope.values]
    made = {role: keys.make(ours, everybody[role], name=role, scopes=scopes)[1] for role in MEMBERS}
    made |= {s: keys.make(ours, everybody["owner"], name=s, scopes=[s])[1] for s in scopes}
    bad = {}
    for name in ("revoked", "expired", "demoted", "gone", "inactive"):
        user = make_member(ours, "owner")
        row, bad[name] = keys.make(ours, user, name=name, scopes=scopes)
        if name == "revoked":
            keys.revoke(row, user)
        elif name == "expired":
            ApiKey.objects.filter(pk=row.pk).update(expires_at=timezone.now() - dt.timedelta(1))
        elif name == "inactive":
            type(user).objects.filter(pk=user.pk).update(is_active=False)
        else:
            role = Membership.objects.filter(user=user)
            role.update(role="writer") if name == "demoted" else role.delete()
    owing = everything.users["owing"]
    bad["owing"] = keys.make(ours, owing, name="owing", scopes=scopes)[1]
    stranger = everything.users["stranger"]
    other = everything.others["publication"]
    made["stranger"] = keys.make(other, stranger, name="stranger", scopes=scopes)[1]
    good = made["owner"]
    bad["none"], bad["wrong"] = "", good[:-4] + ("AAAA" if good[-4:] != "AAAA" else "BBBB")
    # Who used a key within the minute is not written down again: each has been used by now.
    ApiKey.objects.update(last_used_at=timezone.now())
    return made | bad


@pytest.fixture(autouse=True)
def _as_often_as_one_likes(settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 0


def test_each_operation_says_here_what_it_needs(asked: list[Asked]) -> None:
    assert {one.name for one in asked} == set(NEEDS)


def test_no_key_below_the_right_one_is_let_in(asked: list[Asked], programs: dict[str, str]) -> None:
    holes = []
    for one in asked:
        scope, least = NEEDS[one.name]
        below = MEMBERS[: MEMBERS.index(least)]
        refused = dict.fromkeys(("none", "wrong", "revoked", "expired", "inactive"), 401)
        others = [one_scope for one_scope in Scope.values if one_scope != scope]
        refused |= dict.fromkeys(("gone", "owing", *below, *others), 403)
        refused |= {"demoted": 403} if least != "writer" else {}
        for name, status in refused.items():
            answer = one.ask(programs[name])
            if answer.status != status or answer.written or answer.says(*WORDS):
                holes.append(f"{one.name} with {name} → {answer.status}, {answer.written} rows")
    assert holes == [], "\n".join(holes)


def test_a_key_of_another_publication_reads_and_writes_nothing_of_ours(
    asked: list[Asked], programs: dict[str, str]
) -> None:
    holes = []
    for one in asked:
        answer = one.ask(programs["stranger"])
        is_read = answer.says(MARK.encode())
        is_of_theirs = one.name in ("create_brief", "add_subscriber", "add_suppression")
        if answer.status >= 500 or is_read or (answer.written and not is_of_theirs):
            holes.append(f"{one.name} → {answer.status}, {answer.written} rows, read: {is_read}")
    assert holes == [], "\n".join(holes)


def test_the_right_key_is_let_in(asked: list[Asked], programs: dict[str, str]) -> None:
    """Else all of the above would prove nothing."""
    holes = []
    for one in asked:
        scope, least = NEEDS[one.name]
        for name in (scope, least):
            answer = one.ask(programs[name])
            is_in = answer.status < 300 or (answer.status in (409, 422) and one.name in QUIET)
            writes = one.method != "GET" and one.name not in QUIET
            if not is_in or bool(answer.written) != writes:
                holes.append(f"{one.name} with {name} → {answer.status} {answer.body[:200]!r}")
    assert holes == [], "\n".join(holes)


def test_no_other_method_does_anything_and_none_breaks(
    asked: list[Asked], programs: dict[str, str]
) -> None:
    known: dict[str, set[str]] = {}
    for one in asked:
        known.setdefault(one.path, set()).add(one.method)
    holes = []
    for path, one in {one.path: one for one in asked}.items():
        for method in sorted({*METHODS} - known[path]):
            is_head = method == "HEAD" and "GET" in known[path]
            for name, status in (("owner", 200), ("none", 401)):
                answer = one.ask(programs[name], method)
                is_fine = answer.status == (status if is_head else 405)
                if not is_fine or answer.written or (method == "HEAD" and answer.body):
                    holes.append(f"{method} {path} with {name} → {answer.status}")
    assert holes == [], "\n".join(holes)
