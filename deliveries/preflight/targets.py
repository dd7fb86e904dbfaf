"""What the servers say that a brief's links and images are kept by."""

import hashlib
from enum import StrEnum
from typing import NamedTuple

from deliveries import outside
from deliveries.preflight.lookups import Known

GOOD_SECONDS = 3600
BAD_SECONDS = 600


class State(StrEnum):
    """What came of asking for an address."""

    THERE = "there"
    GONE = "gone"  # nobody will get it
    REFUSED = "refused"  # not one to ask for from here: it leads inside
    DOUBTFUL = "doubtful"  # a reader may fare better than we did
    NO_IMAGE = "no image"


class Verdict(NamedTuple):
    """What came of asking, in words."""

    state: State
    words: str = ""


def key_of(url: str, *, image: bool = False) -> str:
    """Return under which key it is remembered what came of asking for *url*."""
    kind = "image" if image else "link"
    return f"target:{kind}:{hashlib.sha256(url.encode()).hexdigest()[:32]}"


def ask(url: str, *, image: bool = False) -> Known:
    """Ask for *url*; return the verdict, which is good for an hour or for ten minutes."""
    verdict = _verdict(url, image=image)
    return Known(verdict, GOOD_SECONDS if verdict.state is State.THERE else BAD_SECONDS)


def _verdict(url: str, *, image: bool) -> Verdict:
    try:
        answer = outside.ask(url)
    except outside.Refused as error:
        return Verdict(State.REFUSED, str(error))
    except outside.Gone as error:
        return Verdict(State.GONE, str(error))
    except outside.Unanswered as error:
        return Verdict(State.DOUBTFUL, str(error))
    if answer.status in (404, 410):
        return Verdict(State.GONE, f"The server says {answer.status}: there is no such page.")
    if not 200 <= answer.status < 300:
        # 403 and 429 are what programs get where a person gets the page.
        return Verdict(State.DOUBTFUL, f"The server says {answer.status}.")
    if image and not answer.kind.startswith("image/"):
        return Verdict(State.NO_IMAGE, f"The server sends {answer.kind}.")
    return Verdict(State.THERE)
