"""The doctor: says in plain words what is wrong with this installation, and what to do.

It has to work where nothing else does, so this package is imported without
the settings. `machine` needs none; the others are loaded once the settings
can be. docs/doctor.md is written from the registry.
"""

import importlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

# In the order of the examinations; the first two are imported without settings.
MODULES = ("machine", "loading", "house", "database", "ledger", "broker", "mail", "site")
BARE = ("machine", "loading")


class Severity(StrEnum):
    """How bad it is."""

    BROKEN = "broken"  # something does not work, or readers would be wronged
    WARNING = "warning"  # works, and will not for ever
    NOTE = "note"


@dataclass(frozen=True)
class Trouble:
    """What an examination found: what is wrong, which thing it is about, and what to do."""

    what: str
    cure: str
    which: str = ""
    severity: Severity | None = None  # the examination's own, unless it says otherwise


@dataclass(frozen=True)
class Finding:
    """One line of the report."""

    name: str
    severity: Severity
    what: str
    which: str
    cure: str


@dataclass(frozen=True)
class Examination:
    """One look: it yields a Trouble for each thing that is wrong."""

    name: str
    severity: Severity
    look: Callable[[], Iterator[Trouble]]
    needs: tuple[str, ...]
    module: str

    @property
    def reason(self) -> str:
        """What it looks for, and why: its docstring, as docs/doctor.md shows it."""
        return " ".join((self.look.__doc__ or "").split())


REGISTRY: dict[str, Examination] = {}
Look = Callable[[], Iterator[Trouble]]


def examination(
    name: str, severity: Severity = Severity.BROKEN, needs: tuple[str, ...] = ()
) -> Callable[[Look], Look]:
    """Register a look; it is left out where one of those that it *needs* found something broken."""

    def register(look: Look) -> Look:
        module = look.__module__.rpartition(".")[2]
        REGISTRY[name] = Examination(name, severity, look, needs, module)
        return look

    return register


def load(names: tuple[str, ...] = MODULES) -> None:
    """Import the examinations of these modules."""
    for name in names:
        importlib.import_module(f"intelbrief.ops.doctor.{name}")


def in_order() -> list[Examination]:
    """Return what has been registered, in the order of MODULES."""
    return sorted(REGISTRY.values(), key=lambda one: MODULES.index(one.module))
