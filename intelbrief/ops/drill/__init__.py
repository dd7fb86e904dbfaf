"""Breaks things on purpose while an edition goes out, and compares the ledger with the server."""

from collections.abc import Callable
from dataclasses import dataclass

from intelbrief.ops.drill import backup, machine, mail, people, services, workers
from intelbrief.ops.drill.audit import Report
from intelbrief.ops.drill.scene import Scene


@dataclass(frozen=True)
class Drill:
    """One kind of fault, and how often it strikes unless told otherwise."""

    run: Callable[[Scene], Report]
    rounds: int = 1


DRILLS = {
    "kill": Drill(workers.kill, 10),
    "stop": Drill(workers.stop, 2),
    "sigterm": Drill(workers.sigterm, 3),
    "twohosts": Drill(workers.twohosts, 4),
    "power": Drill(services.lose_power, 3),
    "redis": Drill(services.lose_redis, 3),
    "database": Drill(services.lose_database, 3),
    "smtp": Drill(mail.smtp),
    "provider": Drill(mail.provider),
    "unsubscribe": Drill(people.unsubscribe),
    "publish": Drill(people.publish),
    "clock": Drill(machine.clock),
    "disk": Drill(machine.disk, 2),
    "backup": Drill(backup.backup),
}
