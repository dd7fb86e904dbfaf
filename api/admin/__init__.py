"""The desk of keys and outgoing webhooks."""

from api.admin import hook_log, hooks, keys

__all__ = ["hook_log", "hooks", "keys"]
