"""What is written, and who writes it."""

from briefs.models.briefs import Brief, KeyPoint, Revision
from briefs.models.people import Membership, User
from briefs.models.publications import Author, Publication, Topic

__all__ = [
    "Author",
    "Brief",
    "KeyPoint",
    "Membership",
    "Publication",
    "Revision",
    "Topic",
    "User",
]
