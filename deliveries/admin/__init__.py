"""The desk's pages of the send: send screen, editions with their live page, the ledger."""

from deliveries.admin import editions, ledger, segments  # noqa: F401  (they register themselves)
