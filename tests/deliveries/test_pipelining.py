"""The SMTP engine against servers that misbehave: each script is one hole that stays closed."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest

from deliveries import returnpaths
from deliveries.lanes import LaneTrouble
from deliveries.providers import pool
from tests.deliveries.handing import (
    HASTY,
    FakeLetter,
    Recorder,
    audit,
    hand_over,
    provider_for,
    run,
)
from tests.scripted import CLOSE, HANG, RESET, Rule, ScriptedServer

LOCK_STEP = ("8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
THIRD = "r3@example.com"


@dataclass
class Script:
    """A server's behaviour, and what must become of six letters on one connection.

    *fates*: S sent, F failed, L later (deferred), N not accepted, D in doubt,
    - never begun. *trouble* is what LaneTrouble says.
    """

    name: str
    fates: str
    rules: list[Rule] = field(default_factory=list)
    trouble: str = ""
    server: dict[str, Any] = field(default_factory=dict)
    run: dict[str, Any] = field(default_factory=dict)


def at(phase: str, say: str | None = None, then: str | None = None, **limits: Any) -> Rule:
    """Do something to the third letter only."""
    return Rule(phase, say, then, to=THIRD, **limits)


def at_mail(say: str | None = None, then: str | None = None) -> Rule:
    """Do something to the third MAIL of the first connection."""
    return Rule("MAIL", say, then, message=3, connection=1)


HANGS = {"timeouts": HASTY}
SCRIPTS = [
    Script("all is well", "SSSSSS"),
    Script("all replies in one packet", "SSSSSS", server={"pieces": "packets"}),
    Script("replies split byte by byte", "SSSSSS", server={"pieces": "bytes"}),
    Script("replies of several lines", "SSSSSS", server={"lines": 3}),
    Script("several lines byte by byte", "SSSSSS", server={"lines": 3, "pieces": "bytes"}),
    Script("lock-step", "SSSSSS", server={"offers": LOCK_STEP}),
    Script("lock-step byte by byte", "SSSSSS", server={"offers": LOCK_STEP, "pieces": "bytes"}),
    Script("EHLO is refused, HELO is not", "SSSSSS", [Rule("EHLO", "502 5.5.1 What?")]),
    # --- opening ---
    Script("greeting 554", "------", [Rule("connect", "554 5.7.1 Go away")], "554 5.7.1 Go away"),
    Script("greeting 421", "------", [Rule("connect", "421 4.3.2 Busy", CLOSE)], "421 4.3.2 Busy"),
    Script("greeting closed", "------", [Rule("connect", then=CLOSE)], "cannot be reached"),
    Script("greeting garbled", "------", [Rule("connect", "HTTP/1.1 400\r\n", CLOSE)], "refused"),
    Script("greeting hangs", "------", [Rule("connect", then=HANG)], "timed out", run=HANGS),
    Script("EHLO hangs", "------", [Rule("EHLO", then=HANG)], "timed out", run=HANGS),
    Script("EHLO 421", "------", [Rule("EHLO", "421 4.3.2 No", CLOSE)], "cannot be|refused"),
    Script(
        "EHLO and HELO are refused",
        "------",
        [Rule("EHLO", "550 5.7.0 No"), Rule("HELO", "550 5.7.0 No, I said")],
        "550 5.7.0 No, I said",
    ),
    # --- MAIL: the lane's trouble ---
    Script("MAIL 550", "SSN---", [at_mail("550 5.7.1 Who are you?")], "refused the sender: 550"),
    Script("MAIL 451", "SSN---", [at_mail("451 4.3.0 Not now")], "refused the sender: 451 4.3.0"),
    Script("MAIL 421", "SSNSSS", [at_mail("421 4.3.2 Bye", CLOSE)]),
    Script("MAIL closed", "SSNSSS", [at_mail(then=CLOSE)]),
    Script("MAIL reset", "SSNSSS", [at_mail(then=RESET)]),
    Script("MAIL garbled", "SSNSSS", [at_mail("Hello!\r\n")]),
    Script("MAIL answered by 354", "SSNSSS", [at_mail("354 Go on")]),
    Script("MAIL hangs", "SSNSSS", [at_mail(then=HANG)], run=HANGS),
    Script(
        "354 after a refused sender",
        "SSN---",
        [at_mail("451 4.3.0 Not now"), Rule("DATA", "354 Go on", message=3)],
        "refused the sender",
    ),
    # --- RCPT: the reader's ---
    Script("RCPT 550", "SSFSSS", [at("RCPT", "550 5.1.1 Nobody")]),
    Script("RCPT 550 in several lines", "SSFSSS", [at("RCPT", "550 5.1.1 No\n550 5.1.1 body")]),
    Script("RCPT 550 of the first", "FSSSSS", [Rule("RCPT", "550 5.1.1 No", to="r1@example.com")]),
    Script("RCPT 550 of the last", "SSSSSF", [Rule("RCPT", "550 5.1.1 No", to="r6@example.com")]),
    Script("RCPT 550 of all", "FFFFFF", [Rule("RCPT", "550 5.1.1 Nobody")]),
    Script("RCPT 450", "SSLSSS", [at("RCPT", "450 4.2.1 Later")]),
    Script("RCPT 252", "SSSSSS", [at("RCPT", "252 2.1.5 Perhaps")]),
    Script("RCPT 421", "SSNSSS", [at("RCPT", "421 4.3.2 Bye", CLOSE)]),
    Script("RCPT 5.7.1", "SSLSSS", [at("RCPT", "550 5.7.1 Relaying denied")]),
    Script(
        "RCPT 5.7.1 to all",
        "LLL---",
        [Rule("RCPT", "550 5.7.1 Relaying denied")],
        "3 letters in a row alike: 550 5.7.1",
    ),
    Script("RCPT closed", "SSNSSS", [at("RCPT", then=CLOSE)]),
    Script("RCPT garbled", "SSNSSS", [at("RCPT", "2500 Ok\r\n")]),
    Script("RCPT hangs", "SSNSSS", [at("RCPT", then=HANG)], run=HANGS),
    Script("lock-step RCPT 550", "SSFSSS", [at("RCPT", "550 5.1.1 No")], "", {"offers": LOCK_STEP}),
    Script(
        "354 after a refused reader",
        "SSFSSS",
        [at("RCPT", "550 5.1.1 Nobody"), at("DATA", "354 Go on")],
    ),
    Script(
        "closed after a refused reader",
        "SSFSSS",
        [at("RCPT", "550 5.1.1 Nobody"), at("DATA", then=CLOSE)],
    ),
    Script("RSET 421", "SSFNSS", [at("RCPT", "550 5.1.1 No"), Rule("RSET", "421 Bye", CLOSE)]),
    Script("RSET refused", "SSFNSS", [at("RCPT", "550 5.1.1 No"), Rule("RSET", "500 What?")]),
    Script(
        "RSET hangs", "SSFNSS", [at("RCPT", "550 5.1.1 No"), Rule("RSET", then=HANG)], run=HANGS
    ),
    # --- DATA ---
    Script("DATA 554", "SSFSSS", [at("DATA", "554 5.5.0 No")]),
    Script("DATA 451", "SSLSSS", [at("DATA", "451 4.3.0 Later")]),
    Script("DATA 421", "SSNSSS", [at("DATA", "421 4.3.2 Bye", CLOSE)]),
    Script("DATA 250", "SSNSSS", [at("DATA", "250 Ok", CLOSE)]),
    Script("DATA closed", "SSNSSS", [at("DATA", then=CLOSE)]),
    Script("DATA garbled", "SSNSSS", [at("DATA", "\0\0\0\r\n")]),
    Script("DATA hangs", "SSNSSS", [at("DATA", then=HANG)], run=HANGS),
    Script("lock-step DATA 451", "SSLSSS", [at("DATA", "451 No")], "", {"offers": LOCK_STEP}),
    # --- the final dot ---
    Script("dot 554", "SSFSSS", [at("dot", "554 5.6.0 Not wanted")]),
    Script("dot 451", "SSLSSS", [at("dot", "451 4.3.0 Later")]),
    Script("dot 421", "SSNNSS", [at("dot", "421 4.3.2 Bye", CLOSE)]),
    Script("dot 5.7.26", "SSNN--", [at("dot", "550 5.7.26 No DKIM")], "the sender's domain: 550"),
    Script("dot 5.7.1", "SSFSSS", [at("dot", "550 5.7.1 Looks like spam")]),
    Script("dot 554 to all", "FFFN--", [Rule("dot", "554 5.6.0 No")], "3 letters in a row alike"),
    Script("lock-step dot 554", "SSFSSS", [at("dot", "554 No")], "", {"offers": LOCK_STEP}),
    Script("accepted, then closed", "SSDNSS", [at("dot", then=CLOSE, accepts=True)]),
    Script("not accepted, closed", "SSDNSS", [at("dot", then=CLOSE, accepts=False)]),
    Script("accepted, then reset", "SSDNSS", [at("dot", then=RESET, accepts=True)]),
    Script("the reply breaks off", "SSDNSS", [at("dot", "250-2.0.0 Queu\r\n", CLOSE)]),
    Script("dot garbled", "SSDNSS", [at("dot", "Ok\r\n", accepts=True)]),
    Script("dot answered by 354", "SSDNSS", [at("dot", "354 Go on", accepts=True)]),
    Script("dot hangs", "SSDNSS", [at("dot", then=HANG, accepts=True)], run=HANGS),
    Script(
        "lock-step dot hangs",
        "SSDSSS",
        [at("dot", then=HANG)],
        server={"offers": LOCK_STEP},
        run=HANGS,
    ),
    Script("dot never answered", "DNDNDN", [Rule("dot", then=CLOSE)], "3 letters in a row unans"),
    Script("accepted and answered, then closed", "SSSNSS", [at("dot", "250 Ok", CLOSE)]),
    Script("a reset hides the 250", "SSSNSS", [at("dot", "250 Ok", RESET)]),
    Script("421 behind the 250", "SSSNSS", [at("dot", "250 Ok\r\n421 Bye\r\n", CLOSE)]),
]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_each_letter_is_judged_right_when(script):
    with ScriptedServer(script.rules, **script.server) as server:
        handed = hand_over(server, 6, **script.run)
    audit(server, handed)
    assert handed.fates == script.fates
    if script.trouble:
        assert isinstance(handed.error, LaneTrouble)
        assert re.search(script.trouble, str(handed.error))
    else:
        assert handed.error is None


def test_the_servers_words_are_kept():
    rules = [at("RCPT", "550 5.1.1 No such\n550 user here"), Rule("dot", "451 Full", message=1)]
    with ScriptedServer(rules) as server:
        handed = hand_over(server, 3)
    assert (handed.of(3).reason, handed.of(3).reply) == ("refused", "550 5.1.1 No such user here")
    assert (handed.of(1).reason, handed.of(1).reply) == ("deferred", "451 Full")


def test_refusals_that_differ_do_not_stop_the_lane():
    def script(moment):
        if moment.at == "dot":
            return Rule("dot", f"55{int(moment.to[1]) % 2} 5.6.0 No")
        return None

    with ScriptedServer(script=script) as server:
        handed = hand_over(server, 6)
    assert (handed.fates, handed.error) == ("FFFFFF", None)


def test_refusals_in_a_row_are_counted_across_runs():
    with ScriptedServer([Rule("dot", "554 5.6.0 No")]) as server:
        provider = provider_for(server, journal=Recorder())
        fates = [run(provider, [FakeLetter(n)]).fates for n in (1, 2)]
        third = run(provider, [FakeLetter(3), FakeLetter(4)])
        provider.close()
    assert [*fates, third.fates] == ["F", "F", "FN"]
    assert isinstance(third.error, LaneTrouble)


def test_connections_that_bring_nothing_stop_the_lane():
    with ScriptedServer([Rule("RCPT", then=CLOSE)]) as server:
        handed = hand_over(server, 6)
    audit(server, handed)
    assert handed.fates == "NNN---"
    assert "3 connections in a row" in str(handed.error)
    assert server.connections == 3


@pytest.mark.parametrize(
    "goodbye", [Rule("MAIL", then=CLOSE, message=4), Rule("MAIL", "421 Enough", CLOSE, message=4)]
)
@pytest.mark.parametrize("offers", [LOCK_STEP, ("PIPELINING",)])
def test_it_is_learned_how_many_letters_a_server_takes_on_a_connection(goodbye, offers):
    with ScriptedServer([goodbye], offers=offers) as server:
        handed = hand_over(server, 20)
    audit(server, handed)
    # The first connection pays for the lesson.
    assert handed.fates == "SSSN" + "S" * 16
    assert [m.connection for m in server.accepted] == [1] * 3 + [
        c for c in range(2, 8) for _ in "123"
    ][:16]


def test_what_was_learned_is_tried_anew(monkeypatch):
    monkeypatch.setattr(pool, "TRUSTED_LIVES", 2)
    with ScriptedServer([Rule("MAIL", then=CLOSE, message=2, connection=1)]) as server:
        handed = hand_over(server, 9)
    assert handed.fates == "SN" + "S" * 7
    assert server.connections == 4


def test_a_text_that_the_server_does_not_take_is_not_accepted():
    """Without its final dot a message cannot be accepted, so it is not in doubt."""
    letters = [FakeLetter(1), FakeLetter(2, size=8_000_000), FakeLetter(3)]
    with ScriptedServer([Rule("text", then=HANG, message=2)], receive_buffer=4096) as server:
        handed = hand_over(server, letters, timeouts=HASTY)
    audit(server, handed)
    assert handed.fates == "SNN"
    assert "room for the text" in handed.of(2).reply


def test_a_text_that_is_refused_before_its_end_fails():
    letters = [FakeLetter(1), FakeLetter(2, size=8_000_000), FakeLetter(3)]
    rules = [Rule("text", "552 5.3.4 Too big", then=CLOSE, message=2)]
    with ScriptedServer(rules, receive_buffer=4096) as server:
        handed = hand_over(server, letters)
    audit(server, handed)
    assert handed.fates == "SFN", handed.outcomes


def test_a_large_text_goes_out_whole():
    letters = [FakeLetter(n, size=1_000_000) for n in range(1, 5)]
    with ScriptedServer(receive_buffer=4096) as server:
        handed = hand_over(server, letters, connections=2)
    audit(server, handed, connections=2)
    assert handed.fates == "SSSS"
    assert {m.body for m in server.accepted} == {letter.as_bytes() for letter in letters}


def test_a_letter_that_cannot_be_written_fails_alone():
    letters = [FakeLetter(n) for n in range(1, 4)]
    letters[1].as_bytes = lambda: 1 / 0
    with ScriptedServer() as server:
        handed = hand_over(server, letters)
    assert handed.fates == "SFS"
    assert handed.of(2).reason == "unwritable"


def test_a_line_break_in_an_address_never_reaches_the_wire():
    letters = [
        FakeLetter(1),
        FakeLetter(2, "a@example.com>\r\nRCPT TO:<b@example.com"),
        FakeLetter(3),
    ]
    with ScriptedServer() as server:
        handed = hand_over(server, letters)
    assert handed.fates == "SFS"
    assert [m.to for m in server.accepted] == ["r1@example.com", "r3@example.com"]


@pytest.mark.parametrize(("offers", "fates"), [(LOCK_STEP, "SSS"), (("PIPELINING",), "SFS")])
def test_an_address_beyond_ascii_needs_smtputf8(offers, fates):
    letters = [FakeLetter(1), FakeLetter(2, "josé@example.com"), FakeLetter(3)]
    with ScriptedServer(offers=offers) as server:
        handed = hand_over(server, letters)
    assert handed.fates == fates
    options = {m.to: m.options for m in server.accepted}
    assert options["r1@example.com"] == ""
    if "F" in fates:
        assert handed.of(2).reason == "no-smtputf8"
    else:
        assert options["josé@example.com"] == "BODY=8BITMIME SMTPUTF8"


def test_the_size_is_told_where_the_server_asks_for_it():
    with ScriptedServer(offers=("PIPELINING", "SIZE 5000")) as server:
        handed = hand_over(server, [FakeLetter(1), FakeLetter(2, size=6000), FakeLetter(3)])
    assert server.accepted[0].options == f"SIZE={len(server.accepted[0].body)}"
    # The server takes no copy of this brief: that is nothing a reader can help.
    assert handed.fates == "SN-"
    assert "5000 octets at most" in str(handed.error)


def test_bounces_go_to_the_letters_own_return_path_where_the_lane_has_a_domain_for_them():
    with ScriptedServer() as server:
        hand_over(server, 2, bounce_domain="bounces.harbour.example")
    senders = [m.sender for m in server.accepted]
    assert {sender.rpartition("@")[2] for sender in senders} == {"bounces.harbour.example"}
    assert [returnpaths.delivery_of(sender) for sender in senders] == [1, 2]


def test_bounces_go_to_the_sender_where_the_lane_has_no_domain_for_them():
    with ScriptedServer() as server:
        hand_over(server, 2)
    assert [m.sender for m in server.accepted] == ["brief@harbour.example"] * 2
