"""Every address of the desk: strangers, and people who are not logged in, get nothing of it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib import admin
from django.core import serializers
from django.test import Client
from django.urls import URLResolver, reverse

from analytics.models import EditionFigures, Trouble
from api import keys
from api.hooks import endpoints
from briefs import accounts, audit, comments, invitations, revisions, workflow
from briefs.models import Brief, ClientGroup, Publication, Snippet, Topic
from deliveries.models import Delivery, Link, Segment
from subscribers.models import GroupMember, ImportRun
from tests.api.hooking import make_endpoint
from tests.make import make_brief, make_edition, make_member, make_subscription

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

SECRET = "Nobody else’s headline"
# Of which row an address tells, where its name does not say so.
ABOUT = {
    "analytics_edition_csv": "edition",
    "analytics_edition_report": "edition",
    "analytics_publication_csv": "publication",
    "analytics_publication_report": "publication",
    "auth_user_password_change": "user",
    "briefs_brief_compare": "brief",
    "briefs_brief_compare_any": "brief",
    "briefs_brief_move": "brief",
    "briefs_brief_restore": "brief",
    "briefs_brief_revisions": "brief",
    "briefs_publication_look": "publication",
    "deliveries_checks": "brief",
    "deliveries_correct": "brief",
    "deliveries_erase": "subscriber",
    "deliveries_links": "edition",
    "deliveries_plan": "brief",
    "deliveries_progress": "edition",
    "deliveries_readers": "brief",
    "deliveries_segment_count": "segment",
    "deliveries_send": "brief",
    "deliveries_sign_off": "brief",
    "deliveries_undo_import": "importrun",
    "deliveries_verb": "edition",
    "subscribers_export": "publication",
    "subscribers_import_do": "importrun",
    "subscribers_refused": "importrun",
    "subscribers_unsubscribe": "subscription",
}
VERBS = {
    "api_hookendpoint_verb": "ping",
    "deliveries_sign_off": "comment",
    "deliveries_verb": "cancel",
}
# Django's own, and evidence about readers, which has tests of its own.
LEFT_OUT = {"view_on_site", "author", "consentrecord", "consentwording", "defence", "notice"} | {
    "suppression",
    "suppressionrelease",
}


@pytest.fixture
def rows(publication: Publication) -> dict[str, Any]:
    """Return one row of each kind that belongs to a publication, by the name of its model."""
    link = make_subscription(publication)
    brief = make_brief(publication, headline=SECRET)
    edition = make_edition(brief)
    workflow.publish(brief, edition.revision, edition.send_at)
    member = make_member(publication, "writer")
    comments.add(brief, member, "Look at this")
    Link.objects.create(edition=edition, position=0, url="https://port.example/")
    group = ClientGroup.objects.create(publication=publication, name="Ours")
    endpoint = make_endpoint(publication, description=SECRET)
    return {
        "accountentry": accounts.record("logged-in", member),
        "invitation": invitations.invite(publication, "i@h.org", "editor", by=member),
        "apikey": keys.make(publication, member, name=SECRET, scopes=["briefs:read"])[0],
        "auditentry": audit.record("edited", brief=brief, by=member),
        "brief": brief,
        "clientgroup": group,
        "groupmember": GroupMember.objects.create(group=group, key="g@h.org", address="g@h.org"),
        "delivery": Delivery.objects.create(edition=edition, subscriber=link.subscriber),
        "edition": edition,
        "trouble": Trouble.objects.create(
            publication=publication,
            kind="spf",
            about="harbour.example",
            since=edition.send_at,
            seen_at=edition.send_at,
        ),
        "editionfigures": EditionFigures.objects.create(
            edition=edition, counted_at=edition.send_at
        ),
        "hookendpoint": endpoint,
        "hookmessage": endpoints.ping(endpoint),
        "importrun": ImportRun.objects.create(publication=publication),
        "membership": member.memberships.get(),
        "publication": publication,
        "revision": revisions.take(brief),
        "segment": Segment.objects.create(publication=publication, name="S", rules=[]),
        "snippet": Snippet.objects.create(publication=publication, name="S", text="Words"),
        "subscriber": link.subscriber,
        "subscription": link,
        "topic": Topic.objects.create(publication=publication, name="Ports"),
        "user": member,
    }


@pytest.fixture
def posted(rows: dict[str, Any]) -> dict[str, Any]:
    """Return what is posted everywhere: what the forms have, with the numbers of their rows."""
    numbers = {name: row.pk for name, row in rows.items()}
    words = dict.fromkeys(("text", "reason", "words", "name", "headline", "notice", "alt"), "x")
    mine = {"draft_key": "00000000-0000-4000-8000-000000000000", "text_version": 1, "post": "yes"}
    return {
        **words,
        **numbers,
        **mine,
        "link": Link.objects.get().pk,
        "url": "https://evil.example/",
    }


def of_the_desk(patterns: list[Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the name of each address of ours, and what stands in it."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            yield from of_the_desk(pattern.url_patterns)
        elif pattern.name and not pattern.name.endswith(("_history", "app_list")):
            yield pattern.name, pattern.pattern.converters


def addresses(rows: dict[str, Any]) -> list[str]:
    """Return the addresses of all pages about one row, for rows that are theirs."""
    found = []
    for name, wants in of_the_desk(admin.site.get_urls()):
        about = ABOUT.get(name) or name.split("_")[-2 if "_" in name else 0]
        if not wants or about in LEFT_OUT or name in LEFT_OUT:
            continue
        assert about in rows, f"Say in ABOUT of which row {name} tells."
        others = {"verb": VERBS.get(name, "run"), "revision": 1, "before": 1, "after": 0}
        others |= {"name": "domains"}
        values = {key: others.get(key, rows[about].pk) for key in wants}
        found.append(reverse(f"admin:{name}", kwargs=values))
    return found


def all_of(rows: dict[str, Any]) -> str:
    kept = [type(row)._base_manager.get(pk=row.pk) for row in rows.values()]
    return str(serializers.serialize("json", kept))


def test_a_stranger_gets_nothing_of_any_page_about_a_row(
    stan: Client, rows: dict[str, Any], posted: dict[str, Any]
) -> None:
    before, steps = all_of(rows), rows["brief"].audit.count()
    for url in addresses(rows):
        for answer in (stan.get(url), stan.post(url, posted)):
            where = f"{answer.request['REQUEST_METHOD']} {url}"
            assert answer.status_code in (302, 403, 404, 405), where
            assert answer.headers.get("Location", "/admin/") == "/admin/", where
            assert SECRET not in answer.content.decode(), where
    assert all_of(rows) == before
    assert rows["brief"].audit.count() == steps
    assert not Brief.objects.get(pk=rows["brief"].pk).comments.filter(text="x").exists()


def test_who_is_not_logged_in_gets_no_further_than_the_log_in(
    client: Client, rows: dict[str, Any], posted: dict[str, Any]
) -> None:
    before = all_of(rows)
    pages = {name for name, wants in of_the_desk(admin.site.get_urls()) if not wants}
    plain = [reverse(f"admin:{name}") for name in pages - {"login", "logout", "jsi18n"}]
    for url in (*addresses(rows), *plain):
        for answer in (client.get(url), client.post(url, posted)):
            where = f"{answer.request['REQUEST_METHOD']} {url}"
            assert answer.status_code == 302, where
            assert answer.headers["Location"].startswith("/admin/login/?"), where
    assert all_of(rows) == before


@pytest.mark.parametrize(
    "name",
    [
        *("briefs_brief_preview", "briefs_brief_images", "briefs_draft_keep"),
        *("briefs_draft_compare", "briefs_draft_presence", "deliveries_findings"),
    ],
)
def test_what_the_form_asks_for_is_refused_for_a_brief_of_others(
    stan: Client, rows: dict[str, Any], posted: dict[str, Any], name: str
) -> None:
    url = reverse(f"admin:{name}")
    assert stan.post(f"{url}?brief={rows['brief'].pk}", posted).status_code == 403
    assert stan.get(url).status_code == 405


def test_lists_show_a_stranger_nothing(stan: Client, rows: dict[str, Any]) -> None:
    lists = [f"briefs_{model}_changelist" for model in ("auditentry", "brief", "snippet")]
    for name in (*lists, "index", "deliveries_calendar", "deliveries_one_reader"):
        answer = stan.get(reverse(f"admin:{name}"), {"q": rows["subscriber"].address})
        assert answer.status_code == 200, name
        assert SECRET not in answer.content.decode(), name
