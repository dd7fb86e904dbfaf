"""Outgoing webhooks: what happened, told to other programs, at least once and signed."""
