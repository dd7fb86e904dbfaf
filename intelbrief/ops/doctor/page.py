"""docs/doctor.md, written from the registry of examinations."""

import re
from html import escape

from intelbrief.ops import doctor
from intelbrief.ops.doctor import Examination

_HEAD = """\
# The doctor: what is wrong, and what to do

<!-- Made from the examinations by `manage.py doctor --docs > docs/doctor.md`; a test tells when
     it is stale. Change the docstring of an examination, not this page. -->

```
.venv/bin/python manage.py doctor [--json]
```

looks at everything that an installation hangs on, and says of each fault what is wrong, which
thing it is about, and what to do. It runs where nothing else does: without keys, with a
DATABASE_URL that cannot be read, with nothing listening. What hangs on a fault is left out until
that is mended, so begin at the top. It changes nothing, sends no mail, and prints no secret.

The exit status is 1 if anything is **broken**. A *warning* works, and will not for ever; a *note*
is for your information. With `--json` it prints one object: `ok`, `findings` (each with `name`,
`severity`, `what`, `which`, `cure`), `left_out` and `looked_at`. For a machine that asks every few
seconds there is `/readyz`.

"""
_TITLES = {
    "machine": "The machine",
    "loading": "The settings",
    "house": "What the settings say",
    "database": "The database",
    "ledger": "What the database tells",
    "broker": "Redis and the workers",
    "mail": "The way of the mail",
    "site": "The site",
}


def make() -> str:
    """Return the whole page."""
    doctor.load()
    sections = []
    for module, title in _TITLES.items():
        rows = [_row(one) for one in doctor.in_order() if one.module == module]
        sections.append(f"## {title}\n\n| name | at worst | |\n|---|---|---|\n{''.join(rows)}")
    return _HEAD + "\n".join(sections)


def _row(one: Examination) -> str:
    reason = re.sub(r"([|*\\])", r"\\\1", escape(one.reason, quote=False))
    return f"| `{one.name}` | {one.severity} | {reason} |\n"
