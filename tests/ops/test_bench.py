"""The measurements: that they run, say what they promise to say, and verify what was sent."""

import os
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest

from deliveries import letters
from deliveries.models import CompiledMail, Delivery
from intelbrief.ops import population
from intelbrief.ops.bench import messages, usage
from intelbrief.ops.bench.verifying import verify
from subscribers import tokens


@pytest.mark.slow
@pytest.mark.sqlite_only  # workers send on both in tests/deliveries; an import is measured on both
def test_bench_send_measures_and_verifies(on_scratch):
    figures = on_scratch("bench", "send", "--recipients", "300")
    assert list(figures) == [
        "recipients",
        "seconds",
        "messages_per_second",
        "cpu_seconds_per_1000",
        "peak_rss_mb",
        "freeze_seconds",
        "smtp_source_per_second",
        "ratio",
        "verified",
    ]
    assert figures["verified"] is True
    assert figures["recipients"] == 300
    assert figures["cpu_seconds_per_1000"] > 0
    assert 20 < figures["peak_rss_mb"] < 150


@pytest.mark.slow
@pytest.mark.sqlite_only  # what a freeze writes is tried on both; this tries what measures it
def test_bench_freeze_writes_the_whole_audience(on_scratch):
    figures = on_scratch("bench", "freeze", "--recipients", "21000")
    assert figures["recipients"] == 21_000
    assert figures["freeze_seconds"] > 0


@pytest.mark.django_db
def test_the_message_of_11_kb_has_an_html_part_of_11_kb_and_three_links_of_each_reader():
    population.make_readers(3)
    publication = population.make_publication(3)
    raw = messages.specimen_of(messages.make(publication, "html11k")).as_bytes()
    assert abs(len(raw) - raw.index(b"text/html") - 11 * 1024) < 300
    # Once in each part, and one in the HTML that nobody sees.
    assert raw.replace(b"=\r\n", b"").count(b"/c/") == 7


@pytest.mark.django_db
def test_readers_are_made_by_the_thousand_with_addresses_of_many_domains():
    population.make_readers(2000)
    publication = population.make_publication(1500)
    assert publication.subscriptions.filter(status="active").count() == 1500
    domains = {population.address(number).partition("@")[2] for number in range(2000)}
    assert len(domains) == population.DOMAINS


# --- verifying ------------------------------------------------------------


@pytest.fixture
def sent():
    """Return an edition and what a sink took of it, all as it should be."""
    population.make_readers(3)
    publication = population.make_publication(3)
    edition = population.schedule(population.make_brief(publication, "html11k"))
    edition.links.create(position=0, url="https://port.example/")
    CompiledMail.objects.create(edition=edition, slot_prefix="ib", message_key="k" * 64)
    message_id = letters.load(edition.pk).makers.message_id
    taken = []
    for subscription in publication.subscriptions.select_related("subscriber"):
        row = Delivery.objects.create(edition=edition, subscriber=subscription.subscriber)
        taken.append(
            SimpleNamespace(
                recipient=subscription.subscriber.address,
                message_id=f"{message_id(row.pk).decode()}@harbour.example",
                tokens=(
                    ("u", tokens.unsubscribe.make(subscription.pk, row.pk)),
                    ("v", tokens.view.make(edition.pk, row.pk)),
                    ("c", tokens.click.make(edition.pk, 0, row.pk)),
                ),
            )
        )
    return edition, taken


def sink(taken):
    """Return a sink that took *taken*."""
    return SimpleNamespace(taken=lambda: taken)


@pytest.mark.django_db
def test_letters_with_their_own_tokens_are_verified(sent):
    edition, taken = sent
    assert verify(edition, sink(taken)) == ""


@pytest.mark.django_db
def test_swapped_tokens_missing_and_repeated_letters_are_seen(sent):
    edition, (one, two, three) = sent
    for kind in range(3):
        swapped = SimpleNamespace(**vars(one))
        swapped.tokens = tuple((two if index == kind else one).tokens[index] for index in range(3))
        assert "another reader" in verify(edition, sink([swapped, two, three]))
    swapped = SimpleNamespace(**{**vars(one), "message_id": two.message_id})
    assert "Message-ID" in verify(edition, sink([swapped, two, three]))
    assert "1 not at all" in verify(edition, sink([one, two]))
    assert "1 readers got it twice" in verify(edition, sink([one, two, two, three]))
    cut = SimpleNamespace(**{**vars(one), "tokens": one.tokens[:2]})
    assert "its tokens are" in verify(edition, sink([cut, two, three]))


# --- usage ----------------------------------------------------------------


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc")  # noqa: PTH110  (no path of ours)
def test_the_time_of_children_that_have_ended_is_counted():
    burn = "x=sum(i*i for i in range(4_000_000))"
    script = f"import subprocess,sys,time; subprocess.run([sys.executable,'-c','{burn}']); print(1,flush=True); time.sleep(60)"  # noqa: E501
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    try:
        assert process.stdout
        process.stdout.readline()
        assert usage.cpu_seconds([process.pid]) >= 0.1
        assert list(usage.tree([process.pid])) == [process.pid]
        assert usage.peak_megabytes([process.pid]) > 3
    finally:
        process.kill()
        process.wait()
    started = time.monotonic()
    assert usage.cpu_seconds([process.pid]) == 0
    assert time.monotonic() - started < 5
