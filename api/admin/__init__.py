"""The desk of keys and outgoing webhooks."""

from api.admin import hook_log, hooks

__all__ = ["hook_log", "hooks"]
