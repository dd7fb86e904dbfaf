"""Attacks by a backup: one that is made in mid-send is restored and started beside its original."""

import json
import os
import subprocess
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connection, connections

from deliveries import reports
from deliveries.models import Delivery, Edition, Installation
from intelbrief.ops import valkey
from intelbrief.ops.backup import making
from intelbrief.ops.drill.audit import Report
from intelbrief.ops.drill.scene import LEASE_SECONDS, Scene
from intelbrief.ops.scratch import CannotRun
from intelbrief.ops.supervisor import python

NAME = "copy"
LONGER = 1.5  # seconds that the copy has left to do harm once the original is through


class Copy:
    """A second installation on a copy of the database, with a broker and a disk of its own."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.folder = scene.scratch.folder / f"{NAME}-{time.monotonic_ns()}"
        self.folder.mkdir()
        self.backup = making.make(self.folder / "backup.tar.gz")
        self.environment = scene.host(self.folder.name)
        self.environment["DATABASE_URL"] = self._name_database()
        socket = valkey.socket_path(self.folder)
        scene.workers.append(
            scene.scratch.spawn(
                "valkey of the copy",
                valkey.command(socket, self.folder / "valkey"),
                is_ready=lambda: valkey.answers(socket),
            )
        )
        self.environment["REDIS_URL"] = f"unix://{socket}?db=1"
        self.environment["BROKER_URL"] = f"redis+socket://{socket}?virtual_host=0"
        self.manage("restore", str(self.backup.path))

    def _name_database(self) -> str:
        """Return the DATABASE_URL of the copy, whose database is empty or not there yet."""
        default = connections.databases["default"]
        if connection.vendor == "sqlite":
            name = str(self.folder / "db.sqlite3")
            url = f"sqlite:///{name}"
        else:
            name = self.folder.name
            cluster = self._scene.scratch.cluster
            assert cluster
            cluster.make_database(name)
            url = cluster.url(name)
        connections.databases[NAME] = {**default, "NAME": name}
        return url

    def start(self) -> None:
        """Start a worker on it."""
        self._scene.worker("worker of the copy", **self.environment)

    @property
    def is_held(self) -> bool:
        """True once it has noticed that it is a copy."""
        rows = Installation.objects.using(NAME)
        return rows.filter(held_since__isnull=False).exists()

    def counts(self, edition: Edition) -> dict[str, int]:
        """Return how many deliveries are in which status, as its own ledger says."""
        rows = Delivery.objects.using(NAME).filter(edition=edition.pk)
        found = list(rows.values_list("status", flat=True))
        return {status: found.count(status) for status in Delivery.Status.values}

    def is_over(self, edition: Edition) -> bool:
        """Tell whether it has finished *edition* too."""
        rows = Edition.objects.using(NAME).filter(pk=edition.pk)
        return rows.filter(status=Edition.Status.FINISHED).exists()

    def manage(self, *arguments: str) -> Any:
        """Run a command on it, as its operator would; return what it printed."""
        done = subprocess.run(
            python("manage.py", *arguments, "--json"),
            cwd=settings.BASE_DIR,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise CannotRun(f"{' '.join(arguments)} on the copy: {done.stderr[-2000:]}")
        return json.loads(done.stdout)

    def close(self) -> None:
        """Forget the connection to it."""
        connections[NAME].close()
        del connections[NAME]
        del connections.databases[NAME]


def backup(scene: Scene) -> Report:
    """A backup made in mid-send is restored with workers of its own: it sends nothing by itself."""
    # So slow that two slices of two seconds hold no more than a third.
    scene.begin(rate=scene.recipients / 6)
    scene.worker()
    for _strike in scene.strikes(2):
        break  # a good part is out, and some of it in hand
    copy = Copy(scene)
    try:
        before = copy.counts(scene.edition)
        told = copy.backup.manifest["database"]["counts"]
        if any(told.get(f"deliveries {status}", 0) != number for status, number in before.items()):
            scene.problems.append(f"The backup tells of {told}, and holds {before}.")
        copy.start()
        _until(lambda: copy.is_held, 20, "The copy is not held.")
        scene.finish()
        time.sleep(LONGER)
        report = scene.report(0)
        after = copy.counts(scene.edition)
        if after != before:
            scene.problems.append(f"The copy changed its ledger: {before} became {after}.")
        if not before["pending"]:
            scene.problems.append("The copy had nothing to send: the drill proved nothing.")
        _confirm(scene, copy, before)
        report.problems = scene.problems
        return report
    finally:
        copy.close()


def _confirm(scene: Scene, copy: Copy, before: dict[str, int]) -> None:
    """Let the copy go on in place of its original, as after a loss of the original."""
    scene.sink.reset()
    scene.sink.behave()
    answer = copy.manage("installation", "confirm")
    if not answer["confirmed"]:
        scene.problems.append("There was nothing to confirm.")
    wait = LEASE_SECONDS + 30
    _until(lambda: copy.is_over(scene.edition), wait, "The copy does not go on once confirmed.")
    taken = [one.recipient for one in scene.sink.taken()]
    scene.say(f"once confirmed, the copy sent the {len(taken)} that it knew as unsent")
    counts = copy.counts(scene.edition)
    if len(taken) != before["pending"] or len(set(taken)) != len(taken):
        scene.problems.append(f"The copy had {before['pending']} to send and sent {len(taken)}.")
    if counts["in-doubt"] != before["sending"]:
        scene.problems.append(
            f"{before['sending']} were in hand when the copy was made, and "
            f"{counts['in-doubt']} are in doubt: {reports.summary(scene.edition)}"
        )


def _until(is_so: Callable[[], bool], seconds: float, otherwise: str) -> None:
    """Wait until *is_so*; raise CannotRun with the words *otherwise* after so many *seconds*."""
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise CannotRun(otherwise)
        time.sleep(0.1)
