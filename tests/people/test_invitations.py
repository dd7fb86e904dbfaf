"""Invitations: an owner asks by mail, whoever is asked accepts once."""

import datetime as dt
import re
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.utils import timezone

from briefs import invitations
from briefs.models import AuditEntry, Invitation, Membership, Publication, User
from subscribers import notices, tokens
from tests.make import make_member, make_publication, make_user
from tests.people.conftest import PASSWORD, LogIn

pytestmark = pytest.mark.django_db
NEW = "ada@bank.example"
JOINING = {"name": "Ada", "password1": PASSWORD, "password2": PASSWORD}


def link(invitation: Invitation) -> str:
    invitation.refresh_from_db()
    return f"/accounts/invitation/{tokens.colleague.make(invitation.pk, invitation.mails)}/"


@pytest.fixture
def invitation(publication: Publication, olga: User) -> Invitation:
    """Return Olga's invitation of somebody new."""
    return invitations.invite(publication, NEW, "editor", by=olga)


def test_an_owner_invites_at_the_desk_and_who_is_new_gets_an_account(
    client: Client, publication: Publication, olga: User
) -> None:
    client.force_login(olga)
    posted = {"publication": publication.pk, "address": "Ada@Bank.example", "role": "editor"}
    assert client.post("/admin/briefs/invitation/add/", posted).status_code == 302
    assert NEW in client.get("/admin/briefs/invitation/").content.decode()
    assert notices.sweep() == 1
    (sent,) = mail.outbox
    assert (sent.to, "as editor" in sent.body) == ([NEW], True)
    found = re.search(r"/accounts/invitation/\S+", str(sent.body))
    assert found
    path = found[0]

    somebody = Client()
    for scanner in (somebody.get(path), somebody.head(path)):
        assert scanner.status_code == 200
    assert not User.objects.filter(email=NEW).exists()
    assert somebody.post(path, {**JOINING, "password1": "12345678"}).status_code == 200
    assert somebody.post(path, JOINING)["Location"] == "/admin/"
    assert somebody.get("/admin/briefs/brief/").status_code == 200
    ada = User.objects.get(email=NEW)
    assert (ada.name, ada.is_staff, ada.is_superuser) == ("Ada", True, False)
    assert ada.memberships.get().role == "editor"
    assert Client().post(path, JOINING).status_code == 410
    verbs = AuditEntry.objects.order_by("pk").values_list("verb", "words")
    assert list(verbs) == [("invited", f"{NEW}: editor"), ("joined", f"{NEW}: editor")]


def test_somebody_new_may_come_with_a_passkey_alone(client: Client, invitation: Invitation) -> None:
    answer = client.post(link(invitation), {"name": "Ada", "by_passkey": "1"})
    assert answer["Location"] == "/accounts/2fa/passkeys/add/"
    assert "Log in with it alone" in client.get(answer["Location"]).content.decode()
    assert not User.objects.get(email=NEW).has_usable_password()


def test_who_has_an_account_accepts_as_its_owner_only(
    client: Client, invitation: Invitation, log_in: LogIn
) -> None:
    make_user(NEW, password=PASSWORD, is_staff=False)
    path = link(invitation)
    assert "has an account here" in client.get(path).content.decode()
    client.post(path, JOINING)
    other = make_user("other@bank.example")
    client.force_login(other)
    assert "you are logged in as other@" in client.get(path).content.decode()
    client.post(path)
    assert not Membership.objects.filter(publication=invitation.publication, role="editor").exists()
    client = Client()
    assert log_in(client, NEW, next=path).status_code == 302
    assert client.post(path)["Location"] == "/admin/"
    joined = Membership.objects.get(publication=invitation.publication, role="editor")
    assert (joined.user.email, joined.user.is_staff) == (NEW, True)


def test_an_invitation_ends(client: Client, invitation: Invitation, olga: User) -> None:
    first = link(invitation)
    assert invitations.resend(invitation, by=olga)
    assert client.get(first).status_code == 410
    path = link(invitation)
    Invitation.objects.update(sent_at=timezone.now() - dt.timedelta(days=7, minutes=1))
    assert client.post(path, JOINING).status_code == 410
    assert invitations.resend(invitation, by=olga)
    path = link(invitation)
    assert client.get(path).status_code == 200
    assert invitations.withdraw(invitation, by=olga)
    assert not invitations.withdraw(invitation, by=olga)
    assert not invitations.resend(invitation, by=olga)
    assert client.post(path, JOINING).status_code == 410
    assert client.get("/accounts/invitation/AAAAAAAAAAAAAAAAAAAA/").status_code == 410
    assert notices.sweep() == 0


def test_who_was_shown_the_door_lets_nobody_in(
    client: Client, invitation: Invitation, olga: User
) -> None:
    olga.memberships.update(role="writer")
    answer = client.post(link(invitation), JOINING)
    assert (answer.status_code, User.objects.filter(email=NEW).exists()) == (410, False)


def test_inviting_again_mails_again_and_a_member_is_not_invited(
    invitation: Invitation, publication: Publication, olga: User
) -> None:
    again = invitations.invite(publication, NEW, "writer", by=olga)
    assert (again.pk, again.mails, again.role) == (invitation.pk, 2, "writer")
    with pytest.raises(invitations.WorksHere):
        invitations.invite(publication, olga.email, "writer", by=olga)


def test_who_gets_an_account_by_another_invitation_meanwhile_is_asked_to_log_in(
    client: Client, invitation: Invitation, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = User.objects.create_user

    def late(*args: Any, **fields: Any) -> User:
        create(NEW, PASSWORD, is_staff=True)
        return create(*args, **fields)

    path = link(invitation)
    monkeypatch.setattr(User.objects, "create_user", late)
    answer = client.post(path, JOINING)
    assert (answer.status_code, "has an account by now" in answer.content.decode()) == (410, True)
    invitation.refresh_from_db()
    assert invitation.status == "open"


@pytest.mark.sqlite_only
def test_an_invitation_that_is_withdrawn_while_it_is_repeated_is_not_mailed_again(
    invitation: Invitation, publication: Publication, olga: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    renew = invitations._renew

    def late(*args: Any, **fields: Any) -> bool:
        invitations.withdraw(invitation, by=olga)
        return renew(*args, **fields)

    monkeypatch.setattr(invitations, "_renew", late)
    again = invitations.invite(publication, NEW, "writer", by=olga)
    assert (again.pk > invitation.pk, again.status, again.role) == (True, "open", "writer")
    invitation.refresh_from_db()
    assert (invitation.status, invitation.mails) == ("withdrawn", 1)


@pytest.mark.parametrize("role", ["writer", "editor", "publisher", "stranger"])
def test_only_an_owner_of_the_publication_invites(
    client: Client, invitation: Invitation, publication: Publication, role: str
) -> None:
    if role == "stranger":
        client.force_login(make_member(make_publication(), "owner"))
    else:
        client.force_login(make_member(publication, role))
    posted: dict[str, Any] = {"publication": publication.pk, "address": "x@y.org", "role": "owner"}
    assert client.post("/admin/briefs/invitation/add/", posted).status_code in (200, 403)
    for action in ("withdraw", "mail_again"):
        chosen = {"action": action, "_selected_action": [invitation.pk]}
        client.post("/admin/briefs/invitation/", chosen)
    invitation.refresh_from_db()
    assert (invitation.status, invitation.mails) == ("open", 1)
    assert Invitation.objects.count() == 1
