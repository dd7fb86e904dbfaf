"""Nothing that the trail tells of is done unseen: no text is changed, and no role given."""

from typing import Any

import pytest
from django.test import Client

from briefs import approvals, revisions, workflow
from briefs.models import AuditEntry, Brief, Publication, User
from tests.desk.conftest import FormOf
from tests.make import make_brief, make_member, make_publication

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]


@pytest.fixture
def publication() -> Publication:
    """Return a publication that wants two people."""
    return make_publication(needs_approval=True)


@pytest.fixture
def brief(publication: Publication, wanda: Client) -> Brief:
    """Return what Wanda wrote, and somebody else has approved."""
    writer = User.objects.get(email="wanda@harbour.example")
    brief = make_brief(publication, created_by=writer)
    revision = workflow.submit(brief, writer)
    workflow.approve(revision, make_member(publication, "editor"))
    return Brief.objects.get(pk=brief.pk)


@pytest.fixture
def post(paul: Client, brief: Brief, form_of: FormOf) -> Any:
    """Return a way for Paul to post the form as it stands, with something else in it."""

    def go(path: str, **other: object) -> Brief:
        points = [point.text for point in brief.key_points.all()]
        same = {name: getattr(brief, name) for name in ("headline", "body", "series", "slug")}
        answer = paul.post(
            f"/admin/briefs/brief/{path}/change/",
            form_of(brief.publication, points, **{**same, **other}),
        )
        assert answer.status_code == 302
        return Brief.objects.get(pk=brief.pk)

    return go


def test_a_save_that_changes_nothing_is_no_step(post: Any, brief: Brief) -> None:
    assert post(str(brief.pk)).status == "approved"
    assert not brief.audit.filter(verb="edited").exists()


@pytest.mark.parametrize("path", ["+{}", "_2B{}", "%20{}"], ids=["signed", "quoted", "spaced"])
def test_another_way_to_write_a_number_is_no_way_past_the_rules(
    post: Any, brief: Brief, path: str
) -> None:
    # Django's admin reads "+1", "_2B1" and " 1" as 1.
    changed = post(path.format(brief.pk), headline="Three cranes")
    assert_seen(changed)


@pytest.mark.parametrize(
    "row",
    [{"key_points-2-DELETE": "false"}, {"key_points-TOTAL_FORMS": "1500", "n": "1400"}],
    ids=["not-deleted", "far-down"],
)
def test_a_row_that_the_form_stores_is_a_change(post: Any, brief: Brief, row: Any) -> None:
    number = row.pop("n", "2")
    hidden = {"key_points-TOTAL_FORMS": "3", f"key_points-{number}-text": "A word from Paul"}
    changed = post(str(brief.pk), **{**hidden, **row})
    assert "A word from Paul" in [point.text for point in changed.key_points.all()]
    assert_seen(changed)


def assert_seen(brief: Brief) -> None:
    assert brief.status == "draft"
    assert brief.audit.filter(verb="edited", by__email="paul@harbour.example").exists()
    assert approvals.is_author(User.objects.get(email="paul@harbour.example"), brief)
    assert approvals.standing(revisions.take(brief)) is None


def test_roles_that_are_given_on_the_page_of_a_colleague_are_steps_too(
    root: Client, publication: Publication
) -> None:
    eddy = make_member(publication, "writer", name="Eddy")
    elsewhere = make_publication()
    page = f"/admin/briefs/user/{eddy.pk}/"
    rows: dict[str, Any] = {"memberships-TOTAL_FORMS": 2, "memberships-INITIAL_FORMS": 1}
    first: dict[str, Any] = {
        "id": eddy.memberships.get().pk,
        "publication": publication.pk,
        "role": "editor",
    }
    second: dict[str, Any] = {"id": "", "publication": elsewhere.pk, "role": "owner"}
    for number, row in enumerate((first, second)):
        rows |= {f"memberships-{number}-{name}": value for name, value in row.items()}
        rows[f"memberships-{number}-user"] = eddy.pk
    who = {"email": eddy.email, "name": "Eddy", "time_zone": "UTC", "is_active": 1, "is_staff": 1}
    assert root.post(f"{page}change/", {**who, **rows}).status_code == 302
    assert root.post(f"{page}delete/", {"post": "yes"}).status_code == 302
    assert not User.objects.filter(pk=eddy.pk).exists()
    steps = AuditEntry.objects.filter(verb__startswith="member").order_by("pk")
    assert [(step.publication, step.verb, step.words) for step in steps] == [
        (publication, "member-set", "Eddy: editor"),
        (elsewhere, "member-set", "Eddy: owner"),
        (publication, "member-gone", "Eddy: editor"),
        (elsewhere, "member-gone", "Eddy: owner"),
    ]
