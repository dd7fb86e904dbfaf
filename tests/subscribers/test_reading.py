"""A reader reads on the web by a mailed link, and a client by an invitation."""

import datetime as dt
import re

import pytest
from django.core import mail
from django.utils import timezone

from briefs import revisions, workflow
from briefs.models import AuditEntry, ClientGroup
from deliveries import privacy
from subscribers import groups, intake, notices, reading
from subscribers.models import ConsentRecord, GroupMember, Notice, Subscription
from tests.make import make_brief, make_publication, make_subscription, make_user

pytestmark = pytest.mark.django_db
NOBODY = {"ip": None, "user_agent": ""}


def published(publication, **fields):
    brief = make_brief(publication, **fields)
    workflow.publish(brief, revisions.take(brief), timezone.now())
    brief.refresh_from_db()
    return brief


def mailed_link():
    """Send what waits and return the path of the link in the last mail."""
    notices.sweep()
    return re.search(r"http://127\.0\.0\.1:8000(/s/\S+)", mail.outbox[-1].body)[1]


def ask(client, publication, address, brief=0):
    answer = client.post(f"/s/{publication.slug}/reading/", {"address": address, "brief": brief})
    intake.note_waiting()
    return answer


def test_a_mailed_link_opens_what_is_for_subscribers_and_leaves_the_address_bar(client):
    publication = make_publication()
    brief = published(publication, access="subscribers")
    make_subscription(publication, "ada@example.com")
    assert client.get(brief.web_path()).status_code == 403
    ask(client, publication, "ada@example.com", brief.pk)
    link = mailed_link()
    answer = client.get(link)
    assert (answer.status_code, answer["Location"]) == (302, brief.web_path())
    assert answer["Referrer-Policy"] == "no-referrer"
    cookie = answer.cookies["reader"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] == 30 * 24 * 3600
    assert link.rpartition("/")[2] != cookie.value
    page = client.get(brief.web_path())
    assert page.status_code == 200
    assert "Two cranes arrived" in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    assert "Cookie" in page["Vary"]


@pytest.mark.parametrize("end", ["left", "moved", "erased"])
def test_the_cookie_and_the_link_end_with_what_they_stand_for(client, end):
    publication = make_publication()
    brief = published(publication, access="subscribers")
    subscription = make_subscription(publication, "ada@example.com")
    link = reading.url(subscription, brief).partition(":8000")[2]
    client.get(link)
    assert client.get(brief.web_path()).status_code == 200
    if end == "left":
        Subscription.objects.update(status="unsubscribed", unsubscribed_at=timezone.now())
    elif end == "moved":
        subscription.subscriber.address_hash = "0" * 32
        subscription.subscriber.save()
    else:
        privacy.erase(subscription.subscriber, source="test")
    assert client.get(brief.web_path()).status_code == 403
    assert client.get(link).status_code == 410
    assert "Two cranes" not in client.get(brief.web_path()).content.decode()


@pytest.mark.sqlite_only
@pytest.mark.parametrize("hidden", ["draft", "embargo", "groups"])
def test_a_link_leads_to_no_brief_whose_headline_its_reader_may_not_know(client, hidden):
    publication = make_publication()
    brief = make_brief(publication, slug="minister-resigns")
    if hidden != "draft":
        workflow.publish(brief, revisions.take(brief), timezone.now())
    later = timezone.now() + dt.timedelta(hours=1)
    changes = {"embargo": {"embargo_until": later}, "groups": {"access": "groups"}}
    type(brief).objects.filter(pk=brief.pk).update(**changes.get(hidden, {"slug": brief.slug}))
    make_subscription(publication, "ada@example.com")
    ask(client, publication, "ada@example.com", brief.pk)
    assert client.get(mailed_link())["Location"] == f"/{publication.slug}/"


@pytest.mark.sqlite_only
@pytest.mark.parametrize("who", ["stranger", "subscriber"])
def test_what_is_hidden_answers_as_what_is_not_there(client, who):
    publication = make_publication()
    house = make_publication(is_public=False)
    for_some = published(publication, access="groups")
    later = published(publication, slug="later")
    later.embargo_until = timezone.now() + dt.timedelta(hours=1)
    later.save()
    if who == "subscriber":
        client.get(reading.url(make_subscription(publication)).partition(":8000")[2])
    answers = set()
    for path in (
        for_some.web_path(),
        later.web_path(),
        published(house).web_path(),
        f"/{house.slug}/",
        f"/{house.slug}/archive/",
        for_some.web_path()[:-1] + "-none/",
        "/none/",
        "/none/of/it/",
    ):
        answer = client.get(path)
        answers.add((answer.status_code, answer.content, str(sorted(answer.items()))))
    assert len(answers) == 1


def test_who_leaves_this_browser_is_a_stranger_again(client):
    publication = make_publication()
    brief = published(publication, access="subscribers")
    client.get(reading.url(make_subscription(publication)).partition(":8000")[2])
    assert client.get(brief.web_path()).status_code == 200
    assert client.get("/s/read/leave").status_code == 405
    client.post("/s/read/leave")
    assert client.get(brief.web_path()).status_code == 403


def test_the_answer_is_one_for_all_addresses_and_only_a_reader_is_mailed(client):
    publication = make_publication()
    make_subscription(publication, "ada@example.com")
    make_subscription(publication, "left@example.com", status="unsubscribed")
    said = {
        ask(client, publication, address).content
        for address in ("ada@example.com", "left@example.com", "nobody@example.com")
    }
    assert len(said) == 1
    ask(client, publication, "ada@example.com")
    assert [notice.link.subscriber.address for notice in Notice.objects.all()] == [
        "ada@example.com"
    ]


def test_an_invitation_asks_by_mail_and_its_button_subscribes_with_evidence(client):
    publication = make_publication(is_public=False)
    group = ClientGroup.objects.create(publication=publication, name="Harbour masters")
    brief = published(publication, access="groups")
    brief.groups.add(group)
    member = groups.add(group, "Grace@Bank.example", make_user())
    link = mailed_link()
    assert mail.outbox[-1].to == ["Grace@bank.example"]
    assert client.get(link).status_code == 200
    assert not Subscription.objects.exists()
    answer = client.post(link)
    assert (answer.status_code, answer["Location"]) == (303, f"/{publication.slug}/")
    assert client.get(brief.web_path()).status_code == 200
    kinds = ConsentRecord.objects.order_by("pk").values_list("kind", "source")
    assert list(kinds) == [("requested", "invitation"), ("confirmed", "invitation")]
    member.refresh_from_db()
    assert member.accepted_at
    client.post(link)
    assert ConsentRecord.objects.count() == 2
    groups.remove(member, make_user())
    assert client.get(brief.web_path()).status_code == 404
    assert client.get(link).status_code == 410
    said = list(AuditEntry.objects.order_by("pk").values_list("verb", flat=True))
    assert said[-2:] == ["group-member-added", "group-member-gone"]
    assert not AuditEntry.objects.filter(words__icontains="grace@").exists()


def test_an_address_is_invited_once_a_day_and_never_where_it_is_suppressed():
    group = ClientGroup.objects.create(publication=make_publication(), name="Clients")
    editor = make_user()
    groups.add(group, "ada@example.com", editor)
    with pytest.raises(groups.CannotInvite, match="within a day"):
        groups.add(group, "ADA@example.com", editor)
    assert GroupMember.objects.count() == 1
    for written in ("no address", "@", "ada@@example.com", "@nothing"):
        with pytest.raises(groups.CannotInvite):
            groups.add(group, written, editor)
    privacy.erase_address("ada@example.com", source="test")
    assert not GroupMember.objects.exists()


def test_a_domain_lets_in_who_proves_an_address_of_it(client):
    publication = make_publication(is_public=False)
    group = ClientGroup.objects.create(publication=publication, name="The bank")
    groups.add(group, "bank.example", make_user())
    brief = published(publication, access="groups")
    brief.groups.add(group)
    ask(client, publication, "stranger@other.example")
    assert not Subscription.objects.exists()
    ask(client, publication, "ada@bank.example")
    client.post(mailed_link())
    ask(client, publication, "ada@bank.example", brief.pk)
    assert client.get(mailed_link(), follow=True).status_code == 200
    assert client.get(brief.web_path()).status_code == 200
    subscription = Subscription.objects.get()
    assert Subscription.objects.filter(groups.belongs([group.pk])).get() == subscription
    assert not Subscription.objects.filter(groups.belongs([])).exists()


def test_nobody_belongs_by_an_address_that_looks_like_another():
    publication = make_publication()
    group = ClientGroup.objects.create(publication=publication, name="The bank")
    groups.add(group, "@bank.example", make_user())
    for address in ("a@notbank.example", "a@bank.example.org", "a@sub.bank.example"):
        reader = make_subscription(publication, address).subscriber
        assert not groups.reader_of(reader).group_ids


def test_who_is_erased_is_in_no_group_and_is_told_of_them_before(client):
    publication = make_publication()
    group = ClientGroup.objects.create(publication=publication, name="Clients")
    member = groups.add(group, "ada@example.com", make_user())
    subscription = groups.accept(member, origin=NOBODY)
    assert privacy.export(subscription.subscriber)["groups"][0]["group"] == "Clients"
    privacy.erase(subscription.subscriber, source="test")
    assert not GroupMember.objects.exists()
    assert not Notice.objects.exists()
