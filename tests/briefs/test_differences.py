"""Word diffs: what went, what came, and nothing that stayed."""

import random

import pytest

from briefs.differences import compare, in_words, rows, to_html, words
from briefs.differences.excerpts import plain

pytestmark = pytest.mark.sqlite_only


def removed(pieces):
    return [piece.text for piece in pieces if piece.kind == "removed"]


def added(pieces):
    return [piece.text for piece in pieces if piece.kind == "added"]


def test_a_changed_comma_is_just_that():
    pieces = words("Cranes, ships and rails.", "Cranes; ships and rails.")
    assert (removed(pieces), added(pieces)) == ([","], [";"])
    pieces = words("Cranes, ships", "Cranes ships")
    assert (removed(pieces), added(pieces)) == ([","], [])


@pytest.mark.parametrize(
    ("before", "after", "gone", "come"),
    [
        ("It cost 1,250.50 euros.", "It cost 1,260.50 euros.", ["1,250.50"], ["1,260.50"]),
        ("a **bold** word", "a bold word", ["**", "**"], []),
        (
            "at https://a.example/x?y=1.",
            "at https://a.example/z?y=1.",
            ["https://a.example/x?y=1"],
            ["https://a.example/z?y=1"],
        ),
        ("the big old crane fell", "the small new crane fell", ["big old"], ["small new"]),
        ("don't go", "do go", ["don't"], ["do"]),
        ("港口于周一开放", "港口于周二开放", ["一"], ["二"]),
        ("Die Straße", "Die Straßen", ["Straße"], ["Straßen"]),
        ("", "new", [], ["new"]),
        ("same", "same", [], []),
    ],
    ids=[
        "number",
        "marks",
        "address",
        "words",
        "apostrophe",
        "unspaced",
        "letters",
        "empty",
        "same",
    ],
)
def test_words_are_what_people_take_for_words(before, after, gone, come):
    pieces = words(before, after)
    assert (removed(pieces), added(pieces)) == (gone, come)


def test_both_texts_can_be_read_back_from_the_pieces():
    chance = random.Random(7)
    alphabet = ["a", "b", "c", " ", "\n", ",", "**", "port", "ü", "港", "\n\n"]
    for _round in range(300):
        before = "".join(chance.choices(alphabet, k=chance.randrange(40)))
        after = "".join(chance.choices(alphabet, k=chance.randrange(40)))
        pieces = words(before, after)
        assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
        assert "".join(piece.text for piece in pieces if piece.kind != "removed") == after


def test_long_texts_that_share_nothing_to_hold_on_to_count_as_replaced():
    chance = random.Random(7)
    few = ["a ", "b ", "c ", "d "]
    before, after = ("".join(chance.choices(few, k=12_000)) for _text in "xy")
    pieces = words(before, after)
    assert "".join(piece.text for piece in pieces if piece.kind != "added") == before
    assert len(pieces) < 10  # replaced as a whole: to look further would take hours


def test_a_sentence_in_a_long_body_is_found():
    before = "\n\n".join(f"Paragraph {n} tells of quay {n * 7} and its crane." for n in range(2000))
    after = before.replace("quay 7000 and", "quay 7001, and")
    (change,) = compare({"body": before}, {"body": after})
    (row,) = [row for row in change.rows if row.kind != "kept"]
    assert (removed(row.pieces), added(row.pieces)) == (["7000"], ["7001,"])


def test_key_points_are_aligned_as_rows():
    before = ["The port opens", "Two cranes arrive on Monday", "Rail is late"]
    after = ["The port opens", "A new point", "Two cranes arrive on Tuesday"]
    assert [row.kind for row in rows(before, after)] == ["kept", "added", "changed", "removed"]


def test_fields_are_named_in_words_and_only_those_that_differ():
    before = {
        "headline": "One",
        "key_points": ["a"],
        "publication": {"name": "P", "colour": "#111111"},
    }
    after = {**before, "headline": "Two", "publication": {"name": "P", "colour": "#222222"}}
    changes = compare(before, after)
    assert [change.field for change in changes] == ["headline", "publication.colour"]
    assert in_words(changes) == "Headline and Colour"
    assert compare(before, before) == []


def test_a_key_that_an_old_snapshot_lacks_is_no_change():
    old = {"headline": "One", "publication": {"name": "P"}}
    new = {
        "headline": "One",
        "publication": {"name": "P", "frame": "sheet", "header": "", "footer": ""},
    }
    assert compare(old, new) == []
    assert [
        c.field for c in compare(old, {**new, "publication": {"name": "P", "frame": "letter"}})
    ] == ["publication.frame"]


def test_a_change_of_nothing_but_space_is_still_shown():
    (change,) = compare({"body": "a\n\nb"}, {"body": "a\n\n\nb"})
    assert any(piece.kind == "added" for row in change.rows for piece in row.pieces)
    assert compare({"body": "a\r\nb"}, {"body": "a\nb"}) == []


def test_readers_see_no_mark_of_a_footnote():
    text = "It came.[^1] So: [^two]\n\n[^1]: From the *port*.\n[^two]: None."
    assert plain(text) == "It came. So: \n\nFrom the port.\nNone."
    assert len(plain("[^" * 50_000)) == 100_000, "and no such text keeps anybody waiting"


def test_html_is_escaped_and_says_aloud_what_went_and_came():
    pieces = words("<script>old</script>", "<script>new</script>")
    html = to_html(pieces)
    assert "<script>" not in html
    assert '<del><span class="ib-hidden">removed: </span>old</del>' in html
    assert '<ins><span class="ib-hidden">added: </span>new</ins>' in html
