"""Which opens and clicks are people's, in replays that others would write."""

import io
import random

import pytest
from django.core.management import CommandError, call_command

from deliveries.tracking import door, replaying, verdicts
from deliveries.tracking.hits import CANARY, Hit
from deliveries.tracking.labelled import Reader
from subscribers import tokens
from tests.deliveries.hitting import ask, make_mailed, taken
from tests.deliveries.traffic import CHROME, EDGE, IPHONE

pytestmark = pytest.mark.sqlite_only

AGENTS = [CHROME.format(version) for version in (120, 126, 131, 138)] + [IPHONE]
NOON = 1_800_000_000_000


def replayed(told, *, is_per_reader=True):
    reader = Reader(is_per_reader=is_per_reader)
    return replaying.replay([reader.read(row) for row in told])


def shares(told, *, is_per_reader=True):
    found = replayed(told, is_per_reader=is_per_reader)
    return found["human"]["lost_share"], found["machine"]["marked_share"]


def from_this_machine(seed=1):
    """Yield rows as fast as a script sends them: people and programs with the same browsers."""
    chance, at = random.Random(seed), 0.0
    for delivery in range(1, 600):
        row = {"ip": "127.0.0.1", "user_agent": AGENTS[delivery % 5], "delivery": delivery}
        if chance.random() < 0.7:
            links, label = chance.sample(range(6), chance.choice([1, 1, 1, 2])), "human"
        else:
            links, label = list(range(6)), "machine"
        for link in links:
            at += 0.001
            yield {**row, "at": at, "link": link, "label": label}


@pytest.mark.parametrize("is_per_reader", [True, False], ids=["per-reader", "totals"])
def test_a_script_on_this_machine_loses_no_reader_and_passes_are_seen(is_per_reader):
    lost, marked = shares(from_this_machine(), is_per_reader=is_per_reader)
    assert lost <= 0.02
    assert marked >= 0.95


def test_busy_gateways_do_not_make_people_who_waited_machines():
    """People whose clicks came late and together, while known gateways took their time."""
    chance, told = random.Random(2), []
    for delivery in range(1, 400):
        row = {"delivery": delivery, "user_agent": AGENTS[delivery % 5]}
        if delivery % 2:
            row |= {"ip": f"84.150.{delivery % 200}.7", "label": "human"}
            at, step, links = delivery / 1_000, 0.001, chance.sample(range(12), 3)
        else:
            row |= {"ip": f"40.94.3.{delivery % 250}", "label": "machine"}
            at, step, links = 0.0, 1.5, chance.sample(range(12), 8)
        told += [{**row, "at": at + step * n, "link": link} for n, link in enumerate(links)]
    lost, marked = shares(told)
    assert lost <= 0.02
    assert marked >= 0.95


def test_a_firm_whose_clicks_came_all_at_once_is_no_machine():
    chance = random.Random(3)
    hits = [
        Hit(NOON + n, 7, min(5, int(chance.expovariate(0.4))), 0, f"firm-{n % 20}", "", "GET")
        for n in range(300)
    ]
    assert not any(one.is_machine for one in verdicts.judge(hits, links={7: 6}))


# --- files of others ------------------------------------------------------------


def run(path, *arguments):
    out, error = io.StringIO(), io.StringIO()
    call_command("replay_hits", str(path), *arguments, stdout=out, stderr=error)
    return out.getvalue(), error.getvalue()


def test_a_file_without_user_agents_is_refused_and_says_what_it_has(tmp_path):
    path = tmp_path / "hits.csv"
    path.write_text("time,ip,label,link,software\n1,84.150.3.4,human,0,Firefox\n")
    with pytest.raises(CommandError, match=r"no field user_agent.* Not understood: software\."):
        run(path)
    path.write_text("time,ua,label,mood\n1,curl/8,machine,glad\n")
    assert run(path)[1].strip() == "No line has ip or link; less can be told. Not understood: mood."


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("non-human", "machine"),
        ("Not human", "machine"),
        ("human click", "human"),
        ("security scanner", "machine"),
    ],
)
def test_a_label_may_have_usual_words(label, expected):
    assert Reader().read({"at": 1, "ua": "x", "label": label}).label == expected


@pytest.mark.parametrize(
    "moment",
    ["23/Nov/2026:09:00:00 +0100", "Mon, 23 Nov 2026 08:00:00 GMT", "2026-11-23T08:00:00Z"],
    ids=["log", "mail", "iso"],
)
def test_a_moment_may_be_written_as_elsewhere(moment):
    assert Reader().read({"at": moment, "ua": "x", "label": "human"}).at == 1_795_420_800_000


def test_an_address_that_was_mailed_tells_what_it_stands_for():
    row = {"at": 1, "ua": "x", "label": "human"}
    click = f"https://news.example/c/{tokens.click.make(4, 2, 17)}"
    found = Reader().read({**row, "requestURL": "?", "url": click})
    assert (found.edition, found.position, found.delivery) == (4, 2, 17)
    assert Reader(is_per_reader=False).read({**row, "url": click}).delivery == 0
    assert Reader().read({**row, "path": f"/c/{tokens.pixel.make(4, 0)}"}).position == CANARY


@pytest.mark.django_db
def test_a_proxy_of_this_house_that_is_not_named_still_tells_visitors_apart():
    edition = make_mailed()
    path = f"/c/{tokens.click.make(edition.pk, 0, 0)}"
    door.memory.forget()
    agent = {"HTTP_USER_AGENT": EDGE.format(126)}
    for peer in ("127.0.0.1", "172.18.0.2"):
        for of in ("84.150.3.4", "84.150.3.5", "198.51.100.1, 84.150.3.5", "<script>"):
            ask(path, REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=of, **agent)
    ask(path, REMOTE_ADDR="91.4.4.4", HTTP_X_FORWARDED_FOR="84.150.3.4", **agent)
    one, two, two_again, nobody, *_rest = (hit.visitor for hit in taken())
    assert one != two == two_again != nobody
    # Who comes from outside is who he is, whatever he says.
    assert taken()[-1].visitor not in (one, two)
