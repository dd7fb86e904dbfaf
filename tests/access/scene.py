"""Two publications with a row of each kind, and everybody who may come to ask for it."""

import datetime as dt
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from analytics.models import EditionFigures, Trouble
from api import keys
from api.hooks import endpoints
from api.models import HookMessage
from api.models.keys import Scope
from briefs import accounts, audit, invitations, revisions
from briefs.models import Author, Brief, Membership, Publication, User
from deliveries.models import Edition, Segment
from subscribers import reading, wordings
from subscribers.models import (
    ConsentRecord,
    Defence,
    GroupMember,
    ImportRun,
    Notice,
    Subscription,
    Suppression,
    SuppressionRelease,
)
from subscribers.suppression import release, suppress
from tests.api.hooking import make_endpoint
from tests.desk import scene as desk
from tests.make import (
    make_brief,
    make_edition,
    make_member,
    make_publication,
    make_subscription,
    make_user,
)

# Stands in all that anybody typed for publication A, and in the addresses of its readers.
MARK = "quokka"
# Stands in what no reader may see, though its publication is public.
DRAFT = "numbat"

MEMBERS = ("writer", "editor", "publisher", "owner")
# By their cookies the desk knows nobody of these.
SHUT_OUT = ("anonymous", "reader", "inactive")


class Scene(NamedTuple):
    """What there is to ask for, and the cookies of who asks."""

    publication: Publication
    rows: dict[str, Any]
    others: dict[str, Any]
    users: dict[str, User]
    cookies: dict[str, str]

    @property
    def draft(self) -> Brief:
        """Return the brief of A that nobody outside has seen."""
        brief: Brief = self.rows["brief"]
        return brief


def make() -> Scene:
    """Store all of it."""
    root = make_user("root@site.example", is_superuser=True)
    ours = desk.make(MARK)
    Author.objects.update(name="Ines", about="")  # authors are shared by the whole site
    theirs = make_publication(
        name="Elsewhere", slug="elsewhere", sender_address="desk@elsewhere.example"
    )
    asking = make_publication(name="Asks", slug="asks", requires_second_factor=True)
    users = {role: make_member(ours, role, email=f"{role}@{MARK}.example") for role in MEMBERS}
    users |= {
        "root": root,
        "plain": make_user("plain@site.example", is_staff=False),
        "inactive": make_member(ours, "owner", email=f"inactive@{MARK}.example"),
        "staff": make_user("staff@site.example"),
        "stranger": make_member(theirs, "owner", email="owner@elsewhere.example"),
        "owing": make_member(ours, "owner", email=f"owing@{MARK}.example"),
    }
    Membership.objects.create(user=users["owing"], publication=asking, role="writer")
    Authenticator.objects.create(user=root, type="totp", data={"secret": "x"})
    rows = _of_ours(ours, users["owner"])
    others = _rows(theirs, users["stranger"], _other_brief(theirs))
    cookies = {role: _cookie(user) for role, user in users.items()}
    User.objects.filter(pk=users["inactive"].pk).update(is_active=False)
    reader = rows["subscription"]
    cookies["anonymous"] = ""
    cookies["reader"] = f"{reading.COOKIE}={_reader_cookie(reader)}"
    return Scene(ours, rows, others, users, cookies)


def _of_ours(publication: Publication, owner: User) -> dict[str, Any]:
    draft = desk.draft()
    Brief.objects.filter(pk=draft.pk).update(
        headline=f"{DRAFT} {MARK}", body=f"{DRAFT} {MARK}", preheader=DRAFT
    )
    draft.refresh_from_db()
    rows = _rows(publication, owner, draft)
    HookMessage.objects.filter(pk=rows["hookmessage"].pk).update(status="failed")
    runs = ImportRun.objects.filter(publication=publication)
    planned = make_edition(make_brief(publication), send_at=timezone.now() + dt.timedelta(days=2))
    return rows | {
        "link": rows["edition"].links.order_by("pk").first(),
        "new brief": make_brief(publication),
        "planned edition": planned,
        "received import": runs.order_by("-pk")[0],
        "sent brief": rows["edition"].brief,
        "unused author": Author.objects.create(name="Nobody", slug="nobody"),
    }


def _other_brief(publication: Publication) -> Brief:
    make_edition(make_brief(publication))
    return make_brief(publication, headline="Theirs")


def _rows(publication: Publication, owner: User, draft: Brief) -> dict[str, Any]:
    """Return a row of each kind that belongs to *publication*, by the name of its model."""
    word = publication.name.partition(" ")[2] or publication.name
    colleague = make_member(publication, "editor", name=word)
    reader = make_subscription(publication, f"ada@{word}.example", name=word)
    edition = Edition.objects.filter(brief__publication=publication).order_by("pk")[0]
    group, _ = publication.groups.get_or_create(name=f"Clients {word}")
    endpoint = make_endpoint(publication, description=word)
    suppressed, released = _suppressed(publication, word, owner)
    wording = wordings.current(publication)
    return {
        "accountentry": accounts.record("logged-in", owner),
        "apikey": keys.make(publication, owner, name=word, scopes=[Scope.READ_BRIEFS])[0],
        "auditentry": audit.record("edited", brief=draft, by=owner, words=word),
        "author": Author.objects.get_or_create(name="Ines", slug="ines")[0],
        "brief": draft,
        "clientgroup": group,
        "consentrecord": ConsentRecord.objects.create(
            subscriber=reader.subscriber, publication=publication, kind="requested", wording=wording
        ),
        "consentwording": wording,
        "defence": Defence.objects.create(publication=publication),
        "delivery": edition.deliveries.order_by("pk").first(),
        "edition": edition,
        "editionfigures": EditionFigures.objects.get_or_create(
            edition=edition, defaults={"counted_at": edition.send_at}
        )[0],
        "groupmember": GroupMember.objects.create(
            group=group, key=f"g@{word}.example", address=f"g@{word}.example"
        ),
        "hookendpoint": endpoint,
        "hookmessage": endpoints.ping(endpoint),
        "importrun": publication.import_runs.order_by("pk").first()
        or ImportRun.objects.create(publication=publication),
        "invitation": invitations.invite(publication, f"new@{word}.example", "editor", by=owner),
        "membership": colleague.memberships.get(),
        "notice": Notice.objects.create(
            kind="editor", user=owner, publication=publication, subject=word, text=word
        ),
        "publication": publication,
        "revision": revisions.take(draft),
        "segment": Segment.objects.create(publication=publication, name=f"S {word}", rules=[]),
        "snippet": publication.snippets.create(name=f"Own {word}", text=word),
        "subscriber": reader.subscriber,
        "subscription": reader,
        "suppression": suppressed,
        "suppressionrelease": released,
        "topic": publication.topics.create(name=f"Quays {word}", slug="quays"),
        "trouble": Trouble.objects.create(
            publication=publication,
            kind="spf",
            about=f"{word}.example",
            since=edition.send_at,
            seen_at=edition.send_at,
        ),
        "user": colleague,
    }


def _suppressed(
    publication: Publication, word: str, owner: User
) -> tuple[Suppression, SuppressionRelease]:
    for name in ("back", "gone"):
        suppress(f"{name}@{word}.example", "manual", publication=publication)
    first, second = Suppression.objects.filter(publication=publication).order_by("pk")[:2]
    release(first, why=word, by=owner)
    return second, SuppressionRelease.objects.get(publication=publication)


def _cookie(user: User) -> str:
    client = Client()
    client.force_login(user)
    return f"sessionid={client.cookies['sessionid'].value}"


def _reader_cookie(subscription: Subscription) -> str:
    response = HttpResponse()
    reading.let_in(response, subscription)
    return response.cookies[reading.COOKIE].value
