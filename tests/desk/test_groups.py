"""Client groups at the desk: who may invite, whom a brief may be for, and what is kept of it."""

import pytest
from django.test import Client
from django.urls import reverse

from briefs.models import AuditEntry, Brief, ClientGroup, Publication
from subscribers.models import GroupMember, Notice
from tests.desk.conftest import FormOf
from tests.desk.test_publications import form_of as publication_form
from tests.make import make_publication

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(publication: Publication) -> ClientGroup:
    return ClientGroup.objects.create(publication=publication, name="Harbour masters")


def change(group: ClientGroup) -> str:
    return reverse("admin:briefs_clientgroup_change", args=[group.pk])


def test_a_publisher_invites_by_lines_and_hears_of_those_that_are_wrong(
    paul: Client, group: ClientGroup
) -> None:
    lines = "ada@bank.example\n@bank.example\n\nno address\nADA@bank.example;"
    answer = paul.post(change(group), {"name": "Masters", "invite": lines}, follow=True)
    assert "neither an address nor a domain" in answer.content.decode()
    assert set(GroupMember.objects.values_list("key", flat=True)) == {
        "ada@bank.example",
        "@bank.example",
    }
    assert Notice.objects.get().kind == "invitation"
    page = paul.get(reverse("admin:subscribers_groupmember_changelist")).content.decode()
    assert "whole domain" in page
    assert "ada@bank.example" in page
    assert paul.get(reverse("admin:subscribers_notice_changelist")).status_code == 200


def test_who_is_taken_out_is_noted(paul: Client, group: ClientGroup) -> None:
    paul.post(change(group), {"name": group.name, "invite": "ada@bank.example"})
    member = GroupMember.objects.get()
    page = reverse("admin:subscribers_groupmember_delete", args=[member.pk])
    paul.post(page, {"post": "yes"})
    assert not GroupMember.objects.exists()
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["group-member-added", "group-member-gone"]


@pytest.mark.parametrize("who", ["wanda", "stan", "nobody"])
def test_nobody_else_comes_near(
    request: pytest.FixtureRequest, group: ClientGroup, who: str
) -> None:
    client = Client() if who == "nobody" else request.getfixturevalue(who)
    member = GroupMember.objects.create(group=group, key="a@b.example", address="a@b.example")
    pages = [
        change(group),
        reverse("admin:briefs_clientgroup_delete", args=[group.pk]),
        reverse("admin:subscribers_groupmember_change", args=[member.pk]),
        reverse("admin:subscribers_groupmember_delete", args=[member.pk]),
    ]
    for page in pages:
        for answer in (client.get(page), client.post(page, {"name": "x", "invite": "c@d.example"})):
            assert answer.status_code in (302, 403)
    assert GroupMember.objects.count() == 1
    group.refresh_from_db()
    assert group.name == "Harbour masters"


def test_a_group_that_has_briefs_is_not_deleted(
    paul: Client, group: ClientGroup, brief: Brief
) -> None:
    brief.groups.add(group)
    page = reverse("admin:briefs_clientgroup_delete", args=[group.pk])
    assert paul.post(page, {"post": "yes"}).status_code == 403


def test_a_brief_is_for_groups_of_its_publication_and_the_trail_says_so(
    root: Client, publication: Publication, brief: Brief, group: ClientGroup, form_of: FormOf
) -> None:
    page = reverse("admin:briefs_brief_change", args=[brief.pk])
    assert "Harbour masters" in root.get(page).content.decode()
    answer = root.post(page, form_of(publication, access="groups"))
    assert "Choose the client groups" in answer.content.decode()
    other = ClientGroup.objects.create(publication=make_publication(), name="Others")
    answer = root.post(page, form_of(publication, access="groups", groups=[other.pk]))
    assert answer.status_code == 200
    assert not brief.groups.exists()
    posted = {"access": "groups", "groups": [group.pk], "readable_until": "2027-01-01T06:00"}
    assert root.post(page, form_of(publication, **posted)).status_code == 302
    brief.refresh_from_db()
    assert (brief.access, list(brief.groups.all())) == ("groups", [group])
    assert brief.readable_until
    entry = AuditEntry.objects.get(verb="readers-changed")
    assert entry.words == "client groups; Harbour masters; 2027-01-01 06:00"
    root.post(page, form_of(publication, **posted))
    assert AuditEntry.objects.filter(verb="readers-changed").count() == 1
    wrong = {"embargo_until": "2027-01-01T06:00", "readable_until": "2027-01-01T05:00"}
    answer = root.post(page, form_of(publication, **wrong))
    assert "end before its embargo" in answer.content.decode()


def test_a_publication_that_is_renamed_is_found_under_its_old_address(
    olga: Client, publication: Publication
) -> None:
    old = publication.slug
    page = reverse("admin:briefs_publication_change", args=[publication.pk])
    posted = publication_form(olga, publication, slug="renamed")
    olga.post(page, posted)
    publication.refresh_from_db()
    assert publication.slug == "renamed"
    assert Client().get(f"/{old}/")["Location"] == "/renamed/"
