"""Exactly one valkey-server a data folder, whatever dies."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import redis

from graph_store.redis.local_server import ValkeyServer, answers, in_use, socket_of
from memory.domain.errors import StartupRefused

OWNER = """
import sys, time
from pathlib import Path
from graph_store.redis.local_server import ValkeyServer
server = ValkeyServer(Path(sys.argv[1]), sys.argv[2])
print(server.start(), server.pid, flush=True)
time.sleep(60)
"""
ROOT = Path(__file__).parents[3]


def until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except FileNotFoundError:
        return False


def client(data_dir):
    return redis.Redis(unix_socket_path=str(socket_of(data_dir)))


@pytest.fixture
def started():
    servers = []

    def start(data_dir, service="one"):
        server = ValkeyServer(data_dir, service)
        servers.append(server)
        server.start()
        return server

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def foreign_owner():
    """Owners in processes of their own, which a test may kill."""
    owners = []

    def start(data_dir, service="one"):
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER, str(data_dir), service],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        owners.append(owner)
        _, pid = owner.stdout.readline().split()
        return owner, int(pid)

    yield start
    for owner in owners:
        owner.kill()
        owner.wait()
        owner.stdout.close()


def test_a_killed_server_comes_back_with_its_data(tmp_path, started):
    server = started(tmp_path)
    client(tmp_path).set("kept", "yes")
    killed = server.pid
    os.kill(killed, signal.SIGKILL)
    until(lambda: server.pid not in (None, killed) and answers(socket_of(tmp_path)))
    assert client(tmp_path).get("kept") == b"yes"


def test_a_killed_owner_leaves_no_server(tmp_path, foreign_owner):
    owner, pid = foreign_owner(tmp_path)
    owner.kill()
    until(lambda: not alive(pid))
    until(lambda: not in_use(tmp_path))


def test_another_service_on_the_same_folder_is_refused(tmp_path, started):
    started(tmp_path)
    with pytest.raises(StartupRefused, match="in use by another service"):
        ValkeyServer(tmp_path, "two").start()
    assert answers(socket_of(tmp_path))


def test_a_successor_adopts_the_server_and_takes_over(tmp_path, foreign_owner, started):
    owner, pid = foreign_owner(tmp_path)
    client(tmp_path).set("kept", "yes")
    successor = started(tmp_path)
    assert successor.pid is None
    assert alive(pid)
    owner.kill()
    until(lambda: successor.pid is not None and answers(socket_of(tmp_path)))
    assert client(tmp_path).get("kept") == b"yes"
    assert not alive(pid)


def test_stop_ends_the_server_and_frees_the_folder(tmp_path, started):
    server = started(tmp_path)
    pid = server.pid
    assert in_use(tmp_path)
    server.stop()
    assert not alive(pid)
    assert not in_use(tmp_path)


def test_it_keeps_everything_and_listens_on_no_port(tmp_path, started):
    started(tmp_path)
    told = {
        name: client(tmp_path).config_get(name)[name]
        for name in ("port", "appendonly", "appendfsync", "maxmemory-policy", "save")
    }
    assert told == {
        "port": "0", "appendonly": "yes", "appendfsync": "always",
        "maxmemory-policy": "noeviction", "save": "",
    }  # fmt: skip
    assert socket_of(tmp_path).parent.stat().st_mode & 0o077 == 0


def test_a_deep_folder_gets_a_short_socket(tmp_path, started):
    deep = tmp_path / ("d" * 60) / ("e" * 60)
    started(deep)
    assert client(deep).ping()
    assert socket_of(deep).parent.stat().st_mode & 0o077 == 0
    assert socket_of(deep) != socket_of(tmp_path)
