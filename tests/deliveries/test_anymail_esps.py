"""Six ESPs through Anymail, faked on loopback: what arrives there, and what their answers mean."""

import datetime as dt
import email.utils
import functools
import html
import itertools
import json
import threading
import time
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import ClassVar

import botocore.loaders
import hypothesis
import pytest
from anymail.exceptions import AnymailError
from hypothesis import strategies as st

from deliveries import compiling, lanes, letters
from deliveries.ledger import Fate
from deliveries.letters import Letter
from deliveries.providers.anymail import AnymailProvider
from deliveries.providers.esp import answers, calls
from deliveries.providers.esp.copies import is_usual
from deliveries.providers.esp.sessions import backend_of
from deliveries.providers.esp.table import row
from subscribers import tokens
from tests.deliveries.handing import Recorder
from tests.esp import FakeEsp, serving
from tests.esp.dialects import AMAZON, BREVO, DIALECTS, MAILGUN, POSTMARK, RESEND, SENDGRID
from tests.make import make_brief, make_edition, make_publication

pytestmark = [pytest.mark.django_db, pytest.mark.sqlite_only]

PUBLICATION = {"reply_to": "desk@harbour.example", "tracking": "per-reader"}
NAMES = ["", "Ada Lovelace", "Jürgen Groß", "O'Brien-Smith", 'Dr. "X", Esq.', "%recipient.x%"]
BATCHING = [dialect for dialect in DIALECTS if dialect.most > 1]
named = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda one: one.name)
batching = pytest.mark.parametrize("dialect", BATCHING, ids=lambda one: one.name)
keyed = pytest.mark.parametrize("dialect", [RESEND, BREVO], ids=lambda one: one.name)
unkeyed = pytest.mark.parametrize(
    "dialect", [POSTMARK, MAILGUN, SENDGRID, AMAZON], ids=lambda one: one.name
)


@pytest.fixture(scope="module", autouse=True)
def _amazon_is_read_once():
    """Let all clients of boto3 share what describes Amazon, which takes long to read."""
    with pytest.MonkeyPatch.context() as patch:
        shared = functools.cache(botocore.loaders.create_loader)
        patch.setattr(botocore.loaders, "create_loader", shared)
        yield


@pytest.fixture
def esp(dialect, settings, monkeypatch):
    monkeypatch.setattr(calls, "REPEATS", (0.01, 0.01))
    fake = FakeEsp(lambda request: dialect.taken(len(dialect.mails(request))))
    with serving(fake):
        settings.ANYMAIL = {**dialect.settings(fake.url), "REQUESTS_TIMEOUT": (5, 5)}
        yield fake


@pytest.fixture(scope="module")
def kept():
    """What is made for the first test serves all: a mail does not change."""
    return []


@pytest.fixture
def mail(kept):
    if not kept:
        edition = make_edition(make_brief(make_publication(**PUBLICATION)))
        edition.message_domain = "harbour.example"
        edition.save()
        compiling.compile_edition(edition)
        kept.append(letters.load(edition.pk))
    return kept[0]


def letters_of(mail, count, *, name=""):
    return [
        Letter(mail, 1000 + n, 1, 2000 + n, f"reader{n}@example.com", name) for n in range(count)
    ]


def hand_over(dialect, written, **options):
    """Hand letters over; return their fates by delivery, what was raised, and the journal."""
    journal = options.pop("journal", None) or Recorder()
    provider = AnymailProvider(dialect.name, journal, options)
    outcomes, error = [], None
    try:
        outcomes += provider.deliver(written)
    except lanes.LaneTrouble as trouble:
        error = trouble
    finally:
        provider.close()
    assert max(Counter(o.delivery for o in outcomes).values(), default=0) <= 1
    fates = {outcome.delivery: outcome for outcome in outcomes}
    return SimpleNamespace(
        fates=[fates[o.delivery].fate if o.delivery in fates else None for o in written],
        of=[fates.get(o.delivery) for o in written],
        error=error,
        journal=journal,
    )


# --- what arrives -------------------------------------------------------------


@named
@pytest.mark.parametrize("batch", [True, False], ids=["batch", "single"])
def test_each_reader_gets_a_letter_with_what_is_theirs(dialect, esp, mail, batch):
    written = [
        replace(letter, name=name)
        for letter, name in zip(letters_of(mail, len(NAMES)), NAMES, strict=True)
    ]
    handed = hand_over(dialect, written, batch=batch)
    assert handed.fates == [Fate.SENT] * len(written)
    mails = {one.address: one for request in esp.requests for one in dialect.mails(request)}
    assert len(mails) == len(written)
    for letter in written:
        got = mails[letter.address]
        headers = {name.lower(): value for name, value in got.headers.items()}
        assert got.name == letter.name
        assert "brief@harbour.example" in got.sender
        assert got.subject == mail.subject
        assert got.metadata == {"delivery": str(letter.delivery), "attempt": "1"}
        assert headers["message-id"] == f"<{letter.message_id}>"
        assert headers["list-unsubscribe"] == f"<{letter.unsubscribe_url}>"
        assert headers["list-unsubscribe-post"] == "List-Unsubscribe=One-Click"
        assert headers["list-id"] == mail.headers["List-ID"]
        html_part, text = letter.filled()
        assert tokens.click.make(mail.edition_id, 0, letter.delivery) in got.html
        assert got.html.replace("\r\n", "\n").strip() == html_part.strip()
        assert got.text.replace("\r\n", "\n").strip() == text.strip()
        assert tokens.view.make(mail.edition_id, letter.delivery) in got.html


@named
def test_merge_fields_say_to_each_reader_what_is_theirs(dialect, esp):
    brief = make_brief(
        make_publication(**PUBLICATION),
        headline="For [[name|you]]",
        body="Dear [[name|reader]] of [[city|our town]]",
    )
    edition = make_edition(brief)
    compiling.compile_edition(edition)
    mail = letters.load(edition.pk)
    cities = [None, {"city": "A & <b>B</b>"}, {"city": 'Köln "am" Rhein\\'}, {"city": "{{x}}"}, {}]
    names = ["", "Ada Lovelace", "Jürgen Groß", 'Dr. "X", Esq.', "%recipient.x%"]
    written = [
        replace(letter, name=name, attributes=city)
        for letter, name, city in zip(letters_of(mail, 5), names, cities, strict=True)
    ]
    assert hand_over(dialect, written).fates == [Fate.SENT] * 5
    mails = {one.address: one for request in esp.requests for one in dialect.mails(request)}
    said = [("reader", "our town"), ("Ada Lovelace", "A & <b>B</b>"),
            ("Jürgen Groß", 'Köln "am" Rhein\\'), ('Dr. "X", Esq.', "our town"),
            ("reader", "our town")]  # fmt: skip
    for letter, (name, city) in zip(written, said, strict=True):
        got = mails[letter.address]
        assert got.subject == f"Harbour Brief: For {name}".replace("reader", "you")
        assert f"Dear {name} of {city}" in got.text
        assert f"Dear {html.escape(name)} of {html.escape(city)}</p>" in got.html
        parts = [part.replace("\r\n", "\n").strip() for part in (got.html, got.text)]
        assert parts == [part.strip() for part in letter.filled()]
        assert mail.slot_prefix not in got.html + got.text + got.subject


@batching
def test_a_call_holds_no_more_letters_than_the_esp_takes(dialect, esp, mail):
    written = letters_of(mail, min(dialect.most, 200) * 2 + 3)
    handed = hand_over(dialect, written)
    assert handed.fates == [Fate.SENT] * len(written)
    sizes = [len(dialect.mails(request)) for request in esp.requests]
    assert max(sizes) <= dialect.most
    assert sum(sizes) == len(written)
    assert len(sizes) == -(-len(written) // dialect.most)
    assert handed.journal.most_open <= dialect.most


@named
def test_one_by_one_there_are_no_more_in_doubt_than_threads(dialect, esp, mail):
    written = letters_of(mail, 30)
    handed = hand_over(dialect, written, batch=False, threads=3)
    assert handed.fates == [Fate.SENT] * 30
    assert len(esp.requests) == 30
    assert handed.journal.most_open <= 3
    assert sorted(handed.journal.intents) == [letter.delivery for letter in written]
    assert len(handed.journal.outcomes) == 30


@pytest.mark.parametrize("dialect", [POSTMARK, RESEND, BREVO], ids=lambda one: one.name)
@pytest.mark.parametrize("name", ["", "Ada", "Zoë Ångström", "Anne-Marie d'Arc", "李 小龙", "a\tb"])
def test_a_letter_that_is_filled_in_equals_what_anymail_writes(dialect, esp, mail, name):
    letter = letters_of(mail, 1, name=name)[0]
    hand_over(dialect, [letter], batch=False)
    (fast,) = esp.requests
    backend_of(dialect.name).send_messages([letter.as_email()])
    slow = esp.requests[1]
    if dialect is BREVO:
        del fast["json"]["headers"]["idempotencyKey"]
    assert fast["json"] == slow["json"]
    assert fast["path"] == slow["path"]
    ours = set(fast["headers"]) - {"Idempotency-Key"}
    assert ours == set(slow["headers"])


class Forms:
    """Copies of one edition in the forms of an ESP, made once."""

    made: ClassVar[dict[str, calls._Forms]] = {}

    @classmethod
    def of(cls, name, mail):
        if name not in cls.made:
            letter = letters_of(mail, 1)[0]
            cls.made[name] = calls._Forms(row(name), backend_of(name), letter)
        return cls.made[name]._copies


local = st.text("abcXYZ019._+-'%", min_size=1, max_size=12)
host = st.sampled_from(
    ["example.com", "Example.com", "bücher.example", "a-b.co", "xn--bcher-kva.de"]
)


@pytest.mark.parametrize("name", ["postmark", "resend", "brevo", "mailjet"])
@hypothesis.settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(
    reader=st.text(max_size=20), local=local, host=host, delivery=st.integers(1, 2**40)
)
def test_whoever_the_reader_is_both_ways_of_writing_agree(
    mail, settings, name, reader, local, host, delivery
):
    settings.ANYMAIL = {
        f"{name.upper()}_{key}": "x" for key in ("API_KEY", "SECRET_KEY", "SERVER_TOKEN")
    }
    copies = Forms.of(name, mail)
    letter = Letter(mail, delivery, 1, 7, f"{local}@{host}", reader)
    for form in (0, 1):
        try:
            exact = copies.exact(letter, form)
        except (AnymailError, UnicodeError, ValueError):
            assert not is_usual(letter)
        else:
            assert json.loads(copies.fill(letter, form)) == json.loads(exact)


def test_mailjet_judges_each_letter_of_a_call():
    bad = {"Status": "error", "Errors": [{"ErrorMessage": "no", "ErrorRelatedTo": ["To[0].Email"]}]}
    worse = {"Status": "error", "Errors": [{"ErrorMessage": "no", "ErrorRelatedTo": ["From"]}]}
    body = json.dumps({"Messages": [{"Status": "success"}, bad, worse]}).encode()
    verdicts = answers.read("mailjet", 400, body, {}, 3, answers.mailjet)
    assert [one.fate for one in verdicts] == [Fate.SENT, Fate.FAILED, Fate.FAILED]
    assert [one.is_readers for one in verdicts] == [False, True, False]
    with pytest.raises(answers.Malformed):
        answers.read("mailjet", 400, body, {}, 2, answers.mailjet)


@pytest.mark.parametrize("dialect", [MAILGUN], ids=["mailgun"])
def test_what_an_editor_wrote_is_never_taken_for_a_variable(dialect, esp, mail):
    written = letters_of(mail, 3)
    hostile = replace(mail, text=mail.text + "%recipient.x%")
    handed = hand_over(dialect, [replace(letter, mail=hostile) for letter in written])
    assert handed.fates == [Fate.SENT] * 3
    assert len(esp.requests) == 3


# --- what answers mean ----------------------------------------------------------


@named
@pytest.mark.parametrize("batch", [True, False], ids=["batch", "single"])
def test_a_refused_address_fails_alone_with_the_words_of_the_esp(dialect, esp, mail, batch):
    written = letters_of(mail, 9)
    bad = written[4].address

    def judge(request):
        good = [one.address != bad for one in dialect.mails(request)]
        if all(good):
            return dialect.taken(len(good))
        if len(good) > 1 and dialect.mixed:
            return dialect.mixed(good)
        return dialect.refusal(bad, len(good))

    esp.usual = judge
    handed = hand_over(dialect, written, batch=batch)
    assert handed.error is None
    assert handed.fates == [Fate.FAILED if n == 4 else Fate.SENT for n in range(9)]
    assert handed.of[4].reply
    assert len(handed.journal.intents) == 9


@named
def test_five_addresses_in_a_row_that_are_malformed_fail_alone(dialect, esp, mail):
    if dialect is AMAZON:
        pytest.skip("Amazon does not tell whose fault a refusal is.")
    written = letters_of(mail, 9)
    bad = {letter.address for letter in written[2:7]}

    def judge(request):
        found = [one.address for one in dialect.mails(request)]
        refused = [address for address in found if address in bad]
        if not refused:
            return dialect.taken(len(found))
        if len(found) > 1 and dialect.mixed:
            return dialect.mixed([address not in bad for address in found])
        return dialect.refusal(refused[0], len(found))

    esp.usual = judge
    handed = hand_over(dialect, written)
    assert handed.error is None
    assert handed.fates == [Fate.FAILED if 2 <= n < 7 else Fate.SENT for n in range(9)]


@named
@pytest.mark.parametrize("status", [400])
@pytest.mark.parametrize("batch", [True, False], ids=["batch", "single"])
def test_a_malformed_call_stops_the_lane_and_fails_nobody(dialect, esp, mail, status, batch):
    esp.usual = (status, {"message": "The letter is not to our taste."})
    handed = hand_over(dialect, letters_of(mail, 64), batch=batch)
    assert isinstance(handed.error, lanes.RefusedAlike)
    assert set(handed.fates) <= {Fate.NOT_ACCEPTED, None}
    assert len(esp.requests) < 20
    assert handed.journal.outcomes[-1].fate is Fate.NOT_ACCEPTED


def in_an_hour():
    """Return a time to come as HTTP writes it (RFC 9110, 5.6.7)."""
    return email.utils.format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1))


@named
@pytest.mark.parametrize(
    ("status", "after", "seconds"),
    [
        (429, "7", 7),
        (429, "a date", 3600),
        (429, "soon", None),
        (429, "0", 1),
        (503, "30", 30),
        (408, None, None),
    ],
)
def test_what_was_not_begun_waits_as_long_as_the_esp_says(
    dialect, esp, mail, status, after, seconds
):
    # Written when the test runs, which may be long after it was collected.
    says = in_an_hour() if after == "a date" else after
    esp.usual = (status, {"message": "Slow down"}, {"Retry-After": says} if says else {})
    handed = hand_over(dialect, letters_of(mail, 3))
    assert set(handed.fates) <= {Fate.NOT_ACCEPTED, None}
    assert str(status) in str(handed.error)
    if seconds is None:
        assert handed.error.seconds is None
    else:
        assert seconds - 300 < handed.error.seconds <= seconds


@named
@pytest.mark.parametrize(
    ("status", "kind"),
    [(401, lanes.LogInRefused), (403, lanes.LogInRefused), (404, None), (308, None)],
)
def test_a_refused_key_is_the_lanes_trouble(dialect, esp, mail, status, kind):
    esp.usual = (status, {"message": "Who are you?"})
    handed = hand_over(dialect, letters_of(mail, 3))
    assert set(handed.fates) <= {Fate.NOT_ACCEPTED, None}
    assert isinstance(handed.error, kind or lanes.LaneTrouble)


@named
def test_a_refused_connection_was_certainly_not_taken(dialect, esp, mail, settings):
    settings.ANYMAIL = {**dialect.settings("http://127.0.0.1:9/"), "REQUESTS_TIMEOUT": (1, 1)}
    handed = hand_over(dialect, letters_of(mail, 3))
    assert set(handed.fates) <= {Fate.NOT_ACCEPTED, None}
    assert "cannot be reached" in str(handed.error)


UNCLEAR = {
    "500": (500, {"message": "oops"}),
    "502": (502, b"<html>bad gateway</html>"),
    "504": (504, b""),
    "broken": (200, b'{"id": "1", "Mess'),
    "silence": None,
}


@unkeyed
@pytest.mark.parametrize("answer", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_an_unclear_answer_leaves_the_readers_of_the_call_in_doubt(dialect, esp, mail, answer):
    if answer and answer[0] == 200 and dialect is SENDGRID:
        pytest.skip("It says 202 and no more.")
    esp.answers = [answer]
    handed = hand_over(dialect, letters_of(mail, 3), threads=1)
    doubted = 1 if dialect.most == 1 else 3
    assert handed.fates == [Fate.IN_DOUBT] * doubted + [Fate.SENT] * (3 - doubted)
    assert handed.of[0].reply
    assert handed.error is None


@unkeyed
def test_no_answer_in_time_leaves_the_readers_of_the_call_in_doubt(dialect, esp, mail, settings):
    settings.ANYMAIL = {**settings.ANYMAIL, "REQUESTS_TIMEOUT": (5, 0.3)}
    esp.answers = [lambda request: time.sleep(0.6)]
    handed = hand_over(dialect, letters_of(mail, 2), threads=1)
    assert handed.of[0].fate is Fate.IN_DOUBT
    assert handed.of[0].reason == "no-reply"


@keyed
@pytest.mark.parametrize("batch", [True, False], ids=["batch", "single"])
@pytest.mark.parametrize("answer", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_with_a_key_the_identical_call_is_made_again(dialect, esp, mail, answer, batch):
    esp.answers = [answer]
    handed = hand_over(dialect, letters_of(mail, 3), batch=batch, threads=1)
    assert handed.fates == [Fate.SENT] * 3
    first, again, *_others = esp.requests
    assert first["body"] == again["body"]
    assert dialect.key(first) == dialect.key(again)
    keys = {dialect.key(request) for request in esp.requests}
    assert len(keys) == (1 if batch else 3)


@keyed
def test_with_a_key_a_call_that_stays_unclear_ends_in_doubt(dialect, esp, mail):
    esp.usual = (500, b"")
    handed = hand_over(dialect, letters_of(mail, 3))
    assert handed.fates == [Fate.IN_DOUBT] * 3
    assert len(esp.requests) == 1 + len(calls.REPEATS)


@keyed
def test_a_refusal_of_the_repetition_proves_nothing_of_the_first(dialect, esp, mail):
    esp.answers = [None, (400, {"code": "duplicate_parameter", "message": "used"})]
    handed = hand_over(dialect, letters_of(mail, 3))
    assert handed.fates == [Fate.IN_DOUBT] * 3
    assert "duplicate_parameter" in handed.of[0].reply
    esp.answers = [None, (429, {"message": "Slow down"})]
    assert hand_over(dialect, letters_of(mail, 3)).fates == [Fate.SENT] * 3


@keyed
def test_letters_that_differ_have_another_key(dialect, esp, mail):
    hand_over(dialect, letters_of(mail, 2))
    hand_over(dialect, letters_of(mail, 2))
    hand_over(dialect, [replace(letter, attempt=2) for letter in letters_of(mail, 2)])
    first, same, other = map(dialect.key, esp.requests)
    assert first == same
    assert first != other


# --- what goes wrong on our side --------------------------------------------------


@named
def test_a_letter_that_cannot_be_written_fails_alone(dialect, esp, mail, monkeypatch):
    broken = letters_of(mail, 5)
    values = Letter.values

    def stumbles(letter):
        if letter.delivery == broken[3].delivery:
            raise ValueError("no such slot")
        return values(letter)

    monkeypatch.setattr(Letter, "values", stumbles)
    handed = hand_over(dialect, broken)
    assert handed.fates == [Fate.FAILED if n == 3 else Fate.SENT for n in range(5)]
    assert handed.of[3].reason == "unwritable"
    assert broken[3].delivery not in handed.journal.intents


@named
@pytest.mark.parametrize("breaks_at", [1, 2, 5])
def test_nothing_goes_out_that_the_journal_could_not_note(dialect, esp, mail, breaks_at):
    journal = Recorder(breaks_at=breaks_at)
    provider = AnymailProvider(dialect.name, journal, {"batch": False, "threads": 2})
    outcomes = []
    with pytest.raises(OSError, match="No space"):
        outcomes.extend(provider.deliver(letters_of(mail, 12)))
    provider.close()
    assert len(esp.requests) == len(journal.intents) == len(outcomes)
    assert {outcome.fate for outcome in outcomes} <= {Fate.SENT}


@named
def test_each_letter_asks_whether_it_may_go(dialect, esp, mail):
    provider = AnymailProvider(dialect.name, Recorder(), {"batch": False, "threads": 1})
    asked = itertools.count()
    provider.may_send = lambda _letter: next(asked) < 3
    outcomes = list(provider.deliver(letters_of(mail, 9)))
    provider.close()
    assert len(outcomes) == len(esp.requests) == 3


@pytest.mark.parametrize("dialect", [POSTMARK], ids=["postmark"])
@pytest.mark.parametrize("batch", [True, False], ids=["batch", "single"])
def test_who_has_no_answer_when_the_process_ends_is_in_doubt(dialect, esp, mail, batch):
    begun, ends = threading.Event(), threading.Event()

    def hang(request):
        begun.set()
        ends.wait(5)

    esp.usual = hang
    provider = AnymailProvider(dialect.name, Recorder(), {"batch": batch, "threads": 2})
    threading.Thread(
        target=lambda: (begun.wait(5), time.sleep(0.1), provider.finish_within(0.05))
    ).start()
    outcomes = list(provider.deliver(letters_of(mail, 6)))
    ends.set()
    provider.close()
    assert len(outcomes) == (6 if batch else 2)
    assert {outcome.fate for outcome in outcomes} == {Fate.IN_DOUBT}


@pytest.mark.parametrize("dialect", [AMAZON], ids=["amazon_ses"])
def test_amazon_is_asked_once_and_an_account_that_is_paused_fails_nobody(dialect, esp, mail):
    esp.answers = [(500, {})]
    handed = hand_over(dialect, letters_of(mail, 1))
    assert handed.fates == [Fate.IN_DOUBT]
    assert len(esp.requests) == 1
    esp.answers = [(400, {"message": "paused"}, {"x-amzn-ErrorType": "SendingPausedException"})]
    handed = hand_over(dialect, letters_of(mail, 1))
    assert handed.fates == [Fate.NOT_ACCEPTED]
    assert "paused" in str(handed.error)
