"""Who agreed to what, and the evidence of it."""

from subscribers.models.evidence import ConsentRecord, ConsentWording
from subscribers.models.groups import FeedToken, GroupMember
from subscribers.models.import_runs import ImportRun
from subscribers.models.notices import Notice
from subscribers.models.readers import Subscriber, Subscription
from subscribers.models.sign_ups import Defence, SignUp
from subscribers.models.suppressions import Suppression, SuppressionRelease

__all__ = [
    "ConsentRecord",
    "ConsentWording",
    "Defence",
    "FeedToken",
    "GroupMember",
    "ImportRun",
    "Notice",
    "SignUp",
    "Subscriber",
    "Subscription",
    "Suppression",
    "SuppressionRelease",
]
