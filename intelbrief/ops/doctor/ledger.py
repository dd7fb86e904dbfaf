"""What the database tells of this installation: whether it may send, with which keys, who works."""

import datetime as dt
from collections.abc import Iterator

from django.conf import settings

from analytics import backlogs
from briefs.addresses import InvalidAddress, normalise
from deliveries import guard
from deliveries.models import Edition
from intelbrief.observing import readiness
from intelbrief.ops.backup import making
from intelbrief.ops.doctor import Severity, Trouble, examination
from subscribers import suppression
from subscribers.models import Subscriber

OLD_BACKUP = dt.timedelta(days=2)
SAMPLES = 5


@examination("held", needs=("migrations",))
def held() -> Iterator[Trouble]:
    """Find an installation that is held: a restored backup or a second copy sends nothing until
    somebody confirms that it is the one that shall."""
    row = guard.held()
    if row is not None:
        number = Edition.objects.filter(status__in=guard.AT_WORK).count()
        what, _, cure = row.word.partition(" If this is the one")
        yield Trouble(
            f"Nothing is sent, and {number} editions wait. {what}",
            f"If this is the one{cure}" if cure else "Say: manage.py installation confirm.",
            f"since {row.held_since:%Y-%m-%d %H:%M} UTC",
        )


@examination("token-keys", needs=("migrations", "checks"))
def token_keys() -> Iterator[Trouble]:
    """Find out whether TOKEN_KEYS still hold the key that signed the links in mails: without it
    nobody can unsubscribe by the mails that they have."""
    row = guard.known()
    if row is not None and settings.TOKEN_KEYS and not guard.knows_keys(row):
        yield Trouble(
            "None of TOKEN_KEYS is the one that signed the links in mails so far.",
            "Put the old key back, behind the new one with a comma; manage.py backup has it. If "
            "it was dropped on purpose, years later: manage.py doctor --accept-keys.",
            "TOKEN_KEYS",
        )


@examination("suppression-key", needs=("migrations", "checks"))
def suppression_key() -> Iterator[Trouble]:
    """Find out whether SUPPRESSION_KEY is the one that made the hashes of addresses: with another,
    those who complained or were erased are not recognised, and would be mailed."""
    rows = Subscriber.objects.exclude(address="").order_by("-pk")[:SAMPLES]
    wrong = 0
    for address, known in rows.values_list("address", "address_hash"):
        try:
            key = normalise(address).key
        except InvalidAddress:
            continue
        if suppression.address_hash(key) == known:
            return  # one that fits is proof enough
        wrong += 1
    if wrong:
        yield Trouble(
            "SUPPRESSION_KEY is not the one that the addresses here were hashed with.",
            "Set it to what it was before; manage.py backup has it. Send nothing until then.",
            "SUPPRESSION_KEY",
        )


@examination("worker", needs=("migrations", "held"))
def worker() -> Iterator[Trouble]:
    """Find out whether a worker has been heard from within a minute: without one nothing is
    sent, and no confirmation goes out."""
    if words := readiness.worker():
        what, cure = _halves(words)
        yield Trouble(what, cure, "worker")


@examination("scheduler", Severity.WARNING, needs=("migrations", "worker"))
def scheduler() -> Iterator[Trouble]:
    """Find out whether the scheduler has rung within a minute: reports and clearing up wait for
    it, editions do not."""
    if words := readiness.scheduler():
        what, cure = _halves(words)
        yield Trouble(what, cure, "scheduler")


def _halves(words: str) -> tuple[str, str]:
    """Part what is wrong from what to do, in the words of a probe."""
    what, _, cure = words.rpartition(". ")
    return (f"{what}.", cure) if what else (words, "Start it, or look at its log.")


@examination("backlog", Severity.WARNING, needs=("migrations", "worker"))
def backlog() -> Iterator[Trouble]:
    """Find bounces, complaints, opens and clicks that wait to be written down, and a bounce
    mailbox that is not read."""
    for sign in backlogs.signs():
        if sign.tone in ("danger", "warning"):
            severity = Severity.BROKEN if sign.tone == "danger" else None
            yield Trouble(f"{sign.name}: {sign.state}.", sign.cure, sign.name, severity)


@examination("backups", Severity.WARNING, needs=("migrations",))
def backups() -> Iterator[Trouble]:
    """Find out when `manage.py backup` made the last backup: more than two days ago, or never."""
    row = guard.known()
    severity = Severity.NOTE if settings.SITE_IS_LOCAL else None
    cure = (
        f"Run manage.py backup FOLDER every night (docs/backup.md); {making.KEPT} are kept. If you "
        "back up by other means, see that the keys are in it."
    )
    if row is None or row.backed_up_at is None:
        yield Trouble("No backup was ever made here.", cure, "", severity)
    elif guard.now() - row.backed_up_at > OLD_BACKUP:
        at = f"{row.backed_up_at:%Y-%m-%d %H:%M} UTC"
        yield Trouble("The last backup is old.", cure, at, severity)
