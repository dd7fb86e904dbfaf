"""What a member may do: one function, asked by every edge."""

from typing import Literal

from django.contrib.auth.models import AnonymousUser

from briefs.models import Membership, Publication, User

Verb = Literal["write", "edit", "publish", "manage"]

_VERBS: dict[str, frozenset[str]] = {
    Membership.Role.WRITER: frozenset({"write"}),
    Membership.Role.EDITOR: frozenset({"write", "edit"}),
    Membership.Role.PUBLISHER: frozenset({"write", "edit", "publish"}),
    Membership.Role.OWNER: frozenset({"write", "edit", "publish", "manage"}),
}


def can(user: User | AnonymousUser, verb: Verb, publication: Publication) -> bool:
    """Tell whether *user* may *verb* for *publication*.

    write: draft briefs; edit: change anybody's; publish: send, pause, add
    readers; manage: the publication itself and its members.
    """
    return publication.pk in publication_ids(user, verb)


def publication_ids(user: User | AnonymousUser, verb: Verb) -> frozenset[int]:
    """Return the ids of the publications for which *user* may *verb*."""
    if not isinstance(user, User) or not (user.is_active and user.is_staff):
        return frozenset()
    if user.is_superuser:
        return frozenset(Publication.objects.values_list("pk", flat=True))
    roles = [role for role, verbs in _VERBS.items() if verb in verbs]
    return frozenset(
        Membership.objects.filter(user=user, role__in=roles).values_list(
            "publication_id", flat=True
        )
    )
