"""What a rule is, and the registry that rules are kept in."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from inspect import cleandoc
from typing import Generic, NamedTuple, TypeVar


class Finding(NamedTuple):
    """What a rule found: its name, the reason and what to do, and where."""

    rule: str
    message: str
    where: str = ""


class Findings(NamedTuple):
    """Errors stop the send, warnings are said."""

    errors: list[Finding]
    warnings: list[Finding]

    @property
    def ok(self) -> bool:
        """True if nothing stops the send."""
        return not self.errors


class Severity(StrEnum):
    """What a finding does."""

    ERROR = "error"
    WARNING = "warning"


Matter = TypeVar("Matter")


class Trouble(NamedTuple):
    """What a rule has to say: where, and what a person reads there."""

    where: str
    message: str


Look = Callable[[Matter], Iterator[Trouble]]


@dataclass(frozen=True)
class Rule(Generic[Matter]):
    """One thing that may be wrong with a brief."""

    name: str
    severity: Severity
    look: Look[Matter]

    @property
    def reason(self) -> str:
        """What it looks for and why, in one paragraph: the docstring of its function."""
        return " ".join(cleandoc(self.look.__doc__ or "").split())

    def findings(self, matter: Matter) -> Iterator[Finding]:
        """Yield what the rule finds in *matter*."""
        for where, message in self.look(matter):
            yield Finding(self.name, message, where)


@dataclass(frozen=True)
class Registry(Generic[Matter]):
    """Rules that look at the same *Matter*, in the order in which they are told."""

    title: str
    rules: list[Rule[Matter]] = field(default_factory=list)

    def error(self, name: str) -> Callable[[Look[Matter]], Look[Matter]]:
        """Register a function as the rule *name* that stops the send."""
        return self._keep(name, Severity.ERROR)

    def warning(self, name: str) -> Callable[[Look[Matter]], Look[Matter]]:
        """Register a function as the rule *name* that only says something."""
        return self._keep(name, Severity.WARNING)

    def _keep(self, name: str, severity: Severity) -> Callable[[Look[Matter]], Look[Matter]]:
        def keep(look: Look[Matter]) -> Look[Matter]:
            self.rules.append(Rule(name, severity, look))
            return look

        return keep

    def check(self, matter: Matter) -> Findings:
        """Return what all rules find in *matter*."""
        found: dict[Severity, list[Finding]] = {severity: [] for severity in Severity}
        for rule in self.rules:
            found[rule.severity].extend(rule.findings(matter))
        return Findings(errors=found[Severity.ERROR], warnings=found[Severity.WARNING])
