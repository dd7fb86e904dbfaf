"""What a member may do: one function, asked by every edge."""

from typing import Literal

from django.contrib.auth.models import AnonymousUser

from briefs.models import Membership, Publication, User

Verb = Literal["write", "edit", "approve", "publish", "override", "manage"]

_VERBS: dict[str, frozenset[str]] = {
    Membership.Role.WRITER: frozenset({"write"}),
    Membership.Role.EDITOR: frozenset({"write", "edit", "approve"}),
    Membership.Role.PUBLISHER: frozenset({"write", "edit", "approve", "publish", "override"}),
    Membership.Role.OWNER: frozenset({"write", "edit", "approve", "publish", "override", "manage"}),
}


def can(user: User | AnonymousUser, verb: Verb, publication: Publication) -> bool:
    """Tell whether *user* may *verb* for *publication*.

    write: draft briefs and hand them in; edit: change anybody's; approve: let
    somebody else's go out; publish: send, pause, add readers; override: let one
    go out that nobody else has approved; manage: the publication itself and
    its members.
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
