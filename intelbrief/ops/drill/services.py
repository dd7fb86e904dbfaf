"""Attacks on what the workers rely on: the broker, the database, the power."""

import sqlite3
import threading
import time
from pathlib import Path

import redis
from django.conf import settings
from django.db import connection

from deliveries.models import Batch
from intelbrief.ops.drill.audit import Report
from intelbrief.ops.drill.scene import SENDERS, Scene
from intelbrief.ops.scratch import CannotRun

BROKER_AWAY = 10.0  # seconds
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
    """Everything dies at once, what no disk had yet of the journals is gone, the kernel is new."""
    scene.begin()
    losses = 0
    worker = scene.worker()
    for _number in scene.strikes():
        scene.kill(worker)
        connection.close()
        assert scene.scratch.valkey
        scene.scratch.kill(scene.scratch.valkey)
        if scene.scratch.postgres:
            scene.scratch.crash_postgres()
        _forget_unwritten(scene)
        losses += 1
        scene.scratch.start_valkey()
        if scene.scratch.cluster:
            scene.scratch.start_postgres()
        worker = scene.worker()
    scene.finish()
    return scene.report(losses * SENDERS * Batch.SIZE)


def _forget_unwritten(scene: Scene) -> None:
    """Do to the journals what a loss of power does: other kernel, and a part of each is missing."""
    journals = list((settings.VAR_DIR / "owners").glob("*"))
    if not journals:
        raise CannotRun("There are no journals to be lost.")
    for path in journals:
        data = path.read_bytes()
        kernel = data[:256].decode(errors="replace").rstrip("\n")
        records = data[256:]
        kept = records[: int(len(records) * scene.chance.uniform(0, 1))]
        path.write_bytes(f"{kernel} before the loss".encode().ljust(256, b"\n") + kept)
