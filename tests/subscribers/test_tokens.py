"""Tokens: what is made is read back, and nothing else is."""

import hmac
import string

import pytest
import time_machine
from hypothesis import assume, given
from hypothesis import strategies as st

from subscribers import tokens

PURPOSES = [tokens.confirm, tokens.unsubscribe, tokens.view, tokens.click]
numbers = st.integers(min_value=0, max_value=2**63 - 1)
ALPHABET = string.ascii_letters + string.digits + "-_"


@given(st.sampled_from(PURPOSES), st.lists(numbers, min_size=3, max_size=3))
def test_what_a_token_carries_is_read_back(purpose, carried):
    carried = tuple(carried[: purpose.size])
    assert purpose.load(purpose.make(*carried)) == carried


@given(st.binary(max_size=32), st.binary(max_size=100))
def test_the_signature_is_an_hmac(key, message):
    assert tokens._Key(key).mac(message) == hmac.digest(key, message, "sha256")[:10]


@given(st.data())
def test_a_token_with_one_character_changed_is_refused(data):
    token = tokens.unsubscribe.make(data.draw(numbers), data.draw(numbers))
    place = data.draw(st.integers(min_value=0, max_value=len(token) - 1))
    letter = data.draw(st.sampled_from(ALPHABET))
    assume(letter != token[place])
    with pytest.raises(tokens.BadToken):
        tokens.unsubscribe.load(token[:place] + letter + token[place + 1 :])


@given(st.text(max_size=120))
def test_any_text_that_is_no_token_is_refused_without_another_error(text):
    for purpose in PURPOSES:
        with pytest.raises(tokens.BadToken):
            purpose.load(text)


@given(numbers, numbers)
def test_a_token_is_nothing_to_another_purpose(one, other):
    with pytest.raises(tokens.BadToken):
        tokens.view.load(tokens.unsubscribe.make(one, other))


def test_a_shortened_or_lengthened_token_is_refused():
    token = tokens.unsubscribe.make(7, 9)
    for wrong in (token[:-1], token[1:], token + "A", token + "=", token + "\n", ""):
        with pytest.raises(tokens.BadToken):
            tokens.unsubscribe.load(wrong)


def test_an_unsubscribe_token_is_short():
    assert len(tokens.unsubscribe.make(2**28 - 1, 2**28 - 1)) <= 27


def test_the_mailed_unsubscribe_url_is_final_and_short(settings):
    settings.SITE_URL = "https://brief.example.org"
    url = tokens.unsubscribe_url(123_456, 9_876_543)
    assert url.startswith("https://brief.example.org/u/")
    assert not url.endswith("/")
    assert len(url) <= 55


def test_a_token_carries_no_negative_and_no_missing_number():
    with pytest.raises(ValueError, match="from 0"):
        tokens.unsubscribe.make(-1, 0)
    with pytest.raises(ValueError, match="carries 2"):
        tokens.unsubscribe.make(1)


def test_a_new_key_in_front_signs_and_the_old_one_still_verifies(settings):
    settings.TOKEN_KEYS = ["old"]
    mailed = tokens.unsubscribe.make(1, 2)
    settings.TOKEN_KEYS = ["new", "old"]
    assert tokens.unsubscribe.load(mailed) == (1, 2)
    assert tokens.unsubscribe.make(1, 2) != mailed
    settings.TOKEN_KEYS = ["new"]
    with pytest.raises(tokens.BadToken):
        tokens.unsubscribe.load(mailed)


def test_a_confirmation_expires_after_seven_days():
    with time_machine.travel("2026-04-06 06:00:30Z", tick=False) as clock:
        token = tokens.confirm.make(5)
        clock.shift(7 * 24 * 3600 - 60)
        assert tokens.confirm.load(token) == (5,)
        clock.shift(120)
        with pytest.raises(tokens.ExpiredToken):
            tokens.confirm.load(token)


def test_an_unsubscribe_link_works_for_years():
    with time_machine.travel("2026-04-06 06:00Z", tick=False) as clock:
        token = tokens.unsubscribe.make(5, 0)
        clock.shift(20 * 365 * 24 * 3600)
        assert tokens.unsubscribe.load(token) == (5, 0)


def test_a_series_makes_the_very_tokens_that_are_made_one_by_one(settings):
    for last in (0, 127, 128, 2**63 - 1):
        assert tokens.view.series(9)(last).decode() == tokens.view.make(9, last)
        assert tokens.click.series(300, 0)(last).decode() == tokens.click.make(300, 0, last)
    settings.TOKEN_KEYS = ("another" * 7,)
    assert tokens.view.series(9, key="own" * 14)(1) == tokens.view.maker("own" * 14)(9, 1)
    with pytest.raises(ValueError, match="carries 3 numbers"):
        tokens.click.series(300)
