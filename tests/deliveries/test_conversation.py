"""The state machine of one SMTP connection, without a socket."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deliveries.ledger import Fate
from deliveries.providers import envelopes
from deliveries.providers.conversation import Conversation, Features
from deliveries.providers.replies import Garbled, Replies, Reply
from deliveries.providers.verdicts import Judge
from tests.deliveries.handing import LETTERS, FakeLetter

PIPELINING = Features(pipelining=True)
GOOD = b"250 2.0.0 Ok\r\n"
GO_ON = b"354 Go on\r\n"
ENVELOPE = GOOD + GOOD + GO_ON


def job(number, judge=None):
    return envelopes.job(FakeLetter(number), PIPELINING, judge or Judge("mx.test"))


def fates(judge):
    return {o.delivery: LETTERS[o.fate] for o in judge.outcomes}


@pytest.fixture
def judge():
    return Judge("mx.test")


@pytest.fixture
def talk(judge):
    return Conversation(PIPELINING, judge)


# --- replies ----------------------------------------------------------------


def read(*pieces):
    replies = Replies()
    return [reply for piece in pieces for reply in replies.take(piece)]


def test_a_reply_of_several_lines_is_one_reply():
    assert read(b"250-first\r\n250-second\r\n250 last\r\n") == [Reply(250, "first second last")]


@pytest.mark.parametrize("line", [b"250\r\n", b"250 \r\n", b"250 Ok\n"])
def test_servers_that_are_sloppy_are_understood(line):
    assert [reply.code for reply in read(line)] == [250]


@pytest.mark.parametrize(
    "garbage",
    [
        b"Hello\r\n",
        b"25 Ok\r\n",
        b"2500 Ok\r\n",
        b"150 Ok\r\n",
        b"650 Ok\r\n",
        b"\r\n",
        b"250_Ok\r\n",
    ],
)
def test_garbage_is_no_reply(garbage):
    with pytest.raises(Garbled):
        read(garbage)


def test_lines_of_one_reply_bear_one_code():
    with pytest.raises(Garbled):
        read(b"250-first\r\n550 last\r\n")


def test_replies_before_garbage_count():
    replies = Replies()
    taken = replies.take(GOOD + b"garbage\r\n")
    assert next(taken).code == 250
    with pytest.raises(Garbled):
        next(taken)


def test_a_line_without_an_end_is_not_kept_for_ever():
    with pytest.raises(Garbled):
        read(*[b"250 " + b"x" * 4000] * 4)


def test_a_reply_without_an_end_takes_no_memory():
    replies = Replies()
    for _ in range(1000):
        assert list(replies.take(b"250-" + b"x" * 1000 + b"\r\n")) == []
    assert sum(map(len, replies._lines)) < 5_000


@pytest.mark.parametrize(
    ("line", "enhanced"),
    [
        (b"550 5.7.1 Denied\r\n", "5.7.1"),
        (b"550 5.7.515 Denied\r\n", "5.7.515"),
        (b"550 4.7.1 Denied\r\n", ""),  # not of its class (RFC 2034, 3)
        (b"550 5.7.1.2 is no code\r\n", ""),
        (b"550 Denied 5.7.1\r\n", ""),
        (b"250-2.1.0 Ok\r\n250 2.1.0 Ok\r\n", "2.1.0"),
    ],
)
def test_enhanced_codes_are_read(line, enhanced):
    assert read(line)[0].enhanced == enhanced


@given(
    st.lists(
        st.tuples(
            st.integers(200, 599),
            st.lists(st.from_regex(r"[ -~]{0,20}", fullmatch=True), min_size=1),
        ),
        max_size=5,
    ),
    st.data(),
)
def test_however_replies_are_cut_they_are_the_same(written, data):
    stream = b"".join(
        b"".join(b"%d-%s\r\n" % (code, line.encode()) for line in lines[:-1])
        + b"%d %s\r\n" % (code, lines[-1].encode())
        for code, lines in written
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=10)))
    pieces = [stream[a:b] for a, b in itertools.pairwise([0, *cuts, len(stream)])]
    assert read(*pieces) == read(stream)
    assert [reply.code for reply in read(stream)] == [code for code, _lines in written]


# --- the conversation -------------------------------------------------------


def test_a_turn_carries_the_body_the_dot_and_the_next_envelope(talk, judge):
    first, second = job(1), job(2)
    assert talk.begin(first) == (
        b"MAIL FROM:<brief@harbour.example>\r\nRCPT TO:<r1@example.com>\r\nDATA\r\n"
    )
    talk.feed(ENVELOPE)
    assert talk.is_ready
    assert talk.turn(second) == b".\r\n" + second.envelope
    assert (talk.doubt, talk.current, talk.is_ready) == (first, second, False)
    talk.feed(GOOD + ENVELOPE)
    assert (talk.doubt, talk.current, talk.is_ready) == (None, second, True)
    assert fates(judge) == {1: "S"}


@pytest.mark.parametrize("cut", range(1, len(GOOD + ENVELOPE)))
def test_a_turn_may_be_answered_in_two_pieces(cut, talk, judge):
    talk.begin(job(1))
    talk.feed(ENVELOPE)
    talk.turn(job(2))
    answer = GOOD + ENVELOPE
    talk.feed(answer[:cut])
    # Never is a body sent while another letter is in doubt.
    assert not talk.is_ready
    assert (talk.doubt is None) == (cut >= len(GOOD))
    talk.feed(answer[cut:])
    assert talk.is_ready
    assert fates(judge) == {1: "S"}


def test_a_refused_group_is_followed_by_rset(talk, judge):
    talk.begin(job(1))
    talk.feed(GOOD + b"550 5.1.1 Nobody\r\n503 No readers\r\n")
    assert talk.is_idle
    assert talk.begin(job(2)).startswith(b"RSET\r\nMAIL")
    talk.feed(GOOD + ENVELOPE)
    assert talk.is_ready
    assert fates(judge) == {1: "F"}


def test_a_354_after_a_refused_reader_ends_the_connection(talk, judge):
    talk.begin(job(1))
    talk.feed(GOOD + b"550 5.1.1 Nobody\r\n" + GO_ON)
    assert talk.ended
    assert fates(judge) == {1: "F"}


def test_the_replies_to_the_next_letter_never_touch_the_last(talk, judge):
    talk.begin(job(1))
    talk.feed(ENVELOPE)
    talk.turn(job(2))
    talk.feed(b"451 4.3.0 Later\r\n" + GOOD + b"550 5.1.1 Nobody\r\n503 No\r\n")
    assert fates(judge) == {1: "L", 2: "F"}
    assert talk.is_idle


def test_only_the_letter_whose_dot_is_out_is_in_doubt(talk, judge):
    talk.begin(job(1))
    talk.feed(ENVELOPE)
    talk.turn(job(2))
    talk.end("reset", by_server=True)
    assert fates(judge) == {1: "D", 2: "N"}


def test_a_letter_whose_dot_is_not_out_is_not_accepted(talk, judge):
    talk.begin(job(1))
    talk.feed(ENVELOPE)
    talk.turn(job(2))
    talk.dot_is_out = False
    talk.end("reset", by_server=True)
    assert fates(judge) == {1: "N", 2: "N"}


def test_an_early_yes_to_a_text_that_is_not_out_is_not_believed(talk, judge):
    talk.begin(job(1))
    talk.feed(ENVELOPE)
    talk.turn(None)
    talk.dot_is_out = False
    talk.feed(GOOD)
    assert talk.ended
    assert "S" not in fates(judge).values()


def test_a_reply_that_nobody_asked_for_ends_the_connection(talk, judge):
    talk.feed(GOOD)
    assert talk.ended
    assert judge.outcomes == []


def test_a_second_reply_to_data_gives_the_body_no_way(talk, judge):
    talk.begin(job(1))
    talk.feed(ENVELOPE + b"552 5.3.4 Too big\r\n")
    assert talk.ended
    assert not talk.is_ready
    assert fates(judge) == {1: "N"}


def test_without_pipelining_each_command_waits_for_its_reply(judge):
    talk = Conversation(Features(), judge)
    assert talk.begin(job(1)).startswith(b"MAIL")
    talk.feed(GOOD)
    assert talk.take_command() == b"RCPT TO:<r1@example.com>\r\n"
    talk.feed(GOOD)
    assert talk.is_before_data
    assert talk.take_command() == b"DATA\r\n"
    talk.feed(GO_ON)
    assert talk.is_ready
    assert talk.turn(None) == b".\r\n"
    talk.feed(GOOD)
    assert talk.is_idle
    assert fates(judge) == {1: "S"}


def test_a_letter_given_back_before_data_is_followed_by_rset(judge):
    talk = Conversation(Features(), judge)
    talk.begin(job(1))
    talk.feed(GOOD)
    talk.take_command()
    talk.feed(GOOD)
    talk.give_back()
    assert talk.is_idle
    assert talk.begin(job(2)) == b"RSET\r\n"
    assert fates(judge) == {1: "N"}


REPLIES = [
    b"250 2.0.0 Ok\r\n",
    b"250-2.0.0 Ok\r\n250 more\r\n",
    b"354 Go on\r\n",
    b"421 4.3.2 Bye\r\n",
    b"451 4.3.0 Later\r\n",
    b"550 5.1.1 No\r\n",
    b"550 5.7.1 Policy\r\n",
    b"503 5.5.1 Sequence\r\n",
    b"garbage\r\n",
]


@given(st.lists(st.sampled_from(REPLIES), max_size=25), st.booleans(), st.booleans())
def test_whatever_a_server_says_each_letter_is_judged_once(said, pipelining, ends):
    """Outcomes only for letters begun, SENT only by a yes to a dot, one in doubt at most."""
    judge = Judge("mx.test")
    talk = Conversation(Features(pipelining=pipelining), judge)
    begun = dots = 0
    for words in said:
        if talk.ended:
            break
        if talk.is_idle:
            begun += 1
            talk.begin(job(begun))
        talk.feed(words)
        talk.take_command()
        if talk.is_ready:
            assert talk.doubt is None
            dots += 1
            begun += pipelining
            talk.turn(job(begun) if pipelining else None)
    if ends:
        talk.end("closed", by_server=True)
    judged = [o.delivery for o in judge.outcomes]
    assert len(judged) == len(set(judged)) <= begun
    counts = [o.fate for o in judge.outcomes]
    assert counts.count(Fate.SENT) == talk.accepted <= dots
    assert counts.count(Fate.IN_DOUBT) <= 1
    if talk.ended:
        assert len(judged) == begun
