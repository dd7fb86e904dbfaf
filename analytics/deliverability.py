"""What the health page shows: what keeps mail from arriving, and what to do about it."""

from typing import Any, NamedTuple

from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from analytics import domains, health, houses, sender_records, watch
from analytics.health import Sign
from analytics.houses import Rate
from analytics.models import DomainCheck
from briefs.models import Publication
from deliveries import domains as resting
from deliveries import lanes, pruning
from deliveries.models import Edition
from deliveries.preflight import records

MOST_HOUSES = 30
MOST_RESTING = 10
_ORDER = {"danger": 0, "warning": 1}


class Task(NamedTuple):
    """One thing to put right, the worst first."""

    tone: str
    about: str
    words: str


class Sender(NamedTuple):
    """A sender's domain: whose it is, and what it publishes."""

    domain: str
    publications: list[str]
    check: DomainCheck | None
    findings: list[sender_records.Finding]
    is_asked: bool

    @property
    def tone(self) -> str:
        """The tone of the worst finding."""
        tones = {one.tone for one in self.findings}
        return next((tone for tone in ("danger", "warning") if tone in tones), "success")


class House(NamedTuple):
    """A receiving house over a week."""

    rate: Rate
    name: str
    tone: str
    meaning: str
    is_told: bool  # its editors have been told

    @property
    def arrived(self) -> float:
        """Percent that came through, for a bar."""
        return max(0.0, 100 - self.rate.bounces)


def page(publications: frozenset[int]) -> dict[str, Any]:
    """Return what the page shows to who publishes *publications*; nothing is asked outside."""
    troubles = watch.open_troubles(publications)
    senders = _senders(publications)
    arriving = _houses(publications, {(one.kind, one.about) for one in troubles})
    signs = health.signs(publications, with_domains=False)
    tasks = [*_of_signs(signs), *_of_senders(senders), *_of_houses(arriving)]
    tasks.sort(key=lambda task: _ORDER[task.tone])
    return {
        "tasks": tasks,
        "tone": tasks[0].tone if tasks else "success",
        "senders": senders,
        "houses": arriving,
        "days": houses.DAYS,
        "limits": {
            "bounces": houses.MOST_BOUNCES,
            "aim": houses.AIM_OF_COMPLAINTS,
            "complaints": houses.MOST_COMPLAINTS,
        },
        "signs": signs,
        "resting": _resting(),
        "doubtful": _doubtful(publications),
    }


def _senders(publications: frozenset[int]) -> list[Sender]:
    whose: dict[str, list[str]] = {}
    rows = Publication.objects.filter(pk__in=publications).exclude(sender_address="")
    for address, name in rows.order_by("pk").values_list("sender_address", "name"):
        whose.setdefault(address.rpartition("@")[2].lower(), []).append(name)
    checks = {row.domain: row for row in DomainCheck.objects.filter(domain__in=list(whose))}
    return [
        Sender(
            domain,
            names,
            check := checks.get(domain),
            sender_records.findings(domain, check.found) if check else [],
            records.is_asked(domain),
        )
        for domain, names in whose.items()
    ]


def _houses(publications: frozenset[int], troubles: set[tuple[str, str]]) -> list[House]:
    found = []
    for rate in houses.week(publications)[:MOST_HOUSES]:
        kinds = {kind for kind, about in troubles if about == rate.house}
        name = _("all others") if rate.house == domains.OTHERS else rate.house
        tone = _tone(rate, kinds)
        found.append(House(rate, name, tone, houses.meaning(rate), bool(kinds)))
    return found


def _tone(rate: Rate, kinds: set[str]) -> str:
    if kinds & {"refuses", "complaints"}:
        return "danger"
    if kinds or houses.meaning(rate):
        return "warning"
    return "success" if rate.letters else "neutral"


def _of_signs(signs: list[Sign]) -> list[Task]:
    return [
        Task(sign.tone, f"{sign.name}: {sign.state}", sign.cure)
        for sign in signs
        if sign.tone in _ORDER
    ]


def _of_senders(senders: list[Sender]) -> list[Task]:
    return [
        Task(one.tone, f"{sender.domain} · {one.name}: {one.state}", one.words)
        for sender in senders
        for one in sender.findings
        if one.is_wrong
    ]


def _of_houses(arriving: list[House]) -> list[Task]:
    return [
        Task(house.tone, f"{house.name}: {_figure(house.rate)}", house.meaning)
        for house in arriving
        if house.tone in _ORDER and house.meaning
    ]


def _figure(rate: Rate) -> str:
    """Return the one number of *rate* that is bad."""
    if rate.bounces > houses.MOST_BOUNCES and rate.letters >= houses.LEAST_REFUSED:
        return _("%(share)s %% came back") % {"share": f"{rate.bounces:.1f}"}
    return _("%(share)s %% called it spam") % {"share": f"{rate.complaints:.2f}"}


def _resting() -> list[tuple[str, str, int]]:
    """Return (lane, domain, minutes left) of the domains that said “later”."""
    found = []
    try:
        for lane in lanes.names():
            left = resting.Domains(lane).look()
            found += [
                (lane, domain, max(1, round(seconds / 60))) for domain, seconds in left.items()
            ]
    except RedisError:
        return []
    return sorted(found)[:MOST_RESTING]


def _doubtful(publications: frozenset[int]) -> list[Edition]:
    return pruning.waiting_for_a_word(publications)
