"""Rules on what an inbox shows before a mail is opened."""

import re
from collections.abc import Iterator

from briefs.preflight.reading import TEXT, Reading, the
from briefs.preflight.registry import Trouble

SUBJECT_MOST = 200
# No width, no break, no meaning but for machines. Joiners and marks of direction are left out:
# Persian, Indic scripts and emoji are written with them.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u115f\u180e\u200b\u2060-\u2064\u3164\ufeff\U000e0000-\U000e007f]"
)
# A flag of England is made of tags.
_TAGGED_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007f]+")
_SHOUTS = re.compile(r"[!?]{2,}|[$€£]{2,}|!.*!")


@TEXT.error("subject-too-long")
def subject_too_long(text: Reading) -> Iterator[Trouble]:
    """Find a subject of more than 200 characters: it would be cut, and inboxes show about 60."""
    if len(text.subject) > SUBJECT_MOST:
        yield Trouble(
            "headline",
            f"Series and headline have {len(text.subject)} characters together; shorten them to "
            f"{SUBJECT_MOST}. Inboxes show about 60.",
        )


@TEXT.warning("subject-invisible")
def subject_invisible(text: Reading) -> Iterator[Trouble]:
    """Find characters without width in series, headline or preheader: they came along with a
    paste, and filters take them for somebody who hides words.
    """
    for where, words in text.lines.items():
        if found := _INVISIBLE.search(_TAGGED_FLAG.sub("", words)):
            yield Trouble(
                where,
                f"There is something invisible in {the(where)} (U+{ord(found[0]):04X}), "
                "which filters take for a trick. Type the words anew instead of pasting them.",
            )


@TEXT.warning("subject-shouts")
def subject_shouts(text: Reading) -> Iterator[Trouble]:
    """Find a headline in capitals or with marks in a row, as “!!” or “$$”: filters and readers
    take it for advertising.
    """
    headline = text.lines["headline"]
    letters = [letter for letter in headline if letter.isalpha()]
    # Three words: one may be an abbreviation, and two a name.
    capitals = len(letters) >= 12 and len(headline.split()) >= 3 and headline.isupper()
    if capitals:
        yield Trouble(
            "headline", "The headline is all in capitals, as advertising is. Write it as usual."
        )
    elif found := _SHOUTS.search(headline):
        marks = found[0] if len(found[0]) <= 4 else "!"
        yield Trouble(
            "headline",
            f"The headline shouts (“{marks}”), as advertising does. One mark is enough.",
        )
