"""Role × address × method over the whole desk: nobody below the right role reads or writes."""

import os
from typing import Any, NamedTuple
from unittest import mock
from urllib.parse import urlsplit

import pytest
from django.template.backends.django import Template

from tests.access import addresses, rules
from tests.access.asking import Answer, ask, filled
from tests.access.scene import MARK, MEMBERS, SHUT_OUT, Scene

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

# Every role with every method at every address: half a minute. Without, some take turns.
WHOLE = os.environ.get("WHOLE_MATRIX") == "1"
# What Django itself brings for each model, the same code each time, and knows no POST.
BROUGHT = ("_short", "_history")
HIDDEN = MARK.encode()
# Whom the desk does not let in at all, and where it leads them.
OUTSIDE = {**dict.fromkeys((*SHUT_OUT, "plain"), "/admin/login/"), "owing": "/accounts/"}
# Who is let in and has no part in A; the owner of B owns something all the same.
OTHERS = ("staff", "stranger")
# Where somebody is led who asks for what is not there, or not theirs.
AWAY = {"/admin/", "/admin/login/", "/accounts/", "/accounts/login/", "/accounts/no-desk/"}


def roles_below(least: str, rule: rules.Rule) -> list[str]:
    """Return who must get nothing where *least* is asked for, the highest last."""
    found = [*OUTSIDE]
    found += ["staff"] if least != "staff" else []
    found += ["stranger"] if not rule.is_general or least in ("root", "nobody") else []
    found += [role for role in MEMBERS if not rules.reaches(role, least)]
    return [*found, "root"] if least == "nobody" else found


def in_turn(number: int, those: list[Any]) -> list[Any]:
    """Return one of *those*, another for each address; all of them where the whole is asked for."""
    return those if WHOLE or not those else [those[number % len(those)]]


def asked_as(number: int, below: list[str]) -> list[str]:
    """Return as whom to ask: always from outside, from another publication, and from just below.

    All others are turned away by the same line of code as one of these.
    """
    always = [role for role in below if role in ("anonymous", "stranger", below[-1])]
    return [*always, *in_turn(number, [role for role in below if role not in always])]


def is_refused(answer: Answer) -> bool:
    if answer.status in (301, 302):
        return urlsplit(answer.headers["Location"]).path in AWAY
    # Whatever is made of a class says of itself which methods it knows, and no more.
    is_told = answer.status == 200 and "Allow" in answer.headers and not answer.body
    return is_told or answer.status in (400, 403, 404, 405)


class Matrix:
    """Asks, and notes each answer that is none of those that the rule allows."""

    def __init__(self, everything: Scene) -> None:
        self.scene, self.holes = everything, list[str]()

    def ask(self, name: str, method: str, path: str, role: str, body: bytes = b"") -> Answer:
        """Ask as *role*; nothing may break, and whoever has no part in A reads no word of it."""
        answer = ask(method, path, body, cookie=self.scene.cookies[role])
        where = f"{name}: {method} {path} as {role} → {answer.status}"
        if answer.status >= 500:
            self.holes.append(f"{where}, broken")
        if role in (*OUTSIDE, *OTHERS) and answer.says(HIDDEN) and HIDDEN not in path.encode():
            self.holes.append(f"{where}, with words of A")
        return answer

    def refused(self, name: str, method: str, path: str, role: str, body: bytes = b"") -> None:
        """Ask as *role*, who must get nothing and change nothing."""
        answer = self.ask(name, method, path, role, body)
        where = f"{name}: {method} {path} as {role} → {answer.status}"
        if not is_refused(answer) and not (role == "owing" and name in rules.OPEN):
            self.holes.append(f"{where}, and should be refused")
        if answer.written and name not in rules.SHARED:
            self.holes.append(f"{where}, and {answer.written} rows were written")
        leads_to = answer.headers.get("Location", "")
        if role in OUTSIDE and name not in rules.OPEN and not leads_to.startswith(OUTSIDE[role]):
            self.holes.append(f"{where}, and should lead to {OUTSIDE[role]}")

    def unchanged(self, name: str, method: str, path: str, role: str, body: bytes = b"") -> Answer:
        """Ask as *role*, who may look and must change nothing."""
        answer = self.ask(name, method, path, role, body)
        if answer.written and name not in rules.WRITES:
            self.holes.append(f"{name}: {method} {path} as {role} wrote {answer.written} rows")
        return answer


def test_every_address_of_the_desk_has_one_rule(everything: Scene) -> None:
    names = [one.name for one in addresses.every() if one.space == "admin"]
    assert [name for name in names if rules.of_the_desk(name) is None] == []
    known = {f"{model}_changelist" for model in rules.MODELS} | set(rules.DESK)
    assert known - set(names) == set()


def test_nobody_below_the_right_role_gets_a_page_or_changes_a_row(everything: Scene) -> None:
    matrix = Matrix(everything)
    paths = addresses.of_the_desk(everything.rows)
    for number, (name, path) in enumerate(paths.items()):
        rule = rules.of_the_desk(name)
        assert rule is not None
        page = Page(number, name, path, rule)
        _looked_at(matrix, page)
        if WHOLE or not name.endswith(BROUGHT):
            _posted(matrix, page, _form(matrix, page))
    assert matrix.holes == [], "\n".join(matrix.holes)


class Page(NamedTuple):
    """An address of the desk, and its rule."""

    number: int
    name: str
    path: str
    rule: rules.Rule


def _looked_at(matrix: Matrix, page: Page) -> None:
    number, name, path, rule = page
    below = roles_below(rule.get, rule)
    if name.endswith("_short") and not WHOLE:
        below = below[:1]
    for role in asked_as(number, below):
        matrix.refused(name, "GET", path, role)
    for method in ("HEAD", *in_turn(number, ["OPTIONS", "PUT", "PATCH", "DELETE"])):
        for role in ("anonymous", below[-1]):
            matrix.refused(name, method, path, role)
    if rule.get == "nobody":
        return
    with _unrendered():
        answer = matrix.unchanged(name, "GET", path, rule.get)
        # Who may look changes nothing by any other method but POST.
        others = ["HEAD", "OPTIONS", "PUT", "PATCH", "DELETE"]
        for method in [] if name.endswith(BROUGHT) else in_turn(number, others):
            matrix.unchanged(name, method, path, rule.get)
    leads_on = name in rules.LEADS_ON or name.endswith("_short")
    if answer.status != (302 if leads_on else 200):
        matrix.holes.append(f"{name}: GET {path} as {rule.get} → {answer.status}, should be given")
    if rule.is_general and "stranger" not in below:
        matrix.unchanged(name, "GET", path, "stranger")


def _form(matrix: Matrix, page: Page) -> bytes:
    """Return what is posted there: the form that is shown to who may post it, filled."""
    _number, name, path, rule = page
    shown = b""
    if "nobody" not in (rule.get, rule.post):
        shown = matrix.unchanged(name, "GET", path, rule.post).body
    words, chosen = _words(matrix.scene, name), rules.FILLED.get(name, {})
    return filled(shown.decode(errors="replace"), path, words, chosen)


def _posted(matrix: Matrix, page: Page, body: bytes) -> None:
    number, name, path, rule = page
    see_nothing = roles_below(rule.get, rule)
    below = roles_below(rule.post, rule)
    with _unrendered():
        for role in asked_as(number, below):
            # Who may look gets the page, or is told that it is not for them.
            is_shown = rule.get != "nobody" and role not in see_nothing
            how = matrix.unchanged if is_shown else matrix.refused
            how(name, "POST", path, role, body)
        if rule.post == "nobody":
            return
        if rule.is_general and "stranger" not in below and name not in rules.SHARED:
            matrix.unchanged(name, "POST", path, "stranger", body)
        answer = matrix.ask(name, "POST", path, rule.post, body)
    # That who may does change something: else all of the above would prove nothing.
    if bool(answer.written) == (name in rules.QUIET):
        words = f"{name}: POST {path} as {rule.post} → {answer.status} wrote {answer.written} rows"
        matrix.holes.append(words)


def _unrendered() -> Any:
    """Return what lets pages be made without their words, where nobody looks at them."""
    return mock.patch.object(Template, "render", return_value="")


def _words(scene: Scene, name: str) -> dict[str, str]:
    """Return what is posted everywhere: what forms ask for, with the numbers of A's rows."""
    words = dict.fromkeys(("text", "reason", "words", "name", "headline", "basis", "alt"), "x")
    rows = {model: str(row.pk) for model, row in scene.rows.items()}
    model = name.removesuffix("_changelist")
    chosen = {
        "action": rules.ACTIONS.get(model, ""),
        "_selected_action": rows.get(model.rpartition("_")[2], ""),
    }
    key = {"draft_key": "00000000-0000-4000-8000-000000000000", "text_version": "1"}
    return {**words, **rows, **chosen, **key, "post": "yes"}
