"""What is written, and who writes it."""

from briefs.models.accounts import AccountEntry, Invitation
from briefs.models.archive import ClientGroup, Redirect, Rendition
from briefs.models.briefs import Brief, KeyPoint, Revision
from briefs.models.people import Membership, User
from briefs.models.publications import Author, Publication, Topic
from briefs.models.search import SearchText, SearchWord
from briefs.models.sign_off import Approval, AuditEntry, Comment, Correction
from briefs.models.site import SiteState
from briefs.models.writing import Draft, Image, Snippet

__all__ = [
    "AccountEntry",
    "Approval",
    "AuditEntry",
    "Author",
    "Brief",
    "ClientGroup",
    "Comment",
    "Correction",
    "Draft",
    "Image",
    "Invitation",
    "KeyPoint",
    "Membership",
    "Publication",
    "Redirect",
    "Rendition",
    "Revision",
    "SearchText",
    "SearchWord",
    "SiteState",
    "Snippet",
    "Topic",
    "User",
]
