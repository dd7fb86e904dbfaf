"""Topics that a file names: matched by name, made where they are missing."""

from collections.abc import Iterable, Sequence

from django.utils.text import slugify

from briefs.models import Publication, Topic
from subscribers.importing.deciding import Known
from subscribers.models import Subscription

MOST_NEW_TOPICS = 200
_Link = Subscription.topics.through


def link(joining: Sequence[Known], publication: Publication, *, to_the_letter: bool) -> None:
    """Give those who join the topics of their rows."""
    names = {name for one in joining for name in one.topics}
    if not names:
        return
    ids = _topic_ids(names, publication, to_the_letter)
    _Link.objects.bulk_create(
        (
            _Link(subscription_id=one.subscription_id, topic_id=topic)
            for one in joining
            for topic in dict.fromkeys(ids[name] for name in one.topics if name in ids)
        ),
        batch_size=400,
    )


def _topic_ids(
    names: Iterable[str], publication: Publication, to_the_letter: bool
) -> dict[str, int]:
    """Return {name: id}; what there is not yet is made, up to a number that people oversee."""
    exact: dict[str, int] = {}
    folded: dict[str, int] = {}
    slugs: set[str] = set()
    for pk, name, slug in publication.topics.order_by("-pk").values_list("pk", "name", "slug"):
        exact[name] = pk
        folded[name.casefold()] = folded[slug] = pk
        slugs.add(slug)
    found: dict[str, int] = {}
    for name in sorted(names):
        topic = exact.get(name) or (None if to_the_letter else folded.get(name.casefold()))
        if topic is None:
            if len(slugs) >= MOST_NEW_TOPICS:
                continue
            slug = _free_slug(name, slugs)
            slugs.add(slug)
            topic = Topic.objects.create(publication=publication, name=name, slug=slug).pk
            exact[name] = folded[name.casefold()] = topic
        found[name] = topic
    return found


def _free_slug(name: str, taken: set[str]) -> str:
    base = slugify(name)[:70] or "topic"
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug
