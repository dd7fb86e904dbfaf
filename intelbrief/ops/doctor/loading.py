"""Whether the settings can be read at all."""

import re
from collections.abc import Iterator

import django
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError

from intelbrief.ops.doctor import Trouble, examination

# What to write instead, for the variables that are mostly mistyped.
_CURES = {
    "DATABASE_URL": "Write it like postgres://user:password@host:5432/name, with @ : / # % in the "
    "password percent-encoded (@ is %40), or remove it for SQLite.",
    "REDIS_URL": "Write it like redis://:password@host:6379/0.",
    "PROVIDERS": 'Write a JSON object like {"main": {"provider": "postmark"}}.',
    "VAR_DIR": "Make the folder and give it to the user that runs IntelBrief.",
    "ENV_FILE": "Write NAME=value on each line, and end each quote where its value ends.",
    "EMAIL_URL": "Write it like submission://user:password@host.",
}


@examination("settings")
def loaded() -> Iterator[Trouble]:
    """Find out whether the settings can be read; if not, nothing else can be looked at."""
    try:
        if not apps.ready:
            django.setup(set_prefix=False)
    except (ImproperlyConfigured, EnvError) as error:
        yield _of(error)
    except ImportError as error:
        cure = (
            "Install what requirements.txt names: pip install --require-hashes -r requirements.txt."
        )
        yield Trouble(f"A package is missing: {error}.", cure, error.name or "")
    except OSError as error:
        cure = "Make it readable for the user that runs IntelBrief, or change the variable."
        what = f"A file that the settings need cannot be read: {error.strerror}."
        yield Trouble(what, cure, str(error.filename or ""))
    except Exception as error:  # noqa: BLE001  (whatever it is, this is the place to say it)
        cure = "See docs/configuration.md; manage.py check --traceback shows where."
        yield Trouble(f"The settings cannot be used: {type(error).__name__}: {error}", cure)


def _of(error: Exception) -> Trouble:
    words = str(error)
    # dj-database-url and others tell the reason one exception further in, and may quote a password.
    found = re.search(r"\b[A-Z][A-Z0-9]*_[A-Z0-9_]+\b|\b(?:DEBUG|PROVIDERS)\b", words)
    which = found.group() if found else ""
    cure = _CURES.get(which, "See docs/configuration.md for what it takes.")
    return Trouble(f"The settings cannot be used: {words}", cure, which)
