"""The audience: the one rule by which a reader gets an edition.

What is counted on a screen and what is frozen into the ledger come from the
same queryset.
"""

from collections.abc import Collection, Sequence

from django.db.models import Case, Count, Exists, Max, OuterRef, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce

from briefs.models import Brief, Publication
from deliveries import segments
from deliveries.models import Delivery, Edition
from subscribers.groups import belongs
from subscribers.models import Subscription


def readers(
    publication: Publication | int,
    topics: Collection[int] = (),
    rules: Sequence[segments.Rule] = (),
    rhythm: str = Subscription.Rhythm.EACH,
    groups: Collection[int] | None = None,
) -> QuerySet[Subscription]:
    """Return the subscriptions that get a mail about *topics*, narrowed by *rules*.

    A brief without topics is for all, and a reader who has chosen none gets
    all. Of what is for client *groups*, their members alone get it. Raise
    segments.UnknownRule for a rule that cannot be read.
    """
    found = Subscription.objects.filter(
        publication=publication, status=Subscription.Status.ACTIVE, rhythm=rhythm
    )
    if topics:
        found = found.alias(shares=Coalesce(_shares(topics), 1)).filter(shares=1)
    found = _among(found, groups)
    narrowed = segments.condition(rules)
    return found.filter(narrowed) if narrowed else found


def _among(found: QuerySet[Subscription], groups: Collection[int] | None) -> QuerySet[Subscription]:
    return found if groups is None else found.filter(belongs(groups))


def _shares(topics: Collection[int]) -> Subquery:
    """Return whether a reader chose one of *topics*: 1 or 0, nothing where they chose none at all.

    One look at a reader's own few rows. As two EXISTS, PostgreSQL read the
    rows of all readers for each chunk of a freeze: 250 s a million.
    """
    is_one = Case(When(topic__in=sorted(topics), then=1), default=0)
    theirs = Subscription.topics.through.objects.filter(subscription=OuterRef("pk"))
    return Subquery(theirs.order_by().values("subscription").values(one=Max(is_one)))


def of_brief(brief: Brief, rules: Sequence[segments.Rule] = ()) -> QuerySet[Subscription]:
    """Return who would get *brief* if it went out now."""
    return readers(brief.publication, topics_of(brief), rules, groups=groups_of(brief))


def of_edition(edition: Edition) -> QuerySet[Subscription]:
    """Return who gets *edition* if it is frozen now, by the rules of when it was scheduled.

    Whom the brief is for counts as it is now: briefs.access asks nothing else.
    """
    groups = groups_of(edition.brief)
    if edition.kind == Edition.Kind.CORRECTION:
        return _among(of_correction(edition.publication, edition.corrects), groups)
    is_digest = edition.kind == Edition.Kind.DIGEST
    rhythm = Subscription.Rhythm.WEEKLY if is_digest else Subscription.Rhythm.EACH
    return readers(edition.publication, edition.topics, edition.rules, rhythm, groups)


# Who has a wrong edition before them. Who complained has it too, and wants no more mail.
GOT = (Delivery.Status.SENT, Delivery.Status.DELIVERED)


def of_correction(
    publication: Publication | int, corrects: Collection[int]
) -> QuerySet[Subscription]:
    """Return who is told that the editions *corrects* were wrong: who got one, by the ledger.

    Once each, whatever topics or rhythm they have chosen since; not who has
    left or paused, and not who complained about one of these editions. In
    doubt is not got: a correction of what somebody never read is one mail too many.
    """
    found = Subscription.objects.filter(publication=publication, status=Subscription.Status.ACTIVE)
    if not corrects:
        return found.none()
    return found.alias(
        got=Coalesce(_one_of(corrects, GOT), 0),
        complained=Coalesce(_one_of(corrects, [Delivery.Status.COMPLAINED]), 0),
    ).filter(got=1, complained=0)


def late(edition: Edition) -> QuerySet[Subscription]:
    """Return who turned out to have a wrong text after the correction *edition* was frozen.

    A doubt that a late report settles, or a reader who was paused then: they
    would be in its audience today, and have no row in it. Nobody who subscribed since.
    """
    told = Delivery.objects.filter(edition=edition, subscriber=OuterRef("subscriber"))
    got = Delivery.objects.filter(edition__in=sorted(edition.corrects), status__in=GOT)
    # From the letters, which an index has: of each reader in turn the ledger would be asked thrice.
    untold = got.filter(~Exists(told), subscriber__isnull=False).order_by()
    known = of_edition(edition).filter(pk__lte=edition.freeze_max_id or 0)
    return known.filter(subscriber__in=untold.values("subscriber"))


def _one_of(editions: Collection[int], statuses: Collection[str]) -> Subquery:
    """Return 1 for a reader with such a delivery, by a look at the index for each of *editions*.

    As an EXISTS, PostgreSQL would join all deliveries of an edition for each chunk of a freeze.
    """
    theirs = Delivery.objects.filter(
        edition__in=sorted(editions), subscriber=OuterRef("subscriber"), status__in=statuses
    )
    return Subquery(theirs.order_by().values(one=Value(1))[:1])


def topics_of(brief: Brief) -> list[int]:
    """Return the ids of the topics of *brief* that its publication has."""
    if not brief.pk:
        return []
    ours = brief.topics.filter(publication=brief.publication_id)
    return sorted(ours.values_list("pk", flat=True))


def groups_of(brief: Brief) -> list[int] | None:
    """Return the client groups that *brief* is for; None where it is for all readers."""
    if brief.access != Brief.Access.GROUPS:
        return None
    return sorted(brief.groups.values_list("pk", flat=True)) if brief.pk else []


def by_zone(found: QuerySet[Subscription]) -> dict[str, int]:
    """Return how many of the readers *found* stated which zone; some state none, which is ""."""
    rows = found.order_by().values_list("subscriber__time_zone").annotate(readers=Count("pk"))
    return dict(rows)
