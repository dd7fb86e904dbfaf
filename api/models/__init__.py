"""What other programs may do, and what was answered to them."""

from api.models.keys import ApiKey, StoredAnswer

__all__ = ["ApiKey", "StoredAnswer"]
