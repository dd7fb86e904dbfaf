"""Words as they are compared: without case, accents and ligatures."""

import re
import unicodedata

WORD = re.compile(r"[^\W_]+")
# What Unicode takes for letters of their own, and a reader may type otherwise.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
)
_PAIRS = (("ae", "a"), ("oe", "o"), ("ue", "u"))


def fold(text: str) -> str:
    """Return *text* in lower case without accents: “Häfen” is hafen, “Straße” is strasse."""
    if text.isascii():
        return text.lower()  # most words, and thousands of them to a page of results
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).translate(_LETTERS)


def variants(word: str) -> tuple[str, ...]:
    """Return how *word*, as it was typed, may stand in a text: haefen for Häfen, too.

    FTS5 takes off accents by itself, but leaves an ß.
    """
    folded = fold(word)
    found = [folded]
    for pair, letter in _PAIRS:
        if pair in folded:
            found.append(folded.replace(pair, letter))
    found += [one.replace("ss", "ß") for one in found if "ss" in one]
    return tuple(dict.fromkeys(found))
