"""Asking for links from here: public addresses only, whatever an address says it is."""

import http.server
import ipaddress
import socket
import threading
import time
from unittest.mock import Mock
from urllib.parse import unquote

import dns.message
import dns.resolver
import pytest
from redis.exceptions import RedisError

from briefs import hosts
from deliveries import outside
from deliveries.preflight import lookups, reachable, records, targets
from deliveries.preflight.lookups import Known
from deliveries.preflight.targets import State

pytestmark = pytest.mark.sqlite_only


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "0.0.0.0",
        "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "192.88.99.1", "::1", "::", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1",
        "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::", "fe80::1", "fc00::1",
        "fec0::1", "ff02::1", "2001:db8::1", "100::1", "192.0.0.192",
    ],
)  # fmt: skip
def test_an_address_that_is_not_everybodys_is_refused(address):
    assert not hosts.is_public(ipaddress.ip_address(address))
    shown = f"[{address}]" if ":" in address else address
    for name, answers in (("inside.harbour-watch.org", [address]), (shown, [])):
        with pytest.raises(outside.Refused):
            outside.ask(f"http://{name}/", resolve=lambda _name, found=answers: found)


@pytest.mark.parametrize(
    "url",
    [
        "http://2130706433/", "http://0x7f.1/", "http://0177.0.0.1/", "http://127.1/",
        "http://[::ffff:7f00:1]/", "http://[fe80::1%25eth0]/", "http://①②⑦.0.0.1/",
        "ftp://harbour-watch.org/", "file:///etc/passwd", "gopher://harbour-watch.org/",
        "http://harbour-watch.org:22/", "http://harbour-watch.org:6379/",
        "http://harbour-watch.org:99999/", "http://ada:secret@harbour-watch.org/",
        "http://harbour-watch.org/\r\nHost:x", "http://harbour-watch.org/ x", "http:///", "https://",
        "http://harb our.org/", "http://-x-.org/", "http://" + "a" * 5_000 + ".org/",
    ],
)  # fmt: skip
def test_what_is_no_address_to_ask_for_is_refused(url):
    with pytest.raises(outside.Refused):
        outside.ask(url, resolve=lambda _name: ["127.0.0.1"])


def test_a_name_with_one_private_answer_among_public_ones_is_refused():
    with pytest.raises(outside.Refused):
        outside.ask("http://two.harbour-watch.org/", resolve=lambda _name: ["8.8.8.8", "10.0.0.1"])


def test_public_addresses_pass():
    for address in ("8.8.8.8", "2a00:1450:4001::1"):
        assert hosts.is_public(ipaddress.ip_address(address))


class Site(http.server.BaseHTTPRequestHandler):
    """A site whose paths say what it does."""

    seen: list[tuple[str, str, dict[str, str]]] = []

    def do_HEAD(self):
        self.seen.append((self.command, self.path, dict(self.headers)))
        path = self.path.partition("?")[0]
        if path == "/drip":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for _turn in range(200):
                time.sleep(0.02)
                self.wfile.write(b"X: y\r\n")
            return
        status = {"/no-head": 405 if self.command == "HEAD" else 200}.get(path)
        if path.startswith("/raw/"):
            self.send_response(302)
            self.send_header("Location", unquote(path.removeprefix("/raw"), "latin-1"))
        elif path.startswith("/to/"):
            self.send_response(302)
            self.send_header("Location", path.removeprefix("/to/").replace("~", "/"))
        else:
            self.send_response(status or (int(path[1:]) if path[1:].isdigit() else 200))
        self.send_header("Content-Type", "image/png" if path == "/image" else "text/html")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_GET = do_HEAD  # noqa: N815  (the server's name)

    def log_message(self, *_words):
        pass


@pytest.fixture
def site(monkeypatch):
    """Return the address of a site on this machine that the guard lets through for the test."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    server.handle_error = lambda *_given: None
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    port = server.server_port
    Site.seen = []
    monkeypatch.setattr(outside, "PORTS", {"http": {80, port}, "https": {443, port}})
    monkeypatch.setattr(outside, "is_allowed", lambda ip: str(ip) == "127.0.0.1")
    monkeypatch.setattr(outside, "resolve", resolve)
    yield f"http://site.harbour-watch.org:{port}"
    server.shutdown()
    server.server_close()


def resolve(name):
    if name == "gone.harbour-watch.org":
        raise outside.Gone("The name gone.harbour-watch.org does not exist.")
    return {"inside.harbour-watch.org": ["10.0.0.1"]}.get(name, ["127.0.0.1"])


@pytest.mark.parametrize(
    ("path", "state"),
    [
        ("/page?a=b%20c&d=é", State.THERE),
        ("/no-head", State.THERE),
        ("/404", State.GONE),
        ("/410", State.GONE),
        ("/403", State.DOUBTFUL),
        ("/429", State.DOUBTFUL),
        ("/500", State.DOUBTFUL),
        ("/to/~page", State.THERE),
        ("/to/~404", State.GONE),
        ("/to/http:~~10.0.0.1~", State.REFUSED),
        ("/to/http:~~inside.harbour-watch.org~", State.REFUSED),
        ("/to/file:~~~etc~passwd", State.REFUSED),
        ("/to/http:~~gone.harbour-watch.org~", State.GONE),
    ],
)
def test_what_a_server_says_becomes_a_verdict(site, path, state):
    verdict = targets.ask(site + path).value
    assert verdict.state == state
    assert bool(verdict.words) == (state != State.THERE)


def test_the_request_names_its_host_and_carries_nothing_of_ours(site):
    outside.ask(f"{site}/page")
    ((command, path, headers),) = Site.seen
    assert (command, path) == ("HEAD", "/page")
    assert headers["Host"] == site.removeprefix("http://")
    assert set(headers) == {"Host", "User-Agent", "Accept", "Connection"}


def test_a_name_is_resolved_once_for_each_request(site, monkeypatch):
    """Of two answers, the second must not matter (DNS rebinding)."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    monkeypatch.setattr(outside, "resolve", lambda _name: next(answers))
    assert outside.ask(f"{site}/no-head").status == 200
    assert [seen[0] for seen in Site.seen] == ["HEAD", "GET"]


def test_redirects_in_a_circle_come_to_an_end(site):
    with pytest.raises(outside.Unanswered, match="more than 5"):
        outside.ask(f"{site}/to/~to~~to~~to~~to~~to~~to~~page")
    assert len(Site.seen) <= outside.MOST_REDIRECTS + 1


def test_a_server_that_sends_a_header_for_ever_is_left(site):
    with pytest.raises(outside.Unanswered):
        outside.ask(f"{site}/drip", seconds=0.15)


def test_a_closed_port_is_no_answer(site, monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setattr(outside, "PORTS", {"http": {port}, "https": set()})
    assert targets.ask(f"http://site.harbour-watch.org:{port}/").value.state == State.DOUBTFUL


def test_an_image_has_to_be_one(site):
    assert targets.ask(f"{site}/image", image=True).value.state == State.THERE
    assert targets.ask(f"{site}/page", image=True).value.state == State.NO_IMAGE


def test_a_page_waits_for_no_look_up_and_finds_it_there_the_next_time(settings):
    settings.CHECK_OUTSIDE = True
    let_go, asked = threading.Event(), []

    def slow():
        asked.append(1)
        let_go.wait(5)
        return Known("found", 60)

    assert lookups.look({"slow": slow}) == {}
    assert lookups.look({"slow": slow}) == {}
    let_go.set()
    assert lookups.look({"slow": slow}, wait=5) == {"slow": "found"}
    assert lookups.look({"slow": slow}) == {"slow": "found"}
    assert len(asked) == 1


def test_a_look_up_that_fails_ends_no_thread(settings, caplog):
    settings.CHECK_OUTSIDE = True
    for _turn in range(lookups.THREADS + 1):
        assert lookups.look({"broken": lambda: 1 / 0}, wait=5) == {}
    assert lookups.look({"whole": lambda: Known(1, 60)}, wait=5) == {"whole": 1}
    assert "The look-up broken failed" in caplog.text


def test_without_redis_a_look_up_is_told_and_not_kept(settings, monkeypatch):
    settings.CHECK_OUTSIDE = True
    monkeypatch.setattr(lookups, "cache", Mock(**{f"{verb}.side_effect": RedisError
                                                  for verb in ("get_many", "set")}))  # fmt: skip
    assert lookups.look({"lone": lambda: Known(1, 60)}, wait=5) == {"lone": 1}


def test_nothing_is_looked_up_where_that_is_turned_off():
    assert lookups.look({"never": lambda: 1 / 0}, wait=5) == {}


ZONE = {
    ("com.", "NS"): ["a.gtld-servers.net."],
    ("harbour-watch.org.", "TXT"): ["v=spf1 mx -all", "google-site-verification=x"],
    ("_dmarc.harbour-watch.org.", "TXT"): ["v=DMARC1; p=reject"],
    ("s1._domainkey.news.harbour-watch.org.", "TXT"): ["v=DKIM1; p=MIG"],
    ("s2._domainkey.news.harbour-watch.org.", "TXT"): ["v=DKIM1; p="],
    ("harbour-watch.org.", "A"): ["8.8.8.8"],
    ("harbour-watch.org.", "AAAA"): ["2a00:1450:4001::1"],
    ("old.harbour-watch.org.", "A"): ["8.8.4.4"],
    ("slow.harbour-watch.org.", "A"): dns.resolver.LifetimeTimeout(timeout=2, errors=[]),
    ("slow.harbour-watch.org.", "TXT"): dns.resolver.LifetimeTimeout(timeout=2, errors=[]),
}


@pytest.fixture
def zone(monkeypatch):
    """Answer with the records above, whoever asks."""

    def answer(_self, name, kind, **_options):
        found = ZONE.get((name, kind))
        if isinstance(found, Exception):
            raise found
        if found is None:
            is_there = any(known == name for known, _kind in ZONE)
            nothing = dns.resolver.NoAnswer(response=dns.message.make_query(name, kind))
            raise nothing if is_there else dns.resolver.NXDOMAIN
        return [Row(text) for text in found]

    monkeypatch.setattr(dns.resolver.Resolver, "resolve", answer)


class Row(str):
    """A record: its text, and the strings of a TXT."""

    __slots__ = ()

    @property
    def strings(self):
        half = len(self) // 2
        return [self[:half].encode(), self[half:].encode()]


def test_a_name_has_all_its_addresses_or_is_gone(zone):
    assert outside.resolve("harbour-watch.org") == ["8.8.8.8", "2a00:1450:4001::1"]
    assert outside.resolve("old.harbour-watch.org") == ["8.8.4.4"]
    with pytest.raises(outside.Gone):
        outside.resolve("gone.harbour-watch.org")
    with pytest.raises(outside.Unanswered):
        outside.resolve("slow.harbour-watch.org")


def test_a_resolver_that_knows_nothing_of_the_world_proves_nothing(zone, monkeypatch):
    monkeypatch.delitem(ZONE, ("com.", "NS"))
    with pytest.raises(outside.Unanswered):
        outside.resolve("gone.harbour-watch.org")
    assert records.ask("gone.harbour-watch.org").value.spf is None


def test_what_the_dns_says_of_a_sender(zone, settings):
    settings.DKIM_SELECTORS = ["s0", "s1"]
    found = records.ask("news.harbour-watch.org").value
    assert found == records.Records((), dkim=True, dmarc="v=DMARC1; p=reject",
                                    dmarc_at="harbour-watch.org")  # fmt: skip
    settings.BOUNCE_DOMAIN = "harbour-watch.org"
    settings.DKIM_SELECTORS = ["s2"]  # whose key was withdrawn
    found = records.ask("news.harbour-watch.org").value
    assert (found.spf, found.dkim) == (("v=spf1 mx -all",), False)


def test_what_could_not_be_looked_up_is_not_called_missing(zone, settings):
    settings.BOUNCE_DOMAIN = "slow.harbour-watch.org"
    settings.DKIM_SELECTORS = []
    found = records.ask("other.org").value
    assert found == records.Records(None, dkim=None, dmarc="")


def test_nothing_is_asked_about_a_domain_that_nobody_owns(settings):
    assert not records.is_asked("harbour-watch.org"), "a try-out with the local inbox"
    settings.LOCAL_INBOX = False
    assert records.is_asked("harbour-watch.org")
    assert not any(map(records.is_asked, ["", "harbour.example", "x.test", "a.localhost"]))


def test_a_provider_that_listens_can_be_reached(settings):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"smtp://127.0.0.1:{server.getsockname()[1]}"
        settings.PROVIDERS = {"main": {"provider": "smtp", "url": url}}
        assert reachable.ask("main").value == ""
    assert "refused" in reachable.ask("main").value
    settings.PROVIDERS = {"main": {"provider": "postmark"}, "odd": {"provider": "amazon_ses"}}
    assert reachable.place("main") == ("api.postmarkapp.com", 443)
    assert reachable.ask("odd").value == ""
    settings.PROVIDERS = {"main": {"provider": "smtp", "url": "http://mx"}}
    assert reachable.place("main") is None


def test_a_redirect_is_read_as_browsers_read_it(site):
    """Many a server sends its own letters and spaces as they are."""
    assert outside.ask(f"{site}/raw/stra%C3%9Fe%20und%20kai").status == 200
    assert Site.seen[-1][1] == "/stra%C3%9Fe%20und%20kai"
    assert targets.ask(f"{site}/raw//%5Bport").value.state is State.DOUBTFUL


def test_nobody_is_told_where_a_name_leads_inside(site):
    words = targets.ask(site.replace("site.", "inside.")).value.words
    assert "cannot be reached" in words
    assert "10.0.0.1" not in words
