"""Going through the examinations; what cannot be looked at for a fault before it is left out."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from intelbrief.ops import doctor
from intelbrief.ops.doctor import Examination, Finding, Severity, Trouble

_SECRET = re.compile(r"KEY|SECRET|TOKEN|PASSWORD|PASSWD|_URL|DSN|MAILBOX|PROVIDERS")
# Not the word itself, which our own hints say.
_PASSWORD = re.compile(r"(\w[\w+.-]*://[^\s:/@]*):(?!password@)[^\s@]+@")
_SHORTEST = 6  # shorter ones are words of ours, too
_LONGEST = 4_096  # octets of a file with a secret
MASK = "•••"


@dataclass
class Report:
    """What was found, and what could not be looked at."""

    findings: list[Finding] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    looked_at: int = 0

    def of(self, severity: Severity) -> list[Finding]:
        """Return the findings that are as bad as that."""
        return [one for one in self.findings if one.severity is severity]

    @property
    def is_broken(self) -> bool:
        """True where something does not work."""
        return bool(self.of(Severity.BROKEN))


def examine() -> Report:
    """Look at everything that can be looked at."""
    report = Report()
    broken: set[str] = set()
    doctor.load(doctor.BARE)
    _go_through([one for one in doctor.in_order() if one.module in doctor.BARE], report, broken)
    if "settings" not in broken:
        doctor.load()
        rest = [one for one in doctor.in_order() if one.module not in doctor.BARE]
        _go_through(rest, report, broken)
    report.findings.sort(key=lambda one: list(Severity).index(one.severity))
    return report


def _go_through(examinations: list[Examination], report: Report, broken: set[str]) -> None:
    for one in examinations:
        if broken.intersection(one.needs):
            report.left_out.append(one.name)
            broken.add(one.name)  # what needs this one cannot be looked at either
            continue
        report.looked_at += 1
        for trouble in _looked(one):
            finding = Finding(
                one.name,
                trouble.severity or one.severity,
                masked(trouble.what),
                masked(trouble.which),
                masked(trouble.cure),
            )
            report.findings.append(finding)
            if finding.severity is Severity.BROKEN:
                broken.add(one.name)


def _looked(one: Examination) -> Iterator[Trouble]:
    try:
        yield from one.look()
    except Exception as error:  # noqa: BLE001  (the others are still worth knowing)
        yield Trouble(
            f"This could not be looked at: {type(error).__name__}: {error}",
            "Mend what else is found first; if it stays, report it.",
            severity=Severity.WARNING,
        )


def masked(text: str) -> str:
    """Return *text* without any secret of the environment, and without passwords in addresses.

    The mask of the log (intelbrief.masking) asks the settings for secrets, and
    here they may be what is broken.
    """
    for secret in _secrets():
        text = text.replace(secret, MASK)
    return _PASSWORD.sub(rf"\1:{MASK}@", text)


def _secrets() -> list[str]:
    """Return what must not be printed, the longest first."""
    found: set[str] = set()
    for name, value in _given():
        if not _SECRET.search(name):
            continue
        if "://" in value or name.endswith("_URL"):
            found |= _passwords(value)
        else:
            found |= {value, *(one.strip() for one in value.split(","))}
    return sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True)


def _given() -> Iterator[tuple[str, str]]:
    """Yield (name, value) of all variables; of those that name a file, what is in it."""
    for name, value in os.environ.items():
        if not name.endswith("_FILE"):
            yield name, value
        elif _SECRET.search(name):
            # What cannot be read cannot be printed either.
            with suppress(OSError, ValueError), Path(value).open() as file:
                yield name.removesuffix("_FILE"), file.read(_LONGEST).strip()


def _passwords(url: str) -> set[str]:
    try:
        password = urlsplit(url).password or ""
    except ValueError:
        # Not even an address: whatever stands before the last @ may be one.
        password = url.rpartition("@")[0].rpartition(":")[2]
    return {password, unquote(password)}
