"""Which hits are people's: judged together, once all that came with them is known.

docs/verdicts.md states each rule with its source.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from deliveries.tracking import agents, bursts
from deliveries.tracking.bursts import Case, Click
from deliveries.tracking.hits import CANARY, HEAD, PIXEL, Hit

# A hit is judged by what came this long before and after it, so it is counted once it is older.
WINDOW_SECONDS = 10
# How long a visitor that followed the canary is remembered.
MARKED_SECONDS = 300
# Nobody reads and clicks within so little of the moment that a provider took the mail.
SOONEST = 1_500  # ms
# What happens so close together has to do with one another.
COMPANY = 3_000  # ms


# Links of a mail whose number is unknown.
MOST = 10
# So many visitors that took some links in no time are no machines, but people held up.
BUNCH = 5


class Verdict(NamedTuple):
    """Whether a hit is a machine's, and by which rule; the rule of a person's is ""."""

    is_machine: bool
    rule: str = ""


class Rule(NamedTuple):
    """What a kind of deliveries.tracking.agents means: the rule's name, "" for a person's hit."""

    click: str
    open: str


PERSON = Verdict(is_machine=False)
# A kind that stands nowhere here is a machine's, by a rule of its own name.
RULES = {
    "": Rule("", ""),
    # Apple's, though it may come by way of the relay that people come by too.
    "apple-relay": Rule("", "apple-privacy"),
    # A mail provider's network: it shows images to those who read, and it looks at links.
    "provider": Rule("provider", "image-proxy"),
    # Gateways run in these clouds, and the image proxy of Outlook does.
    "hosted": Rule("hosted", "image-proxy"),
    # VPNs and desks in the cloud: a machine's only in company.
    "rented": Rule("", ""),
    # Nothing tells this visitor from another: the web server's own address, or none.
    agents.NOWHERE: Rule("", ""),
    # Office looks at a link before it hands it to the browser; Outlook shows mails with it.
    "office": Rule("office", ""),
    # Programs that show mail name themselves as they like; browsers do not.
    "app": Rule("program", ""),
    # Outlook shows mails as a browser of long ago; nobody follows links with one.
    "old": Rule("old-browser", ""),
}


def judge(
    hits: Sequence[Hit],
    *,
    links: Mapping[int, int] | None = None,
    sent: Mapping[int, int] | None = None,
    marked: Collection[str] = (),
) -> list[Verdict]:
    """Return one verdict for each of *hits*, in their order; their order changes none.

    *hits* are those to be counted, and all within WINDOW_SECONDS before and
    after them that the stream still has: judge again what was judged
    before, and count only what is older than the window.
    *links* is how many links each edition has, *sent* when each delivery was
    sent (milliseconds), *marked* what marks() returned within MARKED_SECONDS;
    without them the verdicts are good, with them better.
    """
    found = [_alone(hit, sent or {}) for hit in hits]
    _follow_canary(hits, found, marked, links or {})
    _follow_head(hits, found)
    by_visitor = _by_visitor(hits)
    is_bunched = _is_bunched(by_visitor, found, links or {})
    _mark_bursts(by_visitor, found, links or {}, is_bunched=is_bunched)
    _mark_opens(hits, found)
    if not is_bunched:
        _mark_company(hits, found)
    return found


def marks(hits: Sequence[Hit], verdicts: Sequence[Verdict]) -> set[str]:
    """Return what to remember for MARKED_SECONDS: who followed the canary."""
    return {
        _mark(hit)
        for hit in hits
        if hit.position == CANARY and (hit.delivery or hit.kind != agents.NOWHERE)
    }


def _mark(hit: Hit) -> str:
    """Return what stands for the visitor, with this mail if it is known."""
    return f"{hit.visitor}/{hit.delivery}" if hit.delivery else hit.visitor


def _alone(hit: Hit, sent: Mapping[int, int]) -> Verdict:
    """Return what one hit says by itself."""
    if hit.position == CANARY:
        return Verdict(True, "canary")
    if hit.method == HEAD:
        return Verdict(True, "head")
    rule = RULES.get(hit.kind)
    name = hit.kind if rule is None else rule.open if hit.position == PIXEL else rule.click
    if not name and hit.delivery in sent and hit.at < sent[hit.delivery] + SOONEST:
        name = "too-soon"
    return Verdict(True, name) if name else PERSON


# --- with what the same visitor did -------------------------------------------


def _follow_canary(
    hits: Sequence[Hit],
    found: list[Verdict],
    marked: Collection[str],
    links: Mapping[int, int],
) -> None:
    """Mark all that is done by who followed the canary."""
    canaries: dict[str, list[int]] = defaultdict(list)
    for hit in hits:
        if hit.position == CANARY:
            canaries[_mark(hit)].append(hit.at)
    if not canaries and not marked:
        return
    for moments in canaries.values():
        moments.sort()
    clicks = Counter(_mark(hit) for hit in hits if hit.position >= 0)
    for index, hit in enumerate(hits):
        who = _mark(hit)
        if who not in canaries and who not in marked:
            continue
        # Who shares address and browser with a gateway clicks more often than that explains.
        explained = 3 * (links.get(hit.edition) or MOST) * max(1, len(canaries.get(who, ())))
        if (hit.delivery or clicks[who] <= explained) and (
            who in marked or _is_near(hit.at, canaries[who])
        ):
            _set(found, index, "canary")


def _follow_head(hits: Sequence[Hit], found: list[Verdict]) -> None:
    """Mark what the same visitor asks for with HEAD and then with GET, as browsers never do."""
    heads: dict[tuple[str, int, int], list[int]] = defaultdict(list)
    for hit in hits:
        if hit.method == HEAD:
            heads[_mark(hit), hit.edition, hit.position].append(hit.at)
    if not heads:
        return
    for moments in heads.values():
        moments.sort()
    gets = Counter((_mark(hit), hit.edition, hit.position) for hit in hits if hit.method != HEAD)
    for index, hit in enumerate(hits):
        what = (_mark(hit), hit.edition, hit.position)
        moments = heads.get(what, [])
        if gets[what] <= 2 * len(moments) and _is_near(hit.at, moments):
            _set(found, index, "head")


def _is_near(at: int, moments: Sequence[int], reach: int = WINDOW_SECONDS * 1_000) -> bool:
    """Tell whether one of *moments*, which are sorted, is within *reach* (ms) of *at*."""
    if not moments:
        return False
    place = bisect_left(moments, at - reach)
    return place < len(moments) and moments[place] <= at + reach


def _is_repeated(clicks: Sequence[Click]) -> bool:
    return len(clicks) > 2 * len({click.position for click in clicks}) + 2


class _Place(NamedTuple):
    """Where clicks are looked at together."""

    edition: int
    delivery: int
    visitor: str
    is_nowhere: bool


def _by_visitor(hits: Sequence[Hit]) -> dict[_Place, list[Click]]:
    """Return the clicks of each visitor on each edition or mail, by time."""
    visitors: dict[_Place, list[Click]] = defaultdict(list)
    for index, hit in enumerate(hits):
        if hit.position >= 0:
            place = _Place(hit.edition, hit.delivery, hit.visitor, hit.kind == agents.NOWHERE)
            visitors[place].append(Click(hit.at, hit.position, index))
    for clicks in visitors.values():
        clicks.sort()
    return visitors


def _is_bunched(
    visitors: Mapping[_Place, Sequence[Click]], found: Sequence[Verdict], links: Mapping[int, int]
) -> bool:
    """Tell whether hits seem to have waited somewhere, and then came all at once.

    A web server that was held up lets everybody who clicked meanwhile click at
    one moment. Gateways in a hurry take all the links, people some of them;
    who is known for a machine says nothing here.
    """
    hasty = [
        bursts.is_hasty(clicks, links.get(place.edition, 0))
        for place, clicks in visitors.items()
        if len(clicks) > 1 and not found[clicks[0].place].is_machine
    ]
    return hasty.count(True) >= max(BUNCH, hasty.count(False))


def _mark_bursts(
    visitors: Mapping[_Place, Sequence[Click]],
    found: list[Verdict],
    links: Mapping[int, int],
    *,
    is_bunched: bool,
) -> None:
    """Mark what came too fast: first one visitor's clicks, then those on one mail."""
    mails: dict[tuple[int, int], list[Click]] = defaultdict(list)
    for place, clicks in visitors.items():
        is_nobody = place.is_nowhere and not place.delivery
        case = Case(
            links.get(place.edition, 0),
            is_shared=not place.delivery,
            is_crowd=is_nobody and _is_repeated(clicks),
            is_bunched=is_bunched or is_nobody,
        )
        if len(clicks) > 1:
            for index in bursts.found(clicks, case):
                _set(found, index, "burst")
        if place.delivery:
            left = [click for click in clicks if not found[click.place].is_machine]
            mails[place.edition, place.delivery].extend(left)
    # A gateway may fetch each link from another address; one mail is one person's.
    for (edition, _delivery), clicks in mails.items():
        if len(clicks) > 2:
            clicks.sort()
            for index in bursts.found(clicks, Case(links.get(edition, 0), is_bunched=is_bunched)):
                _set(found, index, "burst")


def _mark_opens(hits: Sequence[Hit], found: list[Verdict]) -> None:
    """Mark opens by who clicked in a burst at that moment."""
    busy: dict[str, list[int]] = defaultdict(list)
    for hit, verdict in zip(hits, found, strict=True):
        if verdict.rule == "burst":
            busy[_mark(hit)].append(hit.at)
    for moments in busy.values():
        moments.sort()
    for index, hit in enumerate(hits):
        if hit.position == PIXEL and _is_near(hit.at, busy.get(_mark(hit), ()), COMPANY):
            _set(found, index, "burst")


def _mark_company(hits: Sequence[Hit], found: list[Verdict]) -> None:
    """Mark clicks from rented machines that come with others on the same mail."""
    rented = [
        index
        for index, hit in enumerate(hits)
        if hit.kind == "rented" and hit.position >= 0 and hit.delivery
    ]
    if not rented:
        return
    around: dict[int, list[Hit]] = defaultdict(list)
    for hit in hits:
        if hit.position >= 0 and hit.delivery:
            around[hit.delivery].append(hit)
    for index in rented:
        hit = hits[index]
        if any(_is_company(hit, other) for other in around[hit.delivery]):
            _set(found, index, "rented")


def _is_company(hit: Hit, other: Hit) -> bool:
    if hit.visitor != other.visitor:
        return abs(hit.at - other.at) <= COMPANY
    return hit.position != other.position and abs(hit.at - other.at) <= bursts.HASTE


def _set(found: list[Verdict], index: int, rule: str) -> None:
    if not found[index].is_machine:
        found[index] = Verdict(True, rule)
