"""What other programs may do, and what was answered to them."""

from api.models.hooks import HookAttempt, HookCursor, HookEndpoint, HookMessage
from api.models.keys import ApiKey, StoredAnswer

__all__ = [
    "ApiKey",
    "HookAttempt",
    "HookCursor",
    "HookEndpoint",
    "HookMessage",
    "StoredAnswer",
]
