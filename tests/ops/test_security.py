"""Rules of the whole site: policies, Host, cookies, sessions, and who is told secrets."""

import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client

from briefs.models import Publication
from briefs.pages import POLICY, POLICY_WITH_IMAGES
from deliveries import planning, sending
from intelbrief import hosts, masking
from subscribers import notices, tokens
from tests.make import make_brief, make_edition, make_member, make_publication, make_subscription
from tests.ops.test_observing_logs import sign_up
from tests.public.test_accessible import at_the_door, make

ROOT = Path(__file__).resolve().parents[2]


# --- the policy of the public pages -----------------------------------------------


class Inline(HTMLParser):
    """Finds what a strict Content-Security-Policy would keep from working."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        is_data = (given.get("type") or "").endswith("json")
        if tag == "style" or (tag == "script" and "src" not in given and not is_data):
            self.found.append(f"<{tag}>")
        self.found += [f"<{tag} {name}>" for name in given if name == "style" or name[:2] == "on"]
        links = [given.get(name) or "" for name in ("href", "src", "action", "formaction")]
        self.found += [link for link in links if link.lower().startswith(("javascript:", "data:t"))]
        if tag in ("script", "link", "iframe", "object") and "rel" not in given:
            self.found += [link for link in links if re.match(r"(https?:)?//", link)]


def token_pages(publication: Publication) -> list[str]:
    link = make_subscription(publication, "reader@example.com", "active")
    leave = tokens.unsubscribe.make(link.pk, 0)
    waits = make_subscription(publication, "waits@example.com", "unconfirmed")
    return [f"/u/{leave}", f"/s/prefs/{leave}", f"/s/confirm/{tokens.confirm.make(waits.pk)}"]


@pytest.mark.django_db
@pytest.mark.sqlite_only
def test_no_public_page_needs_more_than_its_strict_policy(client, admin_client):
    publication = make()
    paths = [stop.path for stop in at_the_door(publication)] + token_pages(publication)
    allowed = {POLICY, POLICY_WITH_IMAGES, POLICY.replace("'none'; frame", "'none'; frame")}
    for path in paths:
        answer = client.get(path)
        look = Inline()
        look.feed(answer.content.decode())
        assert look.found == [], path
        policy = answer.headers["Content-Security-Policy"]
        is_embed = path.endswith("/embed/")
        assert "unsafe" not in policy, path
        assert "default-src 'none'" in policy, path
        assert is_embed or policy in allowed, path
        assert is_embed or answer.headers["X-Frame-Options"] == "DENY", path
        assert answer.headers["X-Content-Type-Options"] == "nosniff", path
    desk = admin_client.get("/admin/")
    assert "frame-ancestors 'self'" in desk.headers["Content-Security-Policy"]


# --- the Host header ------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.sqlite_only
def test_scanners_by_other_names_are_refused_counted_and_told_of_once(
    client, settings, monkeypatch, caplog
):
    settings.ALLOWED_HOSTS = ["briefs.example"]
    monkeypatch.setattr(hosts._Told, "at", -60.0)
    before = hosts.counted()
    name = "evil.example\r\nERROR a line of theirs"
    for path in ("/", "/admin/", "/s/harbour/", "/api/v1/briefs"):
        assert client.get(path, HTTP_HOST=name).status_code == 400, path
    assert client.post("/s/harbour/", HTTP_HOST="").status_code == 400
    assert hosts.counted() - before == 5
    (line,) = caplog.records
    assert line.levelname == "WARNING"
    assert "Asked for as 'evil.example\\r\\nERROR" in line.getMessage()
    assert client.get("/", HTTP_HOST="briefs.example").status_code != 400


@pytest.mark.django_db
@pytest.mark.sqlite_only
def test_no_link_in_a_page_or_a_mail_is_built_from_the_host_header(
    client, settings, mailoutbox, smtp_server
):
    settings.ALLOWED_HOSTS = ["*"]
    publication = make_publication()
    evil = {"HTTP_HOST": "evil.example", "HTTP_X_FORWARDED_HOST": "evil.example"}
    client.defaults.update(evil)
    sign_up(publication, "ada@example.com", client)
    notices.sweep()
    for path in (
        "/",
        f"/{publication.slug}/",
        "/robots.txt",
        "/sitemap.xml",
        f"/s/{publication.slug}/",
    ):
        assert b"evil.example" not in client.get(path).content, path
    for feed in ("feed.atom", "feed.rss", "feed.json"):
        assert b"evil.example" not in client.get(f"/{publication.slug}/{feed}").content
    client.post("/accounts/password/reset/", {"email": "ada@example.com"})
    make_edition(make_brief(publication))
    planning.start_due()
    sending.drain("main")
    mails = [str(mail.message()) for mail in mailoutbox]
    mails += [message.raw.decode() for message in smtp_server.messages]
    assert len(mails) >= 2
    assert not [mail for mail in mails if "evil.example" in mail]


@pytest.mark.sqlite_only
@pytest.mark.django_db
def test_a_host_that_is_none_of_ours_is_refused():
    for path in ("/", "/admin/", "/accounts/login/", "/api/v1/publications"):
        assert Client().get(path, HTTP_HOST="evil.example").status_code == 400


# --- redirects, sessions, forms -----------------------------------------------------


@pytest.mark.django_db
@pytest.mark.sqlite_only
def test_a_click_leads_to_the_stored_link_whatever_the_address_says(client, smtp_server):
    publication = make_publication(tracking="totals")
    make_subscription(publication, "ada@example.com")
    edition = make_edition(make_brief(publication))
    planning.start_due()
    link = edition.links.order_by("position")[0]
    token = tokens.click.make(edition.pk, link.position, 0)
    for tail in (
        "",
        "?url=//evil.example",
        "?next=https://evil.example",
        "?to=javascript:alert(1)",
    ):
        assert client.get(f"/c/{token}{tail}").headers["Location"] == link.url
    for made_up in ("//evil.example", "https://evil.example", "%2F%2Fevil.example"):
        answer = client.get(f"/c/{made_up}")
        assert answer.status_code in (400, 404)
        assert "Location" not in answer.headers


@pytest.mark.django_db
@pytest.mark.sqlite_only
def test_a_session_of_before_the_log_in_is_nobodys_after_it(client):
    publication = make_publication()
    user = make_member(publication, "owner")
    user.set_password("a long enough pass phrase")
    user.save()
    client.get("/accounts/login/")
    session = client.session
    session["planted"] = True
    session.save()
    client.cookies["sessionid"] = planted = session.session_key
    form = {"login": user.email, "password": "a long enough pass phrase"}
    assert client.post("/accounts/login/", form).status_code == 302
    assert client.cookies["sessionid"].value != planted
    assert "_auth_user_id" in client.session
    stranger = Client()
    stranger.cookies["sessionid"] = planted
    assert "_auth_user_id" not in stranger.session


@pytest.mark.django_db
@pytest.mark.sqlite_only
def test_no_form_of_the_desk_is_taken_from_another_site(client):
    publication = make_publication()
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(make_member(publication, "owner"))
    brief = make_brief(publication)
    change = f"/admin/briefs/brief/{brief.pk}/change/"
    assert strict.post(change, {"headline": "Owned"}).status_code == 403
    assert strict.post("/accounts/logout/").status_code == 403
    assert strict.post("/accounts/password/change/").status_code == 403


# --- secrets --------------------------------------------------------------------------

PASSWORDS = ("db-hunter2", "redis-hunter2", "mail-hunter2", "box-hunter2", "lane-hunter2")
KEYS = {
    name: f"{name.lower()}-hunter2-0123456789-0123456789"
    for name in ("SECRET_KEY", "TOKEN_KEYS", "SUPPRESSION_KEY", "WEBHOOK_SECRET", "METRICS_TOKEN")
}
PRODUCTION = {
    "SITE_URL": "https://briefs.example.org",
    "DATABASE_URL": "postgres://u:db-hunter2@db.internal:1/x",
    "REDIS_URL": "redis://:redis-hunter2@redis.internal:1/0",
    "PROVIDERS": json.dumps(
        {
            "main": {"provider": "smtp", "url": "submission://u:lane-hunter2@relay.example"},
            "spare": {"provider": "postmark"},
        }
    ),
    "EMAIL_URL": "smtp://u:mail-hunter2@relay.example",
    "BOUNCE_MAILBOX": "imaps://u:box-hunter2@imap.example/INBOX",
    "POSTMARK_SERVER_TOKEN": "postmark-hunter2",
    "SENTRY_DSN": "https://sentry-hunter2@127.0.0.1:1/1",
}
LOOK = """
import json, logging, sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.test import RequestFactory
from django.views.debug import get_exception_reporter_class
from intelbrief.celery import app
from intelbrief.observing import readiness

def fail():
    password = settings.DATABASES["default"]["PASSWORD"]
    relay = [settings.PROVIDERS, {"any": settings.BOUNCE_MAILBOX}]
    raise RuntimeError(f"could not log in with {password} at {settings.CELERY_BROKER_URL}")

print("COOKIES", json.dumps({name: getattr(settings, name) for name in (
    "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE",
    "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "HTTPS")}))
call_command("check")
print(app.connection().as_uri(), app.connection_for_read())
for probe in readiness.probes(patience=2):
    print(probe)
try:
    fail()
except RuntimeError:
    request = RequestFactory().get("/u/AwO1LcCbEwJFQcfZkL9x", HTTP_AUTHORIZATION="Basic x")
    reporter = get_exception_reporter_class(request)(request, *sys.exc_info())
    for part in (reporter.get_traceback_text(), reporter.get_traceback_html()):
        print(part)
    logging.getLogger("a").exception("It failed with %s", settings.PROVIDERS)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """Return what a production process says of itself as it starts and fails."""
    var = tmp_path_factory.mktemp("var")
    environment = {
        "PATH": os.environ["PATH"],
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(var),
        "DJANGO_SETTINGS_MODULE": "intelbrief.settings",
        "CHECK_OUTSIDE": "0",
        **PRODUCTION,
        **KEYS,
    }
    done = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


@pytest.mark.sqlite_only
def test_no_secret_is_told_by_checks_probes_error_pages_celery_or_the_log(told):
    assert "could not log in with" in told
    assert "redis.internal" in told
    assert [secret for secret in (*PASSWORDS, *KEYS.values()) if secret in told] == []
    assert "postmark-hunter2" not in told
    assert "sentry-hunter2" not in told


@pytest.mark.sqlite_only
def test_cookies_and_transport_are_closed_in_production(told):
    line = next(line for line in told.splitlines() if line.startswith("COOKIES "))
    assert json.loads(line.removeprefix("COOKIES ")) == {
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "HTTPS": True,
    }


@pytest.mark.sqlite_only
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to ada@example.com: 550", "to •••@•••: 550"),
        ("amqp://u:p@ss@mq.internal//", "amqp://•••@mq.internal//"),
        ("GET /s/invitation/AwO1LcCbEwJFQcfZkL9x/ 404", "GET /s/invitation/•••/ 404"),
        ("/accounts/password/reset/key/1-cabc123-0123456789abcdef/", None),
        ("/accounts/oidc/house/login/callback/?code=abc&state=def", None),
        (
            "3 @ 5, smtp://relay.example:25, 12:30@noon",
            "3 @ 5, smtp://relay.example:25, 12:30@noon",
        ),
    ],
    ids=["address", "userinfo", "token", "reset", "oidc", "nothing"],
)
def test_the_mask_takes_what_opens_something_and_leaves_the_rest(text, shown):
    found = masking.masked(text)
    if shown is not None:
        assert found == shown
    assert not re.search("0123456789abcdef|code=abc|state=def", found)
