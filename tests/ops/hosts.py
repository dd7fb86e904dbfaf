"""Hosts: processes of the product that are told apart as those of several machines are.

Each has a folder of its own for what a machine keeps to itself, and, where the
kernel lets an ordinary user make namespaces, a host name and a boot id of its
own: a lock on one host's journal proves nothing to another. What they share is
what real ones share: the database, the broker, and one folder.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

from django.conf import settings

from deliveries.models import Batch, Delivery
from intelbrief.ops.bench import usage
from tests import services
from tests.conftest import ROOT, Processes

_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_UNSHARE = ["unshare", "--user", "--map-root-user", "--mount", "--uts"]
_BECOME = f'hostname "$0" && mount --bind "$1" {_BOOT_ID} && shift && exec "$@"'


def until(is_so, seconds=120, what="it did not happen"):
    """Return what *is_so* returns once that is true; fail after *seconds*."""
    deadline = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < deadline, what() if callable(what) else what
        time.sleep(0.03)
    return found


class Host:
    """One machine: a name, a disk, and what runs on it."""

    def __init__(self, name: str, folder: Path, processes: Processes, **environment: str) -> None:
        self.name = name
        self.var = folder / name
        self.var.mkdir()
        self.processes = processes
        broker = settings.EMBEDDED_REDIS_SOCKET
        self.environment = {
            **services.environment(),
            "VAR_DIR": str(self.var),
            "SHARED_DIR": str(settings.SHARED_DIR),
            "REDIS_URL": f"unix://{broker}?db=1",
            "BROKER_URL": f"redis+socket://{broker}?virtual_host=0",
            "SECRET_KEY": settings.SECRET_KEY,
            "TOKEN_KEYS": ",".join(settings.TOKEN_KEYS),
            "SUPPRESSION_KEY": settings.SUPPRESSION_KEY,
            "WEBHOOK_SECRET": settings.WEBHOOK_SECRET,
            **environment,
        }
        boot = self.var / "boot_id"
        boot.write_text(f"{uuid.uuid4()}\n")
        self.prefix = [*_UNSHARE, "sh", "-c", _BECOME, name, str(boot)] if _may_unshare() else []
        self.worker: subprocess.Popen[bytes]

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start `python *arguments*` here, in a group of its own."""
        process = subprocess.Popen(
            [*self.prefix, sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        services.reaper.watch(process.pid)
        self.processes.running.append(process)
        return process

    def start_worker(self, queues: str) -> Path:
        """Start a worker with one child; return the file that tells that it is ready."""
        ready = self.var / f"ready-{time.monotonic_ns()}"
        self.environment["INTELBRIEF_READY_FILE"] = str(ready)
        self.worker = self.start(
            *("-W", "ignore:You're running the worker with superuser"),
            *("-m", "celery", "-A", "intelbrief", "worker", "-Q", queues, "-c", "1"),
            *("-n", f"celery@{self.name}", "-l", "ERROR"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        )
        return ready

    def child(self) -> int:
        """Return the process that sends."""
        (child,) = until(lambda: [p for p in usage.tree([self.worker.pid]) if p != self.worker.pid])
        return int(child)

    def signal(self, number: signal.Signals) -> None:
        """Send *number* to all that runs in the worker's group, at one instant."""
        os.killpg(self.worker.pid, number)

    def lose(self) -> None:
        """End the worker as a loss of power does."""
        self.processes.kill(self.worker)

    def owners(self) -> list[str]:
        """Return the lives that began on this disk, at rest or not."""
        folder = self.var / "owners"
        return [path.stem for path in folder.iterdir()] if folder.exists() else []

    def has_settled_all(self) -> bool:
        """Tell whether all journals on this disk are at rest, but for the one of who lives."""
        return sum(not path.suffix for path in (self.var / "owners").iterdir()) <= 1

    def batches(self):
        """Return the batches that are leased to this host."""
        return Batch.objects.filter(owner__in=self.owners())

    def in_hand(self) -> set[int]:
        """Return the deliveries that this host has in hand."""
        rows = Delivery.objects.filter(batch__in=self.batches(), status="sending")
        return set(rows.values_list("pk", flat=True))


def _may_unshare() -> bool:
    if not shutil.which("unshare"):
        return False
    tried = [*_UNSHARE, "sh", "-c", _BECOME, "host", os.devnull, "true"]
    return not subprocess.run(tried, check=False, capture_output=True).returncode
