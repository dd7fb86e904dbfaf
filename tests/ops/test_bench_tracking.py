"""The load generator of `bench tracking`: it knows to the last one what it sent."""

import socket
import threading

import pytest

from intelbrief.ops.bench.load import Broken, Load, request

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"


@pytest.fixture
def server():
    """Return a port that answers, in two parts, and the requests that it got."""
    got, listener = [], socket.create_server(("127.0.0.1", 0))

    def serve(link):
        with link:
            while received := link.recv(65536):
                got.append(received)
                link.sendall(ANSWER)
                link.sendall(b"GIF")

    def accept():
        while True:
            try:
                link, _address = listener.accept()
            except OSError:
                return
            threading.Thread(target=serve, args=(link,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    yield listener.getsockname()[1], got
    listener.close()


@pytest.mark.sqlite_only
def test_as_many_are_sent_as_were_asked_for(server):
    port, got = server
    lines = ["/o/a\t203.0.113.7\tOne", "/o/a\t203.0.113.8\tTwo\n"]
    load = Load(port, [request(line) for line in lines], 101)
    figures = load.run(8)
    assert figures["statuses"] == {"200": 101}
    assert figures["p99_ms"] >= figures["p50_ms"] > 0
    assert len(got) == 101
    assert {b"User-Agent: One" in one for one in got} == {True, False}


@pytest.mark.sqlite_only
def test_a_server_that_hangs_up_is_no_answer():
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def hang_up():
            link, _address = listener.accept()
            link.recv(100)
            link.close()

        threading.Thread(target=hang_up, daemon=True).start()
        with pytest.raises((Broken, OSError)):
            Load(listener.getsockname()[1], [b"GET / HTTP/1.1\r\n\r\n"], 5).run(1)
