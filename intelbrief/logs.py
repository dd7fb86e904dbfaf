"""What the log must not keep: readers' addresses, and the tokens that act for them."""

import logging
import re
import sys
from typing import Any

# A token has at least 11 bytes, which are 15 characters of base64url; what is
# shorter opens nothing. Django warns of a path, a traceback may quote an address.
TOKEN = re.compile(
    r"(/(?:u|v|c|o|s/(?:confirm|prefs|own|undo|address|read|invitation|feed))/)[\w%=-]{15,}"
)


# A server quotes the address it refuses, an error the row it could not store.
ADDRESS = re.compile(r"[^\s<>\"'(,;:=@]+@(?:[\w-]+\.)+[\w-]+")


def masked(text: str) -> str:
    """Return *text* without the tokens and addresses in it."""
    return ADDRESS.sub("•••@•••", TOKEN.sub(r"\1•••", text))


class MaskingFormatter(logging.Formatter):
    """Writes a record, with its traceback, without the tokens and addresses in it."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of *record*; the record itself stays as it is."""
        return masked(super().format(record))


def logging_of(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: one line a record to stderr, from *level* on, tokens masked."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": "intelbrief.logs.MaskingFormatter",
                "format": "%(levelname)s %(name)s %(message)s",
            }
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": sys.stderr,
                "formatter": "line",
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django's own handlers would write beside ours, and what ours leaves out.
            "django": {"handlers": [], "level": "NOTSET"},
            "django.server": {"handlers": [], "level": "NOTSET", "propagate": True},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            # It warns of each message that it gives back when a worker ends.
            "kombu.transport.virtual.base": {"level": "ERROR"},
            "amqp": {"level": "WARNING"},
        },
    }
