"""A real Weaviate for tests: one that runs already, or a binary started on free loopback ports.

MEM0G_TEST_WEAVIATE_URL (and _GRPC_URL) name a running one; else WEAVIATE_BIN or `weaviate` on
PATH is started with a data folder of its own. With MEM0G_TEST_WEAVIATE_REQUIRED=1 tests fail
where neither is found, instead of being skipped.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config import Settings

_READY_WITHIN_S = 90
BACKENDS = ["embedded", pytest.param("weaviate", marks=pytest.mark.weaviate)]
"""What a test runs on in turn; see stored_in."""


class WeaviateServer:
    """`owned` servers were started here, so a test may pause and kill them."""

    owned = False

    def __init__(self, http_url: str, grpc_url: str) -> None:
        self.http_url = http_url
        self.grpc_url = grpc_url

    def wait(self) -> None:
        """Return when the server is ready. Raises TimeoutError."""
        deadline = time.monotonic() + _READY_WITHIN_S
        while time.monotonic() < deadline:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.http_url}/v1/.well-known/ready", timeout=2).is_success:
                    return
            self.look()
            time.sleep(0.1)
        raise TimeoutError(f"weaviate at {self.http_url} is not ready in {_READY_WITHIN_S} s")

    def look(self) -> None:
        """Raise RuntimeError where the server can no longer become ready."""

    def version(self) -> str:
        return str(httpx.get(f"{self.http_url}/v1/meta", timeout=5).json()["version"])

    @contextlib.contextmanager
    def holding(self, settings: Settings, **more: Any) -> Iterator[Settings]:
        """The settings with vectors here, in a collection that ends with its test; `more` are
        fields of their section weaviate."""
        collection = f"Test{uuid.uuid4().hex}"
        here = {"http_url": self.http_url, "grpc_url": self.grpc_url, "collection": collection}
        store = settings.vector_store.model_copy(update={"backend": "weaviate"})
        weaviate = settings.weaviate.model_copy(update=here | more)
        yield settings.model_copy(update={"vector_store": store, "weaviate": weaviate})
        self.remove(collection)

    def remove(self, collection: str) -> None:
        httpx.delete(f"{self.http_url}/v1/schema/{collection}", timeout=30).raise_for_status()


class OwnedServer(WeaviateServer):
    """A child process; keeps its ports and its data folder over restarts."""

    owned = True

    def __init__(self, binary: str, folder: Path) -> None:
        http, grpc, gossip, data, raft, raft_rpc = _free_ports(6)
        super().__init__(f"http://127.0.0.1:{http}", f"grpc://127.0.0.1:{grpc}")
        self._command = [binary, "--host", "127.0.0.1", "--port", str(http), "--scheme", "http"]
        self._environment = os.environ | {
            "PERSISTENCE_DATA_PATH": str(folder / "data"),
            "AUTHENTICATION_ANONYMOUS_ACCESS_ENABLED": "true",
            "AUTOSCHEMA_ENABLED": "false",
            "DISABLE_TELEMETRY": "true",
            "GO_PROFILING_DISABLE": "true",
            "LOG_LEVEL": "warning",
            "GRPC_PORT": str(grpc),
            "CLUSTER_HOSTNAME": "test",
            "CLUSTER_ADVERTISE_ADDR": "127.0.0.1",
            "CLUSTER_GOSSIP_BIND_PORT": str(gossip),
            "CLUSTER_DATA_BIND_PORT": str(data),
            "RAFT_PORT": str(raft),
            "RAFT_INTERNAL_RPC_PORT": str(raft_rpc),
            "RAFT_BOOTSTRAP_EXPECT": "1",
        }
        self._log = folder / "weaviate.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command, env=self._environment, stdout=log, stderr=log
            )
        self.wait()

    def look(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            raise RuntimeError(f"weaviate ended at its start; its log is {self._log}")

    def pause(self) -> None:
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Like a crash: SIGKILL, nothing is flushed."""
        self._signal(signal.SIGKILL).wait(timeout=30)
        self._process = None

    def stop(self) -> None:
        if self._process is None:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def _signal(self, number: int) -> subprocess.Popen[bytes]:
        assert self._process is not None, "the server is not running"
        self._process.send_signal(number)
        return self._process


@contextlib.contextmanager
def weaviate_server(folder: Path, say: Callable[[str], None]) -> Iterator[WeaviateServer]:
    """A ready server, or the test is skipped; one started here ends with the block.

    Which server it is, or why there is none, is said in one line.
    """
    if url := os.environ.get("MEM0G_TEST_WEAVIATE_URL"):
        grpc_url = os.environ.get("MEM0G_TEST_WEAVIATE_GRPC_URL", "grpc://127.0.0.1:50051")
        server = WeaviateServer(url.rstrip("/"), grpc_url)
        server.wait()
        say(f"weaviate {server.version()} at {url}")
        yield server
        return
    binary = os.environ.get("WEAVIATE_BIN") or shutil.which("weaviate")
    if binary is None:
        reason = "no Weaviate to test with: set WEAVIATE_BIN or MEM0G_TEST_WEAVIATE_URL"
        if os.environ.get("MEM0G_TEST_WEAVIATE_REQUIRED") == "1":
            pytest.fail(reason, pytrace=False)
        say(f"weaviate tests are skipped: {reason}")
        pytest.skip(reason)
    owned = OwnedServer(binary, folder)
    try:
        owned.start()
        say(f"weaviate {owned.version()}, started for these tests")
        yield owned
    finally:
        owned.stop()


def stored_in(
    backend: str, request: pytest.FixtureRequest, settings: Settings, **weaviate: Any
) -> Iterator[Settings]:
    """The settings with vectors in this backend, for as long as a fixture's test takes."""
    if backend == "embedded":
        yield settings
        return
    server: WeaviateServer = request.getfixturevalue("weaviate_process")
    with server.holding(settings, **weaviate) as there:
        yield there


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
