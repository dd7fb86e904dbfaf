"""Start everything on this machine."""

import json
import os
import time
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any, NoReturn

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import OperationalError

from intelbrief.ops import once, up
from intelbrief.ops.instance import AlreadyRunning, Lock, PortTaken
from intelbrief.ops.supervisor import CannotStart, ServiceDied
from intelbrief.ops.valkey import NoValkey


class Command(BaseCommand):
    help = "Start web, worker, scheduler and what is embedded; with --once, prove that it works."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, metavar="N", help="of the site; 8000, with --once any free one"
        )
        parser.add_argument(
            "--once",
            action="store_true",
            help="let three readers subscribe, send them a brief, read it back, stop",
        )
        parser.add_argument(
            "--json", action="store_true", help="with --once: print the result as one JSON object"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started_at = time.monotonic()
        # Readers' addresses and mails are for this user alone, wherever VAR_DIR lies.
        os.umask(0o077)
        if problem := self.refuse(**options):
            fail(problem)
        lock = Lock(settings.RUN_DIR)
        try:
            lock.acquire()
            site = up.choose_site(options["port"], any_port=options["once"])
        except AlreadyRunning as error:
            more = " Stop it first (Ctrl-C); --once needs the var folder to itself."
            fail(f"{error}{more if options['once'] else ''}")
        except PortTaken as error:
            fail(str(error))
        everything = up.Everything(lock)
        problem = ""
        try:
            everything.start(site, with_people=not options["once"])
            lock.announce(site.url)
            if options["once"]:
                self.run_once(everything, started_at, as_json=options["json"])
            else:
                self.stdout.write(up.welcome(site))
                self.stdout.flush()
                everything.supervisor.watch()
        except KeyboardInterrupt:
            problem = "interrupted" if options["once"] else ""
        except OperationalError as error:
            problem = f"The database cannot be used: {error}".strip()
        except (CannotStart, ServiceDied, NoValkey, PermissionError, once.RunFailed) as error:
            problem = str(error)
        finally:
            everything.say("stopping")
            everything.stop()
            lock.release()
        if problem:
            fail(problem)
        everything.say("stopped")

    def refuse(self, *, once: bool, json: bool, **_: Any) -> str:
        """Return why these options cannot be, or nothing."""
        if json and not once:
            return "--json goes with --once."
        if once and not settings.LOCAL_INBOX:
            return (
                "--once reads the mail back from the local inbox, which is off: an e-mail "
                "provider is set, or SITE_URL is public. It never sends to anybody else."
            )
        return ""

    def run_once(self, everything: up.Everything, started_at: float, *, as_json: bool) -> None:
        """Do the demonstration and print what came of it."""
        supervisor = everything.supervisor

        def check() -> None:
            if supervisor.stop_asked.is_set():
                raise KeyboardInterrupt
            supervisor.check()

        run = once.Run(lambda text: everything.say(text, "once"), check)
        outcome = run.go(started_at)
        words = "\n".join(once.lines(run, outcome))
        if as_json:
            up.say_to_user(words)
            self.stdout.write(json.dumps(asdict(outcome), ensure_ascii=False))
        else:
            self.stdout.write(words)
        self.stdout.flush()


def fail(problem: str) -> NoReturn:
    """Say *problem* and end with status 1."""
    up.say_to_user(problem)
    raise SystemExit(1)
