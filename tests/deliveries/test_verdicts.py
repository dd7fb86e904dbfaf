"""Which opens and clicks are people's: the rules on labelled traffic, and each by itself."""

import io
import json
import random

import pytest
from django.core.management import CommandError, call_command

from deliveries.tracking import networks, replaying, verdicts
from deliveries.tracking.agents import kind_of
from deliveries.tracking.hits import CANARY, HEAD, PIXEL, Hit
from deliveries.tracking.labelled import Reader, rows
from tests.deliveries.traffic import (
    ANDROID,
    APPLE_MAIL,
    CHROME,
    EDGE,
    GMAIL,
    IPHONE,
    LINKS,
    MACHINES,
    ODD,
    OUTLOOK,
    PEOPLE,
    PREVIEWS,
    PROGRAMS,
    Day,
    an_unhurried_gateway,
    traffic,
)

pytestmark = pytest.mark.sqlite_only

HOME, OFFICE = "84.150.12.7", "62.154.9.9"
NOON = 1_800_000_000_000


def replayed(told, *, is_per_reader=True):
    reader = Reader(is_per_reader=is_per_reader)
    return replaying.replay([reader.read(row) for row in told])


def hit(position=0, after=0, visitor="a", delivery=0, kind="", method="GET"):
    """Return a hit *after* milliseconds."""
    return Hit(NOON + after, 7, position, delivery, visitor, kind, method)


def judged(*hits, links=LINKS, **known):
    """Return the rules of *hits*; "" of a person's."""
    return [verdict.rule for verdict in verdicts.judge(hits, links={7: links}, **known)]


# --- a whole day ----------------------------------------------------------------


@pytest.mark.parametrize("is_per_reader", [True, False], ids=["per-reader", "totals"])
@pytest.mark.parametrize("seed", [1, 2])
def test_machines_are_marked_and_people_are_not_lost(seed, is_per_reader):
    found = replayed(traffic(seed), is_per_reader=is_per_reader)
    assert found["human"]["clicks"] > 1_000
    assert found["machine"]["clicks"] > 1_000
    assert found["machine"]["marked_share"] >= 0.95
    assert found["human"]["lost_share"] <= 0.02
    assert found["opens"]["machine"]["marked_share"] >= 0.95
    assert found["opens"]["human"]["lost_share"] <= 0.02


@pytest.mark.parametrize("kind", PEOPLE, ids=lambda kind: kind.__name__)
def test_no_sort_of_person_is_lost_as_a_whole(kind):
    told = Day(5).rows({kind: 30}, "human")
    for is_per_reader in (True, False):
        assert replayed(told, is_per_reader=is_per_reader)["human"]["lost_share"] <= 0.02


@pytest.mark.parametrize("kind", MACHINES, ids=lambda kind: kind.__name__)
def test_each_sort_of_machine_is_marked_where_readers_are_told_apart(kind):
    found = replayed(Day(6).rows({kind: 30}, "machine"))
    shares = [found["machine"]["marked_share"], found["opens"]["machine"]["marked_share"]]
    # What takes longer than a window is seen in pieces.
    least = 0.7 if kind is an_unhurried_gateway else 0.95
    assert all(share >= least for share in shares if share is not None)


def test_hits_that_come_all_at_once_cost_no_readers():
    # A web server that was held up, or a replay as fast as a machine can.
    held_up = [{**row, "at": place / 2_000} for place, row in enumerate(traffic(7))]
    found = replayed(held_up)
    assert found["human"]["lost_share"] <= 0.02
    assert found["machine"]["marked_share"] >= 0.9


def test_a_proxy_that_is_not_trusted_costs_no_readers():
    found = replayed([{**row, "ip": "127.0.0.1"} for row in traffic(8)], is_per_reader=False)
    assert found["human"]["lost_share"] <= 0.02


def test_verdicts_do_not_hang_on_the_order_in_which_hits_arrive():
    reader = Reader()
    told = [reader.read(row) for row in traffic(9, 0.3)]
    hits = [replaying._hit(one, b"k" * 32) for one in told]
    links = {7: LINKS}
    expected = dict(zip(hits, verdicts.judge(hits, links=links), strict=True))
    shuffled = random.Random(1).sample(hits, len(hits))
    assert dict(zip(shuffled, verdicts.judge(shuffled, links=links), strict=True)) == expected


# --- one request ----------------------------------------------------------------


@pytest.mark.parametrize("agent", [*PROGRAMS, *PREVIEWS], ids=lambda agent: agent[:24])
def test_what_names_itself_is_believed(agent):
    assert kind_of(agent, HOME)


@pytest.mark.parametrize("agent", ODD, ids=lambda agent: agent[12:50])
def test_an_odd_browser_is_a_persons(agent):
    assert judged(hit(kind=kind_of(agent, HOME))) == [""]


@pytest.mark.parametrize(
    ("agent", "ip", "of_open", "of_click"),
    [
        ("Mozilla/5.0", HOME, "apple-privacy", "apple-privacy"),
        (APPLE_MAIL, "17.58.1.2", "apple-privacy", ""),
        (APPLE_MAIL, HOME, "", ""),
        (IPHONE.format(18), "104.28.30.4", "", ""),
        (GMAIL, "66.249.84.1", "image-proxy", "image-proxy"),
        (CHROME.format(140), "66.102.6.2", "image-proxy", "provider"),
        (EDGE.format(140), "40.107.3.4", "gateway", "gateway"),
        (EDGE.format(140), "20.42.3.4", "image-proxy", "hosted"),
        (ANDROID.format(140), "20.42.3.4", "", ""),
        (CHROME.format(140), "165.225.3.4", "", ""),
        (OUTLOOK, OFFICE, "", "office"),
        ("Outlook-iOS/709.2226530.prod.iphone (3.24.0)", HOME, "", "program"),
        (CHROME.format(42), HOME, "", "old-browser"),
        ("", HOME, "no-agent", "no-agent"),
    ],
    ids=[
        *("apple-ahead", "apple-mail-relayed", "apple-mail", "safari-relayed", "gmail", "google"),
        *("safe-links", "azure", "phone-by-azure", "zscaler", "outlook", "outlook-app", "old"),
        "nothing",
    ],
)
def test_what_an_open_and_a_click_are(agent, ip, of_open, of_click):
    kind = kind_of(agent, ip, {})
    assert judged(hit(PIXEL, kind=kind), hit(0, after=60_000, kind=kind)) == [of_open, of_click]


def test_headers_tell_of_browsers_that_nobody_looks_at():
    page = {"HTTP_ACCEPT": "text/html,*/*;q=0.8"}
    assert kind_of(CHROME.format(140), HOME, page) == "headless"
    assert kind_of(CHROME.format(140), HOME, {**page, "HTTP_ACCEPT_LANGUAGE": "de"}) == ""
    assert kind_of(CHROME.format(140), HOME, {"HTTP_SEC_PURPOSE": "prefetch"}) == "prefetch"
    # A desk in the cloud: a person, unless something else speaks against it.
    assert kind_of(CHROME.format(140), "20.42.3.4", {"HTTP_ACCEPT_LANGUAGE": "de"}) == "rented"


@pytest.mark.parametrize("ip", ["", "nonsense", "1.2.3", "::g", "fe80::1", "x" * 500])
def test_no_address_is_too_odd(ip):
    assert kind_of(CHROME.format(140), ip) in ("", "nowhere")


def test_the_published_networks_are_read_as_they_stand():
    assert networks.kind_of("2a01:111:f400:7e::1") == "gateway"
    assert networks.kind_of("2a01:111:1::1") == "hosted"  # around it
    assert networks.kind_of("::ffff:40.107.3.4") == "gateway"
    assert networks.kind_of("203.0.113.9") == ""


# --- several hits ---------------------------------------------------------------


def test_three_links_within_a_second_are_a_machines():
    assert judged(hit(0), hit(4, 300), hit(2, 600)) == ["burst"] * 3


def test_three_tabs_a_second_apart_are_a_persons():
    assert judged(hit(0), hit(4, 900), hit(2, 1_900)) == [""] * 3


def test_the_same_link_twice_is_a_persons():
    assert judged(hit(0), hit(0, 90), hit(0, 400)) == [""] * 3


def test_what_comes_after_a_burst_and_the_open_in_it_belong_to_it():
    assert judged(hit(PIXEL), hit(0), hit(1, 90), hit(2, 200), hit(3, 3_000)) == ["burst"] * 5


def test_colleagues_behind_one_address_are_no_burst():
    # In the middle of many clicks three happen to meet.
    around = [hit(0, after) for after in range(-9_000, 9_000, 1_700)]
    assert judged(*around, hit(0, 100), hit(2, 400), hit(1, 700)) == [""] * (len(around) + 3)


def test_a_gateway_that_looks_at_many_mails_from_one_address_is_one():
    hits = [hit(link, 900 * mail + 80 * link) for mail in range(9) for link in range(LINKS)]
    assert set(judged(*hits)) == {"burst"}


def test_one_mail_whose_links_are_fetched_from_many_addresses_is_a_gateways():
    hits = [hit(link, 150 * link, visitor=f"v{link}", delivery=3) for link in range(5)]
    assert judged(*hits) == ["burst"] * 5
    assert judged(*(one._replace(delivery=0) for one in hits)) == [""] * 5


def test_the_canary_gives_away_who_follows_it():
    hits = hit(0, -4_000), hit(CANARY), hit(5, 7_000), hit(5, 7_000, visitor="b")
    assert judged(*hits) == ["canary", "canary", "canary", ""]
    found = verdicts.judge(hits)
    assert verdicts.marks(hits, found) == {"a"}
    assert judged(hit(3, 60_000), hit(3, 60_000, visitor="b"), marked={"a"}) == ["canary", ""]


def test_the_canary_of_one_mail_says_nothing_of_another_readers_click():
    hits = hit(CANARY, delivery=3), hit(0, 500, delivery=4), hit(1, 900, delivery=3)
    assert judged(*hits) == ["canary", "", "canary"]
    assert verdicts.marks(hits, verdicts.judge(hits)) == {"a/3"}


def test_a_get_after_a_head_of_the_same_link_is_a_machines():
    hits = hit(0, method=HEAD), hit(0, 300), hit(1, 4_000), hit(0, 300, visitor="b")
    assert judged(*hits) == ["head", "head", "", ""]


def test_nobody_clicks_before_the_mail_can_have_come():
    sent = {3: NOON}
    assert judged(hit(0, 800, delivery=3), sent=sent) == ["too-soon"]
    assert judged(hit(0, 9_000, delivery=3), sent=sent) == [""]


def test_a_click_from_a_rented_machine_is_one_in_company_only():
    rented = hit(0, delivery=3, visitor="r", kind="rented")
    assert judged(rented) == [""]
    assert judged(rented, hit(0, 900, delivery=3)) == ["rented", ""]


# --- the command ----------------------------------------------------------------


def run(path, *arguments):
    out, error = io.StringIO(), io.StringIO()
    call_command("replay_hits", str(path), *arguments, stdout=out, stderr=error)
    return out.getvalue(), error.getvalue()


def test_the_command_tells_shares_and_rules(tmp_path):
    path = tmp_path / "hits.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in traffic(4, 0.2)))
    out, error = run(path, "--json")
    found = json.loads(out)
    assert found["machine"]["marked_share"] >= 0.95
    assert found["by_rule"]["burst"]["machine"] > 0
    assert (found["skipped"], error) == (0, "")
    assert "of people's clicks lost (" in run(path)[0]


def test_the_command_says_which_line_it_cannot_read(tmp_path):
    path = tmp_path / "hits.jsonl"
    path.write_text(
        '{"at": 1, "ip": "1.2.3.4", "ua": "", "label": "human", "link": 1}\n{"at"\n{"at": "x"}\n'
    )
    out, error = run(path, "--json")
    assert json.loads(out)["skipped"] == 2
    assert "Line 2: this is no JSON" in error
    assert "Line 3: “x” is no time" in error
    path.write_text("nothing\n")
    with pytest.raises(CommandError, match="no labelled hit"):
        run(path)


@pytest.mark.parametrize(
    "told",
    [
        {"timestamp": "2026-04-06T12:00:00Z", "ua": "curl/8", "type": "click", "link_id": "l2"},
        {"ts": 1_780_000_000, "userAgent": "curl/8", "event": "click", "position": 2},
        {"at_ms": 90_000, "headers": {"User-Agent": "curl/8"}, "path": "/c/abc", "verb": "get"},
    ],
    ids=["iso", "epoch", "headers"],
)
def test_other_peoples_names_for_things_are_understood(told):
    one = Reader().read({**told, "remote_addr": "198.51.100.7", "is_bot": True})
    assert (one.user_agent, one.ip, one.label) == ("curl/8", "198.51.100.7", "machine")
    assert (one.method, one.position >= 0) == ("GET", True)


@pytest.mark.parametrize(
    "text",
    ['[{"a": 1}, {"a": 2}]', '{"hits": [{"a": 1}, {"a": 2}]}', '{"a": 1}\n{"a": 2}', "a\n1\n2\n"],
    ids=["array", "object", "lines", "csv"],
)
def test_a_file_may_have_any_usual_form(text):
    assert [str(row["a"]) for _number, row in rows(text)] == ["1", "2"]
