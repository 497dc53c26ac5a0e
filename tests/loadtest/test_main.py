"""A whole short run, in a process of its own, because locust patches the one it is loaded into,
against a server that remembers just enough of the API."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
NEEDED_KEY = "a key for the load test"


class Service(ThreadingHTTPServer):
    """`found` is whether searches find anything."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, found: bool) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.found = found
        self.numbers = count()
        self.memories: dict[str, str] = {}
        self.edges: dict[str, list[str]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Service

    def do_GET(self) -> None:
        if not (walk := re.match(r"/v1/memories/(\w+)/related", self.path)):
            return self._answer({"memories": []})
        ids = self.server.edges.get(walk[1], [])
        return self._answer({"memories": [{"id": each} for each in ids], "truncated": False})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/memories":
            made = f"mem_{next(self.server.numbers)}"
            self.server.memories[made] = asked["content"]
            return self._answer({"id": made, "content": asked["content"]}, 201)
        if self.path == "/v1/memories/search":
            about = asked["query"].removeprefix("Who").removesuffix("?")
            kept = self.server.memories.items() if self.server.found else ()
            return self._answer({"memories": [{"id": key} for key, text in kept if about in text]})
        source = self.path.split("/")[3]
        self.server.edges.setdefault(source, []).append(asked["target_id"])
        return self._answer({"source": source, "target": asked["target_id"]}, 201)

    def do_DELETE(self) -> None:
        erased = self.path.split("/")[3]
        del self.server.memories[erased]
        return self._answer({"id": erased})

    def _answer(self, body: dict[str, Any], status: int = 200) -> None:
        if self.headers["Authorization"] != f"Token {NEEDED_KEY}":
            status = 401
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def service(request: pytest.FixtureRequest) -> Iterator[Service]:
    with Service(getattr(request, "param", True)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run(url: str, report: Path, key: str = NEEDED_KEY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [
            *(sys.executable, "-m", "loadtest", "--host", url),
            *("--users", "3", "--seconds", "1", "--report", str(report)),
        ],
        cwd=ROOT,
        env={**os.environ, "MEM0G_TEST_API_KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_run_ends_with_a_table_a_report_and_nothing_left(
    service: Service, tmp_path: Path
) -> None:
    done = run(service.url, tmp_path / "report.html")
    assert done.returncode == 0, done.stderr
    rows = dict(re.findall(r"^(add|search|relate|walk|all) +(\d+) ", done.stdout, re.MULTILINE))
    assert len(rows) == 5
    assert all(int(requests) for requests in rows.values())
    assert "<html" in (tmp_path / "report.html").read_text().lower()
    assert service.memories == {}


@pytest.mark.parametrize("service", [False], indirect=True)
def test_a_search_that_misses_what_was_added_is_an_error(service: Service, tmp_path: Path) -> None:
    done = run(service.url, tmp_path / "report.html")
    assert done.returncode == 1
    assert "× search: answered, but not with what was asked for" in done.stderr


def test_a_wrong_key_and_an_absent_service_are_one_line_each(
    service: Service, tmp_path: Path
) -> None:
    for url, key, line in [
        (service.url, "another", "wants a key: set MEM0G_TEST_API_KEY"),
        ("http://127.0.0.1:9", NEEDED_KEY, "no service answers at http://127.0.0.1:9: "),
    ]:
        done = run(url, tmp_path / "report.html", key)
        assert done.returncode == 2
        assert line in done.stderr
        assert done.stderr.count("\n") == 1
