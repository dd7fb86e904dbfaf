"""Webhooks at the desk: for owners alone, and every press is safe to repeat."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from api.hooks import collecting, endpoints, pruning, signing, targets
from api.models import HookAttempt, HookEndpoint, HookMessage
from briefs.models import AuditEntry
from subscribers import consent
from tests.api.hooking import make_endpoint, types_of
from tests.make import make_member, make_publication, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

LIST = "/admin/api/hookendpoint/"
LOG = "/admin/api/hookmessage/"


@pytest.fixture
def publication():
    return make_publication()


@pytest.fixture
def owner(client, publication):
    client.force_login(make_member(publication, "owner"))
    return client


def page_of(endpoint):
    return reverse("admin:api_hookendpoint_change", args=[endpoint.pk])


def do(client, endpoint, verb, **given):
    url = reverse("admin:api_hookendpoint_verb", args=[endpoint.pk, verb])
    return client.post(url, given, follow=True)


def test_an_owner_sets_one_up_changes_it_and_sees_its_secret(owner, publication):
    form = {
        "publication": publication.pk,
        "url": "https://hooks.crm.example.com?key=T0K3N",
        "description": "The CRM <b>of</b> Ida",
        "types": ["subscriber.confirmed", "subscriber.unsubscribed"],
    }
    answer = owner.post(f"{LIST}add/", form, follow=True)
    endpoint = HookEndpoint.objects.get()
    page = answer.content.decode()
    assert signing.shown_secret(endpoint) in page.replace("&#x2B;", "+").replace("&#x3D;", "=")
    assert "The CRM &lt;b&gt;of&lt;/b&gt; Ida" in page
    assert endpoint.types == form["types"]
    answer = owner.post(page_of(endpoint), {**form, "types": ["brief.published"]}, follow=True)
    endpoint.refresh_from_db()
    assert endpoint.types == ["brief.published"]
    steps = AuditEntry.objects.filter(publication=publication).order_by("pk")
    assert [step.verb for step in steps] == ["webhook-added", "webhook-changed"]
    # Who reads the trail need not know what is as good as a password.
    assert not any("T0K3N" in step.words for step in steps)
    assert owner.get(LIST).status_code == 200


@pytest.mark.parametrize(
    ("url", "is_fine"),
    [
        ("https://hooks.harbour-watch.org:8444/a?b=c", True),
        ("http://127.0.0.1:9000/", True),
        ("http://localhost:9000/", True),
        ("http://hooks.harbour-watch.org/", False),
        ("https://10.0.0.1/", False),
        ("https://[::ffff:10.0.0.1]/", False),
        ("https://metadata.internal/", False),
        ("https://ada:pw@hooks.harbour-watch.org/", False),
        ("https://hooks.harbour-watch.org/ x", False),
        ("https://hooks.harbour-watch.org:99999/", False),
        ("javascript:alert(1)", False),
        ("https://", False),
    ],
)
def test_an_address_is_looked_at_before_it_is_stored(owner, publication, url, is_fine, settings):
    form = {"publication": publication.pk, "url": url, "types": ["brief.published"]}
    owner.post(f"{LIST}add/", form)
    assert HookEndpoint.objects.exists() == is_fine
    settings.SITE_IS_LOCAL = False
    if "//127" in url or "localhost" in url:
        with pytest.raises(targets.NotATarget):
            targets.checked(url)


def test_an_unknown_type_and_a_foreign_publication_are_refused(owner, publication):
    form = {"publication": publication.pk, "url": "https://x.org/", "types": ["everything"]}
    assert "is not one of the available choices" in owner.post(f"{LIST}add/", form).content.decode()
    form |= {"types": ["brief.published"], "publication": make_publication().pk}
    owner.post(f"{LIST}add/", form)
    assert not HookEndpoint.objects.exists()


@pytest.mark.parametrize("role", ["writer", "editor", "publisher", "owner of another", "nobody"])
def test_nobody_else_sees_or_does_anything(client, publication, role):
    endpoint = make_endpoint(publication)
    message = endpoints.ping(endpoint)
    home = make_publication() if "another" in role else publication
    if role != "nobody":
        client.force_login(make_member(home, role.partition(" ")[0]))
    pages = [
        page_of(endpoint),
        reverse("admin:api_hookmessage_change", args=[message.pk]),
        reverse("admin:api_hookmessage_replay", args=[message.pk]),
        *(
            reverse("admin:api_hookendpoint_verb", args=[endpoint.pk, verb])
            for verb in ("rotate", "ping", "disable", "enable", "replay", "delete")
        ),
    ]
    secret = signing.shown_secret(endpoint)
    for page in pages:
        for answer in (client.get(page), client.post(page, {"since": "2020-01-01T00:00"})):
            assert answer.status_code in (302, 403, 404), page
            assert answer.headers.get("Location", "/admin/login").startswith("/admin/login"), page
            assert secret not in answer.content.decode()
    for listed in (LIST, LOG, f"{LOG}?endpoint={endpoint.pk}"):
        assert endpoint.host not in client.get(listed).content.decode()
    endpoint.refresh_from_db()
    assert signing.shown_secret(endpoint) == secret
    assert endpoint.status == "active"
    assert HookMessage.objects.count() == 1


def test_the_log_is_of_ones_own_endpoints(owner, publication):
    theirs = endpoints.ping(make_endpoint(description="Theirs"))
    mine = endpoints.ping(make_endpoint(publication, description="Mine"))
    page = owner.get(LOG, follow=True).content.decode()
    assert reverse("admin:api_hookmessage_change", args=[mine.pk]) in page
    assert "Theirs" not in page
    foreign = owner.get(f"{LOG}?endpoint={theirs.endpoint_id}").content.decode()
    assert reverse("admin:api_hookmessage_change", args=[theirs.pk]) not in foreign
    for narrow, count in (("status=pending", 1), ("status=failed", 0), ("type=ping", 1)):
        listed = owner.get(f"{LOG}?endpoint={mine.endpoint_id}&{narrow}")
        assert len(listed.context["cl"].result_list) == count, narrow


def test_a_second_press_rotates_nothing(owner, publication):
    endpoint = make_endpoint(publication)
    mark = owner.get(page_of(endpoint)).context["mark"]
    first = do(owner, endpoint, "rotate", mark=mark)
    endpoint.refresh_from_db()
    secret = signing.shown_secret(endpoint)
    do(owner, endpoint, "rotate", mark=mark)
    endpoint.refresh_from_db()
    assert signing.shown_secret(endpoint) == secret
    assert "The one before signs as well until" in first.content.decode()


def test_a_message_shows_its_body_its_tries_and_is_replayed(owner, publication):
    endpoint = make_endpoint(publication)
    message = endpoints.ping(endpoint)
    HookMessage.objects.update(status="failed")
    HookAttempt.objects.create(message=message, status=500, ms=12, answer="<script>x</script>")
    url = reverse("admin:api_hookmessage_change", args=[message.pk])
    page = owner.get(url).content.decode()
    assert message.webhook_id in page
    assert "&lt;script&gt;x&lt;/script&gt;" in page
    assert publication.slug in page
    assert owner.post(url).status_code == 403
    owner.post(reverse("admin:api_hookmessage_replay", args=[message.pk]))
    message.refresh_from_db()
    assert message.status == "pending"
    HookMessage.objects.update(status="failed")
    chosen = {"action": "replay_chosen", "_selected_action": [message.pk]}
    owner.post(f"{LOG}?endpoint={endpoint.pk}", chosen)
    message.refresh_from_db()
    assert message.status == "pending"


def test_what_failed_since_a_moment_is_replayed_and_a_wrong_moment_is_told(owner, publication):
    endpoint = make_endpoint(publication)
    for days in (1, 3):
        row = endpoints.ping(endpoint)
        HookMessage.objects.filter(pk=row.pk).update(
            status="failed", at=timezone.now() - dt.timedelta(days=days)
        )
    since = timezone.now() - dt.timedelta(days=2)
    page = do(owner, endpoint, "replay", since=since.strftime("%Y-%m-%dT%H:%M"))
    assert "1 message is sent again" in page.content.decode()
    assert HookMessage.objects.filter(status="failed").count() == 1
    page = do(owner, endpoint, "replay", since="yesterday")
    assert "Say since when" in page.content.decode()


def test_disabling_and_enabling_are_said_on_the_page(owner, publication):
    endpoint = make_endpoint(publication)
    page = do(owner, endpoint, "disable").content.decode()
    assert "Disabled at the desk." in page
    page = do(owner, endpoint, "ping").content.decode()
    assert "Enable it first" in page
    assert not HookMessage.objects.exists()
    do(owner, endpoint, "enable")
    endpoint.refresh_from_db()
    assert endpoint.status == "active"
    assert do(owner, endpoint, "explode").status_code == 404


def test_what_was_missed_is_offered_and_sent_where_it_is_chosen(owner, publication):
    endpoint = make_endpoint(publication)
    do(owner, endpoint, "disable")
    consent.request(publication, "ada@example.com", source="form")
    assert "what it has missed since" in owner.get(page_of(endpoint)).content.decode()
    page = do(owner, endpoint, "enable", missed="yes").content.decode()
    assert "What it missed is sent" in page
    collecting.collect()
    assert types_of(endpoint) == ["subscriber.subscribed"]
    # One that an earlier release disabled: nobody noted where it stopped listening.
    HookEndpoint.objects.update(status="disabled", missed=None)
    assert "what it has missed since" not in owner.get(page_of(endpoint)).content.decode()


def test_a_deleted_webhook_is_gone_and_the_trail_says_who_deleted_it(owner, publication):
    endpoint = make_endpoint(publication, description="The CRM")
    message = endpoints.ping(endpoint)
    page = do(owner, endpoint, "delete").content.decode()
    assert "“The CRM” is deleted" in page
    step = AuditEntry.objects.latest("pk")
    assert (step.verb, step.words) == ("webhook-deleted", f"{endpoint.host}: The CRM")
    gone = [page_of(endpoint), reverse("admin:api_hookmessage_change", args=[message.pk])]
    assert [owner.get(url).status_code for url in gone] == [404, 404]
    assert not owner.get(f"{LOG}?endpoint={endpoint.pk}").context["cl"].result_list
    assert "The CRM" not in owner.get(LOG, follow=True).content.decode()
    assert not endpoints.enable(endpoint)
    assert not endpoints.change(endpoint)
    assert not endpoints.delete(endpoint)
    pruning.bury()
    assert not HookEndpoint.objects.exists()
    assert not HookMessage.objects.exists()


def test_who_looks_after_the_site_sees_all(client, publication):
    client.force_login(make_user(is_superuser=True))
    endpoint = make_endpoint(publication, description="Anybody’s")
    assert "Anybody’s" in client.get(LIST).content.decode()
    assert client.get(page_of(endpoint)).status_code == 200
