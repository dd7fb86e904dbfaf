"""The log: one line a record to stderr, for people or as JSON, with what it is about.

What a line is about (edition, batch, lane, task, request) is bound by whoever
begins the work, by structlog's context variables, and not written by each
that logs. Whatever is written goes through the mask (intelbrief.masking).
"""

import logging
import sys
from typing import Any

import structlog
from structlog.contextvars import get_contextvars, merge_contextvars
from structlog.stdlib import ProcessorFormatter
from structlog.typing import EventDict, WrappedLogger

from intelbrief.masking import masked, masked_deeply


class MaskingFormatter(logging.Formatter):
    """Writes a record for people, with what it is about and its traceback, masked."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of *record*; the record itself stays as it is."""
        return masked(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (logging's name)
        """Return the first line of *record*: what a visitor sent cannot make it two."""
        about = " ".join(f"{name}={value}" for name, value in sorted(get_contextvars().items()))
        line = super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")
        return f"{line} [{about}]" if about else line


def _mask(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Mask each value of *line*; a processor of structlog."""
    shown: EventDict = masked_deeply(dict(line))
    return shown


# What is done to a record of the standard library, or of structlog, before it is written.
_COMPLETED: list[Any] = [
    merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class JsonFormatter(ProcessorFormatter):
    """Writes a record as one line of JSON: event, level, logger, timestamp, what it is about."""

    def __init__(self) -> None:
        super().__init__(
            foreign_pre_chain=_COMPLETED,
            processors=[
                structlog.processors.format_exc_info,
                ProcessorFormatter.remove_processors_meta,
                _mask,
                structlog.processors.JSONRenderer(),
            ],
        )


# Who has a logger of structlog writes by the same handler.
structlog.configure(
    processors=[
        structlog.stdlib.PositionalArgumentsFormatter(),
        *_COMPLETED,
        ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    wrapper_class=structlog.stdlib.BoundLogger,
    cache_logger_on_first_use=True,
)


def logging_of(level: str, kind: str = "console") -> dict[str, Any]:
    """Return Django's LOGGING: a line a record to stderr, from *level* on, of the given *kind*."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "console": {
                "()": "intelbrief.logs.MaskingFormatter",
                "format": "%(levelname)s %(name)s %(message)s",
            },
            "json": {"()": "intelbrief.logs.JsonFormatter"},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "stream": sys.stderr,
                "formatter": kind,
            }
        },
        "root": {"handlers": ["console"], "level": level},
        "loggers": {
            # Django's own handlers would write beside ours, and what ours leaves out.
            "django": {"handlers": [], "level": "NOTSET"},
            "django.server": {"handlers": [], "level": "NOTSET", "propagate": True},
            # A traceback for each scanner that comes by: intelbrief.hosts tells of them.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "celery": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
            # It warns of each message that it gives back when a worker ends.
            "kombu.transport.virtual.base": {"level": "ERROR"},
            "amqp": {"level": "WARNING"},
        },
    }
