"""Everything on one machine: sets up what is missing, starts the services, stops them."""

import os
import signal
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from intelbrief.ops import demo, services
from intelbrief.ops.instance import Lock, free_port, is_free, require_free
from intelbrief.ops.supervisor import Service, Supervisor

USUAL_PORT = 8000
RENEWAL = ".venv/bin/python manage.py changepassword"


@dataclass
class Site:
    """Where it is to be found, and by whom it may be opened."""

    port: int
    url: str
    admin: demo.NewAdmin | None = None
    administrator: str = ""  # whose password was shown at an earlier start


def choose_site(port: int | None, *, any_port: bool) -> Site:
    """Return where the site will be; raise PortTaken.

    A site on this machine has the port in its address, so SITE_URL follows
    --port, for this process and those it starts. A public one stands behind a
    proxy and keeps its address.
    """
    parts = urlsplit(settings.SITE_URL)
    local = settings.SITE_IS_LOCAL
    if port is None:
        port = (parts.port if local else None) or USUAL_PORT
        if any_port and local and not is_free(port):
            port = free_port()
    require_free(port)
    if local:
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        settings.SITE_URL = f"{parts.scheme}://{host}:{port}"
        os.environ["SITE_URL"] = settings.SITE_URL
    return Site(port, settings.SITE_URL)


class Everything:
    """The running whole, from the lock to the last service."""

    def __init__(self, lock: Lock) -> None:
        # The reaper holds the lock too: nobody starts anew while it still cleans up.
        self.supervisor = Supervisor(keep_open=(lock.descriptor,))
        self.say = self.supervisor.say
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.supervisor.ask_to_stop)
        # Under nohup the end of the terminal is not to be noticed.
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
            signal.signal(signal.SIGHUP, self.supervisor.ask_to_stop)

    def start(self, site: Site, *, with_people: bool) -> None:
        """Start everything; raise CannotStart with the reason.

        *with_people*: also make the first log-in, and a first publication.
        """
        broker, inbox = services.broker(), services.inbox()
        for service in (broker, inbox):
            if service is not None:
                self.supervisor.start(service)
        if self.migrate():
            self.say("the database is set up")
        if with_people and settings.SITE_IS_LOCAL:
            if demo.seed():
                self.say("made a demonstration publication with a draft")
            site.admin = demo.make_admin()
            site.administrator = demo.administrator()
        # No connection of this process is open while the services work.
        connections.close_all()
        self._wait(broker, inbox)
        environment = {"SITE_URL": site.url}
        rest = (
            services.worker(environment),
            services.scheduler(environment),
            services.web(site.port, environment),
        )
        # They load at the same time, and are waited for in their order.
        for service in rest:
            self.supervisor.start(service)
        self._wait(*rest)

    def _wait(self, *started: Service | None) -> None:
        for service in started:
            if service is not None:
                self.supervisor.wait_for(service)
                self.say("ready", service.name)

    def migrate(self) -> bool:
        """Bring the database to the present form; return False if it was."""
        executor = MigrationExecutor(connection)
        if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        call_command("migrate", verbosity=0, interactive=False)
        # What was published before there was a search can be found from now on.
        call_command("reindex", missing=True, verbosity=0)
        return True

    def stop(self) -> None:
        """Stop everything in reverse."""
        self.supervisor.stop()


def welcome(site: Site) -> str:
    """Return what is printed when everything runs."""
    rows = [("Site", f"{site.url}/"), ("Admin", f"{site.url}/admin/")]
    if site.admin:
        rows.append(("", f"{site.admin.email}   password {site.admin.password}"))
        rows.append(("", "(shown this once; change it in the admin)"))
    elif site.administrator:
        rows.append(("", f"new password: {RENEWAL} {site.administrator}"))
    if settings.LOCAL_INBOX:
        rows.append(("Inbox", f"{site.url}/inbox/   all mail ends up here, none leaves"))
    lines = [f"    {name:<8}{value}" for name, value in rows]
    return "\n".join(["", "  IntelBrief is running.", "", *lines, "", "  Ctrl-C stops it.", ""])


def say_to_user(text: str) -> None:
    """Print *text* to stderr, where all progress goes."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()
