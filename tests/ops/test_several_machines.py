"""A web host, two hosts that send and a relay, on one PostgreSQL and one Redis.

Each has a folder of its own. A process dies on one host, the host itself is lost
in mid-send and comes back late, and the other one stands still past its lease.
"""

import io
import os
import signal
from types import SimpleNamespace

import pytest
import requests
from django.test import Client
from PIL import Image as Pillow

from briefs import images
from deliveries import reports
from deliveries.models import Batch, Delivery, Edition
from deliveries.providers import CONNECTIONS
from intelbrief.ops.drill.audit import audit
from intelbrief.ops.instance import free_port
from intelbrief.ops.scratch import Running
from intelbrief.ops.sinks.recording import RecordingSink
from intelbrief.ops.visitor import Page
from subscribers import tokens
from tests import services
from tests.make import make_fit_brief, make_member, make_publication, make_readers
from tests.ops.hosts import Host, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.postgres_only]

READERS = 4000
RATE = 150.0  # letters a second that the relay takes while things break
LEASE_SECONDS = 8  # Celery looks for children that died every five


@pytest.fixture
def relay(processes, tmp_path):
    """Return a relay that writes down what it takes, a process of its own."""

    def spawn(name, command, **options):
        import subprocess

        with (tmp_path / name).open("wb") as log:
            process = subprocess.Popen(command, stderr=log, start_new_session=True, **options)
        services.reaper.watch(process.pid)
        processes.running.append(process)
        return Running(name, process, tmp_path / name)

    return RecordingSink(SimpleNamespace(folder=tmp_path, spawn=spawn))


class House:
    """The machines, and what an editor sees of them."""

    def __init__(self, processes, relay, folder):
        self.relay = relay
        self.port = free_port()
        self.site = f"http://127.0.0.1:{self.port}"
        lane = f'{{"main": {{"provider": "smtp", "url": "{relay.lane["url"]}", "concurrency": 2}}}}'
        common = {
            "SITE_URL": self.site,
            "PROVIDERS": lane,
            "TICK_SECONDS": "0.3",
            "LEASE_SECONDS": str(LEASE_SECONDS),
            "FIRST_RETRY_SECONDS": "1",
            "LANE_REST_SECONDS": "1",
        }
        self.web, self.north, self.south = (
            Host(name, folder, processes, **common) for name in ("web", "north", "south")
        )
        self.edition: Edition

    def start(self):
        """Start it as docs/scaling.md says: pages and small things here, letters there."""
        self.web.start(
            *("-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1"),
            *("--port", str(self.port), "--workers", "1", "--blocking-threads", "2"),
            *("--log-level", "error", "intelbrief.wsgi:application"),
        )
        ready = [
            self.web.start_worker("notices,housekeeping"),
            self.north.start_worker("editions"),
            self.south.start_worker("editions"),
        ]
        until(lambda: all(path.exists() for path in ready) and self.answers())

    def answers(self):
        """Tell whether the web host gives a page."""
        try:
            return self.get("/").ok
        except requests.ConnectionError:
            return False

    def get(self, path, **options):
        """Open *path* on the web host."""
        return requests.get(self.site + path, timeout=30, **options)

    def send(self, brief, by):
        """Press the button of the send screen."""
        client = Client()
        client.force_login(by)
        with requests.Session() as browser:
            browser.cookies.update({"sessionid": client.cookies["sessionid"].value})
            address = f"{self.site}/admin/deliveries/edition/send/{brief.pk}/"
            page = browser.get(address, timeout=60)
            assert page.status_code == 200, page.text
            screen = Page(page.url, page.status_code, page.text)
            (form,) = [form for form in screen.forms() if "when" in form.fields]
            fields = {name: value for name, value in form.fields.items() if name != "plan"}
            browser.post(address, fields, headers={"Referer": address}, timeout=60)
        self.edition = Edition.objects.get(revision__brief=brief)

    def leave(self, subscription):
        """Unsubscribe by one click of a mail program."""
        path = f"/u/{tokens.unsubscribe.make(subscription.pk, 0)}"
        answer = requests.post(
            self.site + path, {"List-Unsubscribe": "One-Click"}, timeout=30, allow_redirects=False
        )
        assert answer.status_code == 200

    def doubts(self):
        """Return the deliveries that are in doubt."""
        rows = Delivery.objects.filter(edition=self.edition, status="in-doubt")
        return set(rows.values_list("pk", flat=True))

    def taken(self):
        """Return the deliveries that the relay took."""
        addresses = [one.recipient for one in self.relay.taken()]
        rows = Delivery.objects.filter(edition=self.edition, subscriber__address_key__in=addresses)
        return set(rows.values_list("pk", flat=True))

    def why(self):
        """Return what is known of a send that stands still."""
        self.edition.refresh_from_db()
        return f"{self.edition.status} {reports.summary(self.edition)} {self.relay.state()}"

    def is_over(self):
        """Tell whether the edition is finished and nobody holds anything of it."""
        self.edition.refresh_from_db()
        held = Batch.objects.filter(edition=self.edition, owner__isnull=False)
        return self.edition.status == "finished" and not held.exists()


@pytest.fixture
def house(processes, relay, tmp_path):
    """Return the machines, running."""
    made = House(processes, relay, tmp_path)
    made.start()
    return made


def picture():
    """Return a small picture as a browser uploads it."""
    file = io.BytesIO()
    Pillow.new("RGB", (64, 32), "teal").save(file, "PNG")
    file.seek(0)
    return file


def test_a_host_lost_in_mid_send_and_back_late_costs_nobody_a_letter(house):
    publication = make_publication()
    make_readers(publication, READERS)
    image = images.store(picture(), publication=publication, alt="Two cranes", by=None)
    body = f"{images.as_markdown(image, '')}\n\nThe cranes arrived on Monday."
    brief = make_fit_brief(publication, body=body)
    house.relay.behave(rate=RATE)
    house.send(brief, make_member(publication, "publisher"))
    north, south = house.north, house.south
    until(lambda: north.in_hand() and south.in_hand(), what=house.why)

    # A process dies on a host that lives on, and its journal is read there within its lease. The
    # other host stands still past its lease, is replaced, and goes on where it was.
    south.signal(signal.SIGSTOP)
    held_by_south = south.in_hand()
    os.kill(north.child(), signal.SIGKILL)
    until(lambda: len(north.owners()) == 2 and north.has_settled_all(), what=house.why)
    after_the_kill = house.doubts()
    assert not after_the_kill & held_by_south, "its lease still runs"
    assert len(after_the_kill) <= CONNECTIONS, "one for each open connection"
    until(lambda: not south.batches().exists() and north.in_hand(), what=house.why)
    assert house.doubts() - after_the_kill <= held_by_south
    south.signal(signal.SIGCONT)
    until(lambda: south.has_settled_all() and south.in_hand(), what=house.why)

    # A host is lost with its disk. What it had in hand is in doubt, and nothing else.
    before = house.doubts()
    assert until(north.in_hand)
    north.lose()
    held_by_north = north.in_hand()
    last = publication.subscriptions.order_by("-pk")[0]
    house.leave(last)
    until(lambda: not north.batches().exists(), what=house.why)
    assert house.doubts() - before <= held_by_north

    # It comes back late, and its journal settles what it proves.
    north.start_worker("editions")
    until(lambda: north.has_settled_all() and north.in_hand(), what=house.why)
    assert len((house.doubts() - before) & house.taken()) <= CONNECTIONS
    assert house.get(image.file.url).ok
    brief.refresh_from_db()
    assert brief.headline in house.get(brief.web_path()).text

    house.relay.behave()
    until(house.is_over, what=house.why)
    report = audit(
        house.edition,
        house.relay,
        bound=len(after_the_kill) + len(held_by_north) + len(held_by_south),
        seconds=0,
    )
    assert report.ok, report
    assert report.audience == READERS
    assert Delivery.objects.get(edition=house.edition, subscriber=last.subscriber_id).reason == (
        "unsubscribed"
    )
