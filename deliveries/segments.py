"""Segments: what a rule on readers may be, and the condition that it makes."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

from django.db.models import OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.db.models.lookups import Exact
from django.utils import timezone

from briefs.models import Topic
from deliveries.models import Delivery, Edition, Segment
from subscribers.models import Subscription

Rule = dict[str, Any]

# Those that got it, as far as we know.
_GOT = (Delivery.Status.SENT, Delivery.Status.DELIVERED, Delivery.Status.COMPLAINED)


class UnknownRule(ValueError):
    """A rule cannot be read. A rule that is left out would widen the audience: nobody gets it."""


def condition(rules: Sequence[Rule]) -> Q:
    """Return the condition that a Subscription meets if all *rules* hold for its reader.

    Raise UnknownRule for one that is not understood.
    """
    whole = Q()
    if not isinstance(rules, list | tuple):
        raise UnknownRule(f"The rules of a segment are a list, not {rules!r}.")
    for rule in rules:
        whole &= _one(rule)
    return whole


def _one(rule: Any) -> Q:
    fact = rule.get("fact") if isinstance(rule, dict) else None
    make = _FACTS.get(fact) if isinstance(fact, str) else None
    if make is None:
        known = ", ".join(_FACTS)
        raise UnknownRule(f"The rule {rule!r} is about none of: {known}. Correct the segment.")
    return make(rule)


def _value(rule: Rule) -> str:
    value = rule.get("value")
    if not isinstance(value, str) or not value.strip():
        raise UnknownRule(f"The rule {rule!r} has no value. Correct the segment.")
    return value.strip()


def _negated(rule: Rule, yes: str, no: str) -> bool:
    """Tell which of two words stands in *rule*; raise UnknownRule for any other."""
    if rule.get("is") not in (yes, no):
        raise UnknownRule(f"The rule {rule!r} says neither “{yes}” nor “{no}”. Correct it.")
    return bool(rule["is"] == no)


def _attribute(rule: Rule) -> Q:
    key = rule.get("key")
    if not isinstance(key, str) or not key.strip():
        raise UnknownRule(f"The rule {rule!r} names no attribute. Correct the segment.")
    # As the path of a lookup, "__" in a key would be one of Django's own.
    path = f"subscriber__attributes__{key.strip()}"
    if "__" in key or not key.strip().replace("_", "a").replace("-", "a").isalnum():
        raise UnknownRule(f"“{key}” cannot be the name of an attribute; use letters and digits.")
    verb = rule.get("is")
    if verb == "exists":
        return Q(subscriber__attributes__has_key=key.strip())
    if _is_index(key):
        raise UnknownRule(f"“{key}” is a number, and would be looked up in lists. Rename it.")
    if verb == "equal":
        # Said in full: alone, a key like "gte" or "regex" is a lookup, which everyone may meet.
        return Q(**{f"{path}__exact": _value(rule)})
    if verb == "contains":
        return Q(**{f"{path}__icontains": _value(rule)})
    raise UnknownRule(f"The rule {rule!r} compares in no known way. Correct the segment.")


def _is_index(key: str) -> bool:
    """Tell whether the path of a lookup takes *key* for a place in a list."""
    try:
        int(key)
    except ValueError:
        return False
    return True


def _language(rule: Rule) -> Q:
    found = Q(subscriber__language=_value(rule))
    return ~found if _negated(rule, "equal", "not-equal") else found


def _joined(rule: Rule) -> Q:
    try:
        day = dt.date.fromisoformat(_value(rule))
    except ValueError as error:
        raise UnknownRule(f"The rule {rule!r} has no date like 2026-11-24. Correct it.") from error
    begins = dt.datetime.combine(day, dt.time(), timezone.get_default_timezone())
    if _negated(rule, "before", "after"):
        return Q(confirmed_at__gte=begins + dt.timedelta(days=1))
    return Q(confirmed_at__lt=begins)


def _domain(rule: Rule) -> Q:
    found = Q(subscriber__domain=_value(rule).lower().lstrip("@"))
    return ~found if _negated(rule, "equal", "not-equal") else found


def _number(rule: Rule) -> int:
    try:
        return int(_value(rule))
    except ValueError as error:
        raise UnknownRule(f"The rule {rule!r} has no number. Correct the segment.") from error


def _has(rows: QuerySet[Any]) -> Q:
    """Return whether a reader has one of *rows*, by one look at an index.

    As an EXISTS, PostgreSQL may join the rows of all readers for each chunk of a freeze.
    """
    one = Subquery(rows.order_by().values(one=Value(1))[:1])
    return Q(Exact(Coalesce(one, 0), 1))


def _topic(rule: Rule) -> Q:
    chosen = Subscription.topics.through.objects.filter(
        subscription=OuterRef("pk"), topic=_number(rule)
    )
    found = _has(chosen)
    return ~found if _negated(rule, "chosen", "not-chosen") else found


def _edition(rule: Rule) -> Q:
    got = Delivery.objects.filter(
        edition=_number(rule), subscriber=OuterRef("subscriber"), status__in=_GOT
    )
    found = _has(got)
    return ~found if _negated(rule, "got", "not-got") else found


_FACTS: dict[str, Callable[[Rule], Q]] = {
    "attribute": _attribute,
    "language": _language,
    "joined": _joined,
    "domain": _domain,
    "topic": _topic,
    "edition": _edition,
}
FACTS = tuple(_FACTS)


def rules_of(segment: Segment) -> list[Rule]:
    """Return the rules of *segment*; raise UnknownRule if it has none, or one that is not read."""
    rules = checked(segment.rules)
    if not rules:
        raise UnknownRule(f"The segment “{segment}” has no rule: that would be everyone. Add one.")
    require_there(rules, segment.publication_id)
    return rules


def require_there(rules: Sequence[Rule], publication: int) -> None:
    """Raise UnknownRule if one of *rules* names a topic or an edition that *publication* lacks.

    Nobody has chosen a topic that was deleted: not to have chosen it would be everyone.
    """
    kinds: dict[str, type[Topic] | type[Edition]] = {"topic": Topic, "edition": Edition}
    for rule in rules:
        kind = kinds.get(rule["fact"])
        if kind is None:
            continue
        found = kind._default_manager.filter(pk=_number(rule), publication=publication).first()
        if isinstance(found, Edition) and found.is_pruned:
            # “Has not got it” would be everyone.
            raise UnknownRule(
                f"The segment asks who got “{found.brief}”, which was sent too long ago: its "
                "readers are not known one by one any more. Correct the segment."
            )
        if found is None:
            raise UnknownRule(
                f"The segment asks about {rule['fact']} {rule['value']}, which there is not (any "
                "more). Correct the segment."
            )


def checked(rules: Sequence[Rule]) -> list[Rule]:
    """Return *rules* as they are stored; raise UnknownRule if one of them cannot be read."""
    condition(rules)
    return list(rules)
