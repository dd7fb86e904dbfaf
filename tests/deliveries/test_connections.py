"""How the SMTP engine opens, secures, shares and gives up its connections."""

import shutil
import ssl
import subprocess
import threading
import time

import pytest

from deliveries.lanes import LaneTrouble
from deliveries.ledger import Fate
from deliveries.providers.journaling import JournalTrouble, NullJournal
from deliveries.relay import Relay
from tests.deliveries.handing import (
    HASTY,
    FakeLetter,
    Handed,
    Recorder,
    audit,
    hand_over,
    provider_for,
    run,
)
from tests.scripted import CLOSE, HANG, RESET, Rule, ScriptedServer

LOCK_STEP = ("8BITMIME",)


def letters(count, first=1):
    return [FakeLetter(n) for n in range(first, first + count)]


# --- several connections ----------------------------------------------------


@pytest.mark.parametrize("pieces", ["replies", "packets", "bytes"])
def test_letters_are_shared_among_the_connections(pieces):
    with ScriptedServer(pieces=pieces) as server:
        handed = hand_over(server, 60, connections=4)
    audit(server, handed, connections=4)
    assert handed.fates == "S" * 60
    assert 1 < server.connections <= 4


def test_no_more_connections_are_opened_than_there_are_letters():
    with ScriptedServer() as server:
        handed = hand_over(server, 2, connections=10)
    assert handed.fates == "SS"
    assert server.connections <= 2


def test_a_refused_password_is_tried_once():
    with ScriptedServer([Rule("AUTH", "535 5.7.8 No")], offers=("AUTH PLAIN",)) as server:
        handed = hand_over(server, 20, connections=10, login="desk:wrong@")
    assert "535 5.7.8 No" in str(handed.error)
    assert (handed.fates, server.connections, len(server.logins)) == ("-" * 20, 1, 1)


def test_a_server_that_takes_few_connections_is_served_over_few():
    def script(moment):
        if moment.at == "connect" and moment.connection > 2:
            return Rule("connect", "421 4.7.0 Too many connections", CLOSE)
        if moment.at == "dot":
            time.sleep(0.005)
        return None

    with ScriptedServer(script=script) as server:
        handed = hand_over(server, 60, connections=6)
    audit(server, handed, connections=6)
    assert handed.fates == "S" * 60
    assert server.connections <= 6


def test_one_connection_that_hangs_holds_up_no_other():
    def script(moment):
        hangs = moment.at == "connect" and moment.connection == 2
        return Rule("connect", then=HANG) if hangs else None

    with ScriptedServer(script=script) as server:
        handed = hand_over(server, 40, connections=3)
        assert time.monotonic() < time.monotonic() + 20
    assert handed.fates == "S" * 40


def test_connections_stay_open_between_runs():
    with ScriptedServer() as server:
        provider = provider_for(server, 1, journal=Recorder())
        assert run(provider, letters(3)).fates == "SSS"
        assert run(provider, letters(3, first=4)).fates == "SSS"
        provider.close()
    assert server.connections == 1


@pytest.mark.parametrize("goodbye", ["421 4.4.2 Idle for too long", None])
def test_a_connection_that_died_while_idle_costs_nothing(goodbye):
    with ScriptedServer(
        [
            Rule(
                "dot",
                f"250 Ok\r\n{goodbye or ''}\r\n"[: None if goodbye else 8],
                CLOSE,
                connection=1,
            )
        ]
    ) as server:
        provider = provider_for(server, 1, journal=Recorder())
        assert run(provider, letters(1)).fates == "S"
        time.sleep(0.1)
        assert run(provider, letters(2, first=2)).fates == "SS"
        provider.close()
    assert server.connections == 2


def test_a_server_that_comes_back_is_used_again():
    with ScriptedServer([Rule("connect", "554 Closed for repair", times=1)]) as server:
        provider = provider_for(server, 2, journal=Recorder())
        first = run(provider, letters(3))
        assert isinstance(first.error, LaneTrouble)
        assert first.outcomes == []
        assert run(provider, letters(3)).fates == "SSS"
        provider.close()


def test_nothing_listens():
    with ScriptedServer() as server:
        pass
    handed = hand_over(server, 2)
    assert "cannot be reached" in str(handed.error)
    assert handed.fates == "--"


# --- TLS and AUTH -----------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Make a certificate that only those trust who are told to."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-nodes", "-newkey", "ec"),
            *("-pkeyopt", "ec_paramgen_curve:P-256", "-keyout", key, "-out", cert),
            *("-days", "2", "-subj", "/CN=mx.test", "-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return key, cert


@pytest.fixture
def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate[1], certificate[0])
    return context


@pytest.fixture
def trust(certificate):
    return ssl.create_default_context(cafile=certificate[1])


OFFERS = ("PIPELINING", "STARTTLS", "AUTH PLAIN")
WAYS = pytest.mark.parametrize(
    ("scheme", "implicit"), [("smtps", True), ("submission", False)], ids=["implicit", "STARTTLS"]
)


@WAYS
@pytest.mark.parametrize("pieces", ["replies", "packets", "bytes"])
def test_letters_go_over_tls(tls, trust, scheme, implicit, pieces):
    with ScriptedServer(offers=OFFERS, tls=tls, implicit_tls=implicit, pieces=pieces) as server:
        handed = hand_over(server, 12, 2, scheme=scheme, context=trust, login="desk:secret@")
    audit(server, handed, connections=2)
    assert (handed.fates, handed.error) == ("S" * 12, None)
    assert server.logins


@WAYS
def test_a_large_text_goes_over_tls(tls, trust, scheme, implicit):
    large = [FakeLetter(n, size=1_500_000) for n in (1, 2, 3)]
    with ScriptedServer(
        offers=OFFERS, tls=tls, implicit_tls=implicit, receive_buffer=4096
    ) as server:
        handed = hand_over(server, large, scheme=scheme, context=trust)
    audit(server, handed)
    assert handed.fates == "SSS"


@WAYS
@pytest.mark.parametrize("end", [CLOSE, RESET])
def test_a_250_before_the_end_is_seen_under_tls(tls, trust, scheme, implicit, end):
    rules = [Rule("dot", "250 Ok", end, message=3, connection=1)]
    with ScriptedServer(rules, offers=OFFERS, tls=tls, implicit_tls=implicit) as server:
        handed = hand_over(server, 6, scheme=scheme, context=trust)
    audit(server, handed)
    assert handed.fates == "SSSNSS"


@WAYS
def test_a_certificate_that_nobody_vouches_for_is_refused(tls, scheme, implicit):
    with ScriptedServer(offers=OFFERS, tls=tls, implicit_tls=implicit) as server:
        handed = hand_over(server, 2, scheme=scheme)
    assert "certificate verify failed" in str(handed.error).lower()
    assert handed.fates == "--"


@pytest.mark.parametrize(
    ("url", "port", "starttls", "implicit"),
    [
        ("", 25, False, False),
        ("smtp://mx.example", 25, False, False),
        ("smtp://mx.example:2525?tls=True", 2525, True, False),
        ("smtp://mx.example:465/?ssl=True", 465, False, True),
        ("smtps://mx.example", 465, False, True),
        ("submission://desk%40harbour:p%3Aw@mx.example", 587, True, False),
        ("smtp+tls://mx.example:26", 26, True, False),
    ],
)
def test_a_url_says_how_a_connection_is_secured(url, port, starttls, implicit):
    server = Relay.parse(url)
    assert (server.port, server.starttls, server.implicit_tls) == (port, starttls, implicit)
    if "@" in url:
        assert (server.user, server.password) == ("desk@harbour", "p:w")


@pytest.mark.parametrize("url", ["smpts://mx.example", "mx.example", "smtp://mx.example:many"])
def test_a_url_that_cannot_be_read_is_not_taken_for_plain_smtp(url):
    with pytest.raises(ValueError, match="EMAIL_URL"):
        Relay.parse(url)


def test_mail_never_falls_back_to_plain_text():
    with ScriptedServer() as server:
        handed = hand_over(server, 2, scheme="submission", login="desk:secret@")
    assert "STARTTLS" in str(handed.error)
    assert (handed.fates, server.logins) == ("--", [])


# --- the journal ------------------------------------------------------------


@pytest.mark.parametrize("connections", [1, 3])
@pytest.mark.parametrize("breaks_at", [1, 2, 3, 5, 9])
def test_no_body_goes_out_once_the_journal_is_full(breaks_at, connections):
    with ScriptedServer() as server:
        journal = Recorder(breaks_at)
        handed = hand_over(server, 60, connections, journal=journal)
    audit(server, handed, connections)
    assert isinstance(handed.error, JournalTrouble)
    assert "No space left" in str(handed.error)
    # Those whose bodies were out are judged as usual, the others go again.
    assert set(handed.fates) <= set("SN-")
    assert handed.fates.count("S") == len(journal.intents)


def test_the_journal_is_one_append_for_an_outcome_and_the_next_intent():
    with ScriptedServer(pieces="packets") as server:
        journal = Recorder()
        handed = hand_over(server, 8, journal=journal)
    assert handed.fates == "S" * 8
    assert journal.records <= 8 + 2


def test_a_provider_works_without_a_journal():
    with ScriptedServer() as server:
        provider = provider_for(server, 2)
        assert isinstance(provider.journal, NullJournal)
        outcomes = list(provider.deliver(letters(5)))
        provider.close()
    assert [o.fate for o in outcomes] == [Fate.SENT] * 5


# --- letters that may no longer go ------------------------------------------


@pytest.mark.parametrize("offers", [("PIPELINING",), LOCK_STEP])
@pytest.mark.parametrize("after", range(1, 8))
def test_nothing_more_goes_out_once_it_may_not(offers, after):
    asked = []

    def may_send(letter):
        asked.append(letter.delivery)
        return len(asked) <= after

    with ScriptedServer(offers=offers) as server:
        handed = hand_over(server, 6, may_send=may_send)
    audit(server, handed)
    assert set(handed.fates) <= set("SN")
    assert "S" not in handed.fates.lstrip("S")
    assert handed.error is None


@pytest.mark.parametrize("offers", [("PIPELINING",), LOCK_STEP])
def test_one_reader_who_left_in_mid_slice_gets_nothing(offers):
    questions = []

    def may_send(letter):
        questions.append(letter.delivery)
        return not (letter.delivery == 3 and questions.count(3) > 1)

    with ScriptedServer(offers=offers) as server:
        handed = hand_over(server, 6, may_send=may_send)
    audit(server, handed)
    assert handed.fates == "SSNSSS"


def test_a_question_that_cannot_be_answered_stops_the_run():
    def may_send(letter):
        if letter.delivery == 4:
            raise KeyError("fault")
        return True

    with ScriptedServer() as server:
        handed = hand_over(server, 6, may_send=may_send)
    audit(server, handed)
    assert handed.fates == "SSSN--"
    assert isinstance(handed.error, KeyError)


def test_an_error_of_the_iterable_comes_after_the_verdicts():
    def broken():
        yield from letters(4)
        raise KeyError("fault")

    with ScriptedServer() as server:
        provider = provider_for(server, 1, journal=Recorder())
        handed = run(provider, broken())
        provider.close()
    audit(server, handed)
    assert isinstance(handed.error, KeyError)
    assert set(handed.fates) <= set("SN")


def test_a_caller_who_goes_away_leaves_no_letter_to_the_next_run():
    with ScriptedServer() as server:
        provider = provider_for(server, 1, journal=Recorder())
        run_away = provider.deliver(letters(20))
        first = next(iter(run_away))
        run_away.close()
        handed = run(provider, letters(3, first=100))
        provider.close()
    assert first.fate is Fate.SENT
    assert handed.fates == "SSS"
    assert {o.delivery for o in handed.outcomes} == {100, 101, 102}


def test_at_the_end_only_final_dots_are_waited_for_and_not_for_long():
    with ScriptedServer([Rule("dot", then=HANG, message=3)]) as server:
        provider = provider_for(server, 1, journal=Recorder())
        timer = threading.Timer(0.3, provider.finish_within, [0.3])
        timer.start()
        handed = run(provider, letters(9))
        timer.join()
        again = run(provider, letters(2))
        provider.close()
    audit(server, handed)
    assert handed.fates[:4] == "SSDN"
    assert handed.error is None
    assert again.outcomes == []


def test_hanging_connections_are_given_up_one_by_one():
    with ScriptedServer([Rule("MAIL", then=HANG, message=2)]) as server:
        handed = hand_over(server, 8, connections=2, timeouts=HASTY)
    audit(server, handed, connections=2)
    assert set(handed.fates) == set("SN")
    assert isinstance(handed, Handed)
