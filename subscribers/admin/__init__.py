"""The desk's pages on readers: who they are, what they agreed to, who is never mailed."""

from subscribers.admin import evidence, readers, suppressions  # noqa: F401  (register themselves)
