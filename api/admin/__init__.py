"""The desk of keys and outgoing webhooks."""
