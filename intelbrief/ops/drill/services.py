"""Attacks on what the workers rely on: the broker, the database, the power."""

import sqlite3
import threading
import time
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from deliveries.models import Batch, Delivery
from intelbrief.ops.drill.audit import Report
from intelbrief.ops.drill.scene import SENDERS, Scene
from intelbrief.ops.scratch import CannotRun

BROKER_AWAY = 10.0  # seconds
HEARD = 3.0  # seconds, several ticks
LOST = b" before the loss"
_OWNERS = settings.VAR_DIR / "owners"
LOCKED = 22.0  # seconds, more than a statement waits


def lose_redis(scene: Scene) -> Report:
    """FLUSHALL again and again, then Redis killed and away for a while."""
    scene.begin(rate=max(200.0, scene.recipients / 25))
    scene.worker()
    scene.scheduler()
    broker = redis.Redis(unix_socket_path=settings.EMBEDDED_REDIS_SOCKET)
    for number in scene.strikes(scene.rounds + 1):
        if number < scene.rounds:
            broker.flushall()
            continue
        scene.say(f"Redis is away for {BROKER_AWAY:.0f} s")
        assert scene.scratch.valkey
        scene.scratch.kill(scene.scratch.valkey)
        time.sleep(BROKER_AWAY)
        scene.scratch.start_valkey()
    scene.finish()
    return scene.report(0)


def lose_database(scene: Scene) -> Report:
    """Restart PostgreSQL with "immediate"; hold SQLite locked for longer than anybody waits."""
    scene.begin(rate=max(200.0, scene.recipients / 25))
    scene.worker()
    for number in scene.strikes():
        if connection.vendor == "sqlite":
            if number == 0:
                scene.say(f"the database is locked for {LOCKED:.0f} s")
                _lock_sqlite(Path(settings.DATABASES["default"]["NAME"]))
        else:
            connection.close()
            scene.scratch.crash_postgres()
            scene.scratch.start_postgres()
    scene.finish()
    return scene.report(0)


def _lock_sqlite(path: Path) -> None:
    def hold() -> None:
        link = sqlite3.connect(path, timeout=30, isolation_level=None)
        link.execute("BEGIN IMMEDIATE")
        time.sleep(LOCKED)
        link.execute("ROLLBACK")
        link.close()

    holder = threading.Thread(target=hold)
    holder.start()
    holder.join()


def lose_power(scene: Scene) -> Report:
    """Everything dies at once, journals are cut short, the kernel is new; the disk returns late."""
    scene.begin()
    losses = 0
    worker = scene.worker()
    whole = scene.scratch.folder / f"whole-{time.monotonic_ns()}"
    whole.mkdir()
    for _number in scene.strikes():
        scene.kill(worker)
        connection.close()
        assert scene.scratch.valkey
        scene.scratch.kill(scene.scratch.valkey)
        if scene.scratch.postgres:
            scene.scratch.crash_postgres()
        _forget_unwritten(scene, whole)
        losses += 1
        scene.scratch.start_valkey()
        if scene.scratch.cluster:
            scene.scratch.start_postgres()
        worker = scene.worker()
    scene.finish()
    bound = losses * SENDERS * Batch.SIZE
    report = scene.report(bound)
    scene.say(f"{report.in_doubt} in doubt; now the disk comes back with whole journals")
    if not report.ok:
        return report
    _return_journals(whole)
    time.sleep(HEARD)
    scene.finish()
    _judge_what_was_heard(scene, losses)
    return scene.report(bound)


def _judge_what_was_heard(scene: Scene, losses: int) -> None:
    """Note a problem if readers are in doubt of whom a whole journal says that they got it.

    That it says nothing of somebody proves nothing: they stay in doubt.
    """
    taken = {one.recipient for one in scene.sink.taken()}
    rows = Delivery.objects.filter(edition=scene.edition, status=Delivery.Status.IN_DOUBT)
    doubted = set(rows.values_list("subscriber__address", flat=True))
    scene.say(f"{len(doubted)} in doubt once the journals were heard")
    # What hangs between a body and its answer, as after a kill.
    if len(doubted & taken) > losses * scene.sink.state().most_open:
        scene.problems.append(f"{len(doubted & taken)} in doubt were sent it, as journals say.")


def _forget_unwritten(scene: Scene, whole: Path) -> None:
    """Do to the journals what a loss of power does: other kernel, and a part of each is missing.

    What they were goes into the folder *whole*.
    """
    journals = list(_OWNERS.glob("*"))
    if not journals:
        raise CannotRun("There are no journals to be lost.")
    for path in journals:
        header, records = path.read_bytes()[:256], path.read_bytes()[256:]
        if LOST in header:
            continue
        kernel, end, history = header.partition(b"\n")
        header = (kernel + LOST + end + history)[:256]
        (whole / path.name).write_bytes(header + records)
        kept = records[: int(len(records) * scene.chance.uniform(0, 1))]
        path.write_bytes(header + kept)


def _return_journals(whole: Path) -> None:
    """Put back what was written before the losses, to be heard by who works now."""
    for path in whole.glob("*"):
        (_OWNERS / path.stem).with_suffix(".settled").unlink(missing_ok=True)
        (_OWNERS / path.stem).write_bytes(path.read_bytes())
