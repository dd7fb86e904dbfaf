"""Attacks on workers: killed, stopped, told to end, on a host that comes back late."""

import signal
import time

from deliveries.models import Batch, Delivery
from intelbrief.ops.bench import usage
from intelbrief.ops.drill.audit import Report
from intelbrief.ops.drill.scene import LEASE_SECONDS, SENDERS, Scene
from intelbrief.ops.scratch import Running

# What one worker may hold at a time.
SLICES = SENDERS * Batch.SIZE


def kill(scene: Scene) -> Report:
    """Kill -9 at random instants: the worker with its children, or one child alone."""
    scene.begin()
    worker = scene.worker()
    kills = 0
    for number in scene.strikes():
        time.sleep(scene.chance.uniform(0, 0.01))
        children = [pid for pid in usage.tree([worker.pid]) if pid != worker.pid]
        if number % 2 and children:
            # Celery replaces it; the ticks of the others find what it held.
            _kill_one(scene.chance.choice(children))
        else:
            scene.kill(worker)
            worker = scene.worker()
        kills += 1
    scene.finish()
    open_ = scene.sink.state().most_open
    scene.say(f"{kills} kills, {open_} connections at most")
    return scene.report(kills * open_)


def _kill_one(pid: int) -> None:
    import os

    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def stop(scene: Scene) -> Report:
    """SIGSTOP a worker past its lease, let another replace it, then SIGCONT."""
    # Slow enough that it is in the middle of a slice, whenever it is stopped.
    scene.begin(rate=max(200.0, scene.recipients / 20))
    worker = scene.worker()
    for number in scene.strikes():
        scene.say(f"stop {number + 1}")
        worker.signal(signal.SIGSTOP)
        stopped, worker = worker, scene.worker()
        _wait_for_replacement(scene)
        stopped.signal(signal.SIGCONT)
        time.sleep(1)
        scene.scratch.stop(stopped)
        scene.workers.remove(stopped)
    scene.finish()
    return scene.report(scene.rounds * SLICES)


def _wait_for_replacement(scene: Scene) -> None:
    """Return once the lease of the stopped worker is over and another went on with its batches."""
    time.sleep(LEASE_SECONDS + 1)
    seen = scene.sink.state().accepted
    scene.sink.wait_for(min(seen + 50, scene.recipients), 3)


def sigterm(scene: Scene) -> Report:
    """SIGTERM: the message in hand is finished, the rest given back, all within 30 seconds."""
    scene.begin(rate=max(100.0, scene.recipients / 20))
    worker = scene.worker()
    for _number in scene.strikes():
        took = scene.scratch.stop(worker)
        scene.workers.remove(worker)
        scene.say(f"gone after {took:.1f} s")
        if took > 30:
            scene.problems.append(f"A worker took {took:.0f} s to end.")
        left = Delivery.objects.filter(edition=scene.edition, status=Delivery.Status.SENDING)
        if left.exists():
            scene.problems.append(f"{left.count()} deliveries were left as sending.")
        worker = scene.worker()
    scene.finish()
    return scene.report(0)


def twohosts(scene: Scene) -> Report:
    """Two hosts with a disk each: one is stopped or killed, replaced, and comes back late."""
    scene.begin(rate=max(200.0, scene.recipients / 25))
    hosts = [scene.host("host-a"), scene.host("host-b")]
    running: list[Running] = [
        scene.worker("host-a", **hosts[0]),
        scene.worker("host-b", **hosts[1]),
    ]
    for number in scene.strikes():
        one = number % 2
        victim = running[one]
        if number % 4 < 2:
            scene.say(f"{victim.name} stands still")
            victim.signal(signal.SIGSTOP)
            _wait_for_replacement(scene)
            victim.signal(signal.SIGCONT)
        else:
            scene.say(f"{victim.name} is killed; its disk comes back late")
            scene.kill(victim)
            _wait_for_replacement(scene)
            running[one] = scene.worker(victim.name, **hosts[one])
    scene.finish()
    _wait_for_last_words(scene)
    return scene.report(scene.rounds * SLICES)


def _wait_for_last_words(scene: Scene) -> None:
    """Give those who came back the time to settle what their journals prove."""
    for one in scene.workers[:]:
        scene.scratch.stop(one)
        scene.workers.remove(one)
    for name in ("host-a", "host-b"):
        scene.worker(name, **scene.host(name))
    time.sleep(2)
