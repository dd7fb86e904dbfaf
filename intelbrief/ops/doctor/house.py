"""The settings themselves: what the system checks say, keys, hosts, static files."""

from collections.abc import Iterator

from django.conf import settings
from django.contrib.staticfiles import finders
from django.core import checks

from briefs import pdf as press
from intelbrief import hosts
from intelbrief.checks import NEW_KEY, SHORTEST_KEY, look
from intelbrief.ops.backup import keys, signing
from intelbrief.ops.doctor import Severity, Trouble, examination

FEWEST_SIGNS = 10
# Told by an examination of its own.
_ELSEWHERE = {"intelbrief.E019", "intelbrief.W007"}


@examination("checks")
def system_checks() -> Iterator[Trouble]:
    """Say what `manage.py check` says, and on a public site what `check --deploy` adds: keys that
    are missing or short, SITE_URL, providers, webhook secrets, a VAR_DIR that does not last."""
    for one in _messages():
        if one.id in _ELSEWHERE or one.is_silenced() or one.level < checks.WARNING:
            continue
        severity = Severity.BROKEN if one.level >= checks.ERROR else Severity.WARNING
        cure = one.hint or "See docs/configuration.md, “System checks”."
        yield Trouble(str(one.msg), cure, str(one.id), severity)


def _messages() -> list[checks.CheckMessage]:
    """Return ours alone where SECRET_KEY is missing: other checks die of it."""
    if "SECRET_KEY" not in keys.present():
        return look()
    return checks.run_checks(include_deployment_checks=not settings.SITE_IS_LOCAL)


@examination("weak-keys", Severity.WARNING)
def weak_keys() -> Iterator[Trouble]:
    """Find keys that somebody has typed instead of made: they can be guessed."""
    for name, key in keys.present().items():
        if name != "WEBHOOK_SECRET" and len(set(key)) < FEWEST_SIGNS:
            cure = (
                "Make one: python3 -c 'import secrets; print(secrets.token_urlsafe(48))'. A new "
                "TOKEN_KEYS goes before the old one; SUPPRESSION_KEY cannot be changed later."
            )
            yield Trouble(f"{name} repeats few characters and can be guessed.", cure, name)


@examination("backup-key", Severity.WARNING)
def backup_key() -> Iterator[Trouble]:
    """Find out whether backups are signed, and with a key that is in none of them: else nobody can
    tell whether one was changed, and restoring it runs what is in it."""
    key, cure = settings.BACKUP_KEY, f"Set {signing.NAME} to a key of its own: {NEW_KEY}"
    same = [name for name, other in keys.present().items() if key and key in other.split(",")]
    if not key:
        what = f"{signing.NAME} is not set: backups are not signed."
    elif same:
        what = f"{signing.NAME} is {same[0]} too, which is in every backup."
    elif len(key) < SHORTEST_KEY or len(set(key)) < FEWEST_SIGNS:
        what = f"{signing.NAME} can be guessed."
    else:
        return
    yield Trouble(what, f"{cure}. Keep it where no backup is.", signing.NAME)


@examination("allowed-hosts")
def allowed_hosts() -> Iterator[Trouble]:
    """Find out whether requests for the site's own name are let in, and not for any other."""
    host = settings.SITE_HOST
    if "*" in settings.ALLOWED_HOSTS:
        cure = f"Set ALLOWED_HOSTS={host}, or remove it."
        yield Trouble("ALLOWED_HOSTS lets every name in.", cure, "ALLOWED_HOSTS", Severity.WARNING)
    elif not hosts.lets_itself_in():
        yield Trouble(
            f"ALLOWED_HOSTS lacks {host}: every page answers 400.",
            f"Add {host} to ALLOWED_HOSTS, or remove the variable.",
            "ALLOWED_HOSTS",
        )


@examination("static-files")
def static_files() -> Iterator[Trouble]:
    """Find out whether the style sheets are there: without them the desk cannot be used."""
    for name in ("desk/desk.css", "admin/css/base.css"):
        if finders.find(name) is None and not (settings.STATIC_ROOT / name).exists():
            cure = "The program is not complete: take its folder “static” from the release again."
            yield Trouble("A style sheet is missing.", cure, name)


@examination("pdf", Severity.NOTE)
def pdf() -> Iterator[Trouble]:
    """Say that briefs have no PDF where WeasyPrint, which is optional, is not installed."""
    if words := press.trouble():
        told, _stop, cure = words.partition(". ")
        yield Trouble(f"{told}.", f"If you want them: {cure}", "weasyprint")
