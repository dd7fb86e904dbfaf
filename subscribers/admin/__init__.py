"""The desk's pages on readers: who they are, what they agreed to, who is never mailed."""

from subscribers.admin import (  # noqa: F401  (they register themselves)
    evidence,
    groups,
    imports,
    readers,
    sign_up_forms,
    subscriptions,
    suppressions,
)
