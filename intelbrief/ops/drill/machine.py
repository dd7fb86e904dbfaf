"""Attacks by the machine: its clock is hours off, its disk is full."""

import contextlib
import datetime as dt
import os
import shutil
import subprocess
import time
import uuid
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from deliveries.models import Edition
from intelbrief.ops import population
from intelbrief.ops.drill.audit import Report
from intelbrief.ops.drill.mail import EVERY
from intelbrief.ops.drill.scene import SENDERS, Scene
from intelbrief.ops.scratch import CannotRun, Running

HOURS = 2
DOWNTIME = 3  # hours; more than the grace
IN_HAND = 5.0  # seconds after which a slice, whose space was reserved, must be over
FULL = 2.0  # seconds more for which nothing can be written
# Each journal ends in a page that it has already: two records of 64 octets a letter.
IN_A_PAGE = (SENDERS + 1) * 4096 // 128
DISK = 2 * 2**20

_CLOCK = """
import os
import time
import time_machine
time_machine.travel(time.time() + 3600 * float(os.environ["HOURS_OFF"]), tick=True).start()
"""


def clock(scene: Scene) -> Report:
    """One worker's clock is two hours ahead, the other's two behind; a time was missed by three."""
    try:
        import time_machine  # noqa: F401  (whether it is there)
    except ImportError as error:
        raise CannotRun("Clocks are set by time-machine, of requirements-dev.txt.") from error
    folder = scene.scratch.folder / "clock"
    folder.mkdir(exist_ok=True)
    (folder / "sitecustomize.py").write_text(_CLOCK)
    missed = _missed(scene)
    scene.begin(
        rate=max(300.0, scene.recipients / 10),
        rules=[{"at": "rcpt", "do": "450 4.2.1 Later", "every": EVERY, "nth": 0, "times": 1}],
    )
    for hours in (HOURS, -HOURS):
        name = "ahead" if hours > 0 else "behind"
        scene.worker(name, PYTHONPATH=str(folder), HOURS_OFF=str(hours))
    scene.finish()
    missed.refresh_from_db()
    if missed.status != Edition.Status.MISSED:
        scene.problems.append(f"What was missed by {DOWNTIME} hours is {missed.status}.")
    return scene.report(0)


def _missed(scene: Scene) -> Edition:
    """Return an edition whose time went by while nothing ran."""
    publication = population.make_publication(scene.recipients)
    edition = population.schedule(population.make_brief(publication, "html11k", 500))
    long_ago = timezone.now() - dt.timedelta(hours=DOWNTIME)
    Edition.objects.filter(pk=edition.pk).update(send_at=long_ago)
    return edition


def disk(scene: Scene) -> Report:
    """The disk of the journals is full for a while: nothing goes out; then it goes on."""
    owners = settings.VAR_DIR / "owners"
    owners.mkdir(mode=0o700, exist_ok=True)
    scene.begin(rate=max(200.0, scene.recipients / 15))
    worker = scene.worker(prefix=_small_disk(owners))
    for _strike in scene.strikes():
        filler = _fill(worker, owners)
        time.sleep(IN_HAND)
        before = scene.sink.state().accepted
        time.sleep(FULL)
        after = scene.sink.state().accepted
        filler.unlink()
        if after - before > IN_A_PAGE:
            scene.problems.append(f"{after - before} went out on a full disk.")
    scene.finish()
    return scene.report(0)


def _small_disk(folder: Path) -> list[str]:
    """Return what to put before a command so that *folder* is a small disk of its own."""
    prefix = ["unshare", "--user", "--map-root-user", "--mount"]
    if (
        not shutil.which("unshare")
        or subprocess.run([*prefix, "true"], check=False, capture_output=True).returncode
    ):
        raise CannotRun("A small disk needs user namespaces, which are switched off here.")
    script = f'mount -t tmpfs -o size={DISK} tmpfs "$0" && exec "$@"'
    return [*prefix, "sh", "-c", script, str(folder)]


def _fill(worker: Running, folder: Path) -> Path:
    """Fill the disk that *worker* sees at *folder*; return the file to be removed."""
    # One that stands for the journal of somebody who was laid to rest.
    filler = Path(f"/proc/{worker.pid}/root{folder}/{uuid.uuid4()}.settled")
    with contextlib.suppress(OSError):
        descriptor = os.open(filler, os.O_WRONLY | os.O_CREAT)
        try:
            while True:
                os.write(descriptor, b"x" * 4096)
        finally:
            os.close(descriptor)
    return filler
