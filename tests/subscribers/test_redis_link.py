"""A Redis that hangs costs one question, whoever asks, and the send goes on without it."""

import socket
import time

import pytest
from django.core.cache import cache, caches
from redis import Redis
from redis.exceptions import RedisError

from deliveries import domains, lanes, meter, throttle
from deliveries.models import Batch
from subscribers import limits, redis_link

pytestmark = pytest.mark.sqlite_only


@pytest.fixture
def hanging(settings, monkeypatch):
    """Have Redis accept every connection and never say a word; yield a count of connections."""
    monkeypatch.setattr(redis_link, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(limits, "_link", limits._Link())
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        url = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        default = {**settings.CACHES["default"], "LOCATION": url}
        settings.CACHES = {**settings.CACHES, "default": default}
        yield lambda: connections_of(server)
    caches["default"].close()


def connections_of(server):
    """Return how many connected since the last time that this was asked."""
    number = 0
    while True:
        try:
            server.accept()[0].close()
        except BlockingIOError:
            return number
        number += 1


@pytest.mark.django_db
def test_a_redis_that_hangs_is_asked_once_by_all_of_the_send(hanging, settings, monkeypatch):
    naps = []
    monkeypatch.setattr(time, "sleep", naps.append)
    settings.PROVIDERS = {"main": {"rate": 100}}
    monkeypatch.setattr(meter, "EVERY", 0.0)
    known = domains.Domains("main")
    for _slice in range(3):
        assert not lanes.is_held("main")
        assert lanes.broken() == set()
        lanes.hold("main", lanes.LaneTrouble("421 4.7.0 Try again later"))
        lanes.was_answered("main", 1)
        assert throttle.ask("main", 25, time.monotonic() + 60).letters == 25
        throttle.give_back("main", throttle.Grant(25, is_smoothed=True), 5)
        assert known.look() == {}
        meter.hand_in()
        assert limits.ask(Redis.ping) is None
    assert hanging() == 1
    # Not the rate as such: a share of it, for each worker by itself.
    assert naps == [0.25] * 3
    assert not Batch.objects.exists()


def test_after_its_rest_redis_is_asked_again_and_an_answer_ends_it(hanging, settings, monkeypatch):
    with pytest.raises(RedisError):
        cache.get("a")
    with pytest.raises(redis_link.Resting, match="asked again in 5 s"):
        cache.get("a")
    breaker = redis_link._breakers[settings.CACHES["default"]["LOCATION"]]
    breaker.rests_until = 0.0
    with pytest.raises(RedisError):
        cache.get("a")
    assert hanging() == 2, "a connection that hung is not asked a second time"


def test_a_connection_that_was_closed_meanwhile_is_made_anew(monkeypatch):
    client = redis_link.client()
    client.ping()
    link = client.connection_pool.get_connection()
    client.connection_pool.release(link)
    monkeypatch.setattr(link, "can_read", lambda *_, **__: False)  # nobody has noticed yet
    link._sock.shutdown(socket.SHUT_RDWR)
    assert client.ping()
