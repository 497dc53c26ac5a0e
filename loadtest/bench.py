"""`python -m loadtest.bench`: what the service costs, measured on a service of its own.

Prints throughput and latency at 1 and 16 callers, CPU a request outside the model, what the model
alone does with the same texts, and the memory of every process. Linux only: it reads /proc.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import platform
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import yaml

from config import Settings
from deployments.models.device_queue import MODEL_THREAD
from deployments.models.encoder import SentenceEncoder
from loadtest.sentences import sentences

CALLERS = (1, 16)

# Enough that no run sends one twice: a duplicate would not be stored.
SENTENCES = list(islice(sentences(seed=1), 60_000))

# Method, path, and what is sent.
Request = tuple[str, str, dict[str, Any]]
_TICKS = os.sysconf("SC_CLK_TCK")


def _user(number: int) -> dict[str, str]:
    return {"user_id": f"user-{number % 50}"}


def _add(number: int) -> Request:
    return "POST", "/v1/memories", {"json": {"content": SENTENCES[number].text} | _user(number)}


def _search(number: int) -> Request:
    asked = {"query": SENTENCES[number // 2].question} | _user(number)
    return "POST", "/v1/memories/search", {"json": asked}


def _list(number: int) -> Request:
    return "GET", "/v1/memories", {"params": _user(number) | {"limit": 10}}


def _mem0_add(number: int) -> Request:
    said = {"messages": [{"role": "user", "content": SENTENCES[number].text}], "infer": False}
    return "POST", "/v3/memories/add/", {"json": said | _user(number)}


def _mem0_search(number: int) -> Request:
    asked = {"query": SENTENCES[number // 2].question, "filters": _user(number)}
    return "POST", "/v3/memories/search/", {"json": asked}


def _mem0_list(number: int) -> Request:
    page = {"page": 1, "page_size": 10}
    return "POST", "/v3/memories/", {"json": {"filters": _user(number)}, "params": page}


OPERATIONS: dict[str, Callable[[int], Request]] = {
    "add": _add,
    "search": _search,
    "list": _list,
    "add, as Mem0": _mem0_add,
    "search, as Mem0": _mem0_search,
    "list, as Mem0": _mem0_list,
}


@dataclass(frozen=True, slots=True)
class Load:
    """What one run of an operation came to; latencies in ms."""

    operation: str
    callers: int
    per_second: float
    p50: float
    p95: float
    outside_ms: float
    model_ms: float


class Running:
    """The service as a subprocess, on a free port and fresh data."""

    def __init__(self, config: Path, folder: Path) -> None:
        document = yaml.safe_load(config.read_text())
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        document["http_options"]["port"] = self.port
        copy = folder / "serve_config.yaml"
        copy.write_text(yaml.safe_dump(document))
        environment = {**os.environ, "MEM0G_DATA_DIR": str(folder / "data")}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "deployments", str(copy)],
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if "curl" in line:
                return
        raise SystemExit(f"the service ended with {self._process.wait()}")

    def family(self) -> list[psutil.Process]:
        root = psutil.Process(self._process.pid)
        return [root, *root.children(recursive=True)]

    def cpu_ms(self) -> tuple[float, float]:
        """CPU so far, outside the model and in it. The model's threads are told by their name,
        which torch's own threads inherit."""
        outside = model = 0.0
        for process in self.family():
            for comm, ticks in _threads(process.pid):
                if comm == MODEL_THREAD:
                    model += ticks
                else:
                    outside += ticks
        return outside * 1000 / _TICKS, model * 1000 / _TICKS

    def stop(self) -> None:
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)


def _threads(pid: int) -> Iterator[tuple[str, int]]:
    for path in Path(f"/proc/{pid}/task").glob("*/stat"):
        try:
            name, _, rest = path.read_text().partition("(")[2].rpartition(")")
        except OSError:
            continue
        fields = rest.split()
        yield name, int(fields[11]) + int(fields[12])


async def drive(
    running: Running, operation: str, callers: int, seconds: float, numbers: Iterator[int]
) -> Load:
    host = f"http://127.0.0.1:{running.port}"
    connector = aiohttp.TCPConnector(limit=callers)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def one(number: int) -> None:
            method, path, sent = OPERATIONS[operation](number)
            async with session.request(method, host + path, **sent) as answer:
                assert answer.status in (200, 201), await answer.text()

        await _closed_loop(one, callers, 1.0, numbers)
        before, began = running.cpu_ms(), time.perf_counter()
        took = await _closed_loop(one, callers, seconds, numbers)
        elapsed, after = time.perf_counter() - began, running.cpu_ms()
    cuts = statistics.quantiles(took, n=20)
    return Load(
        operation,
        callers,
        len(took) / elapsed,
        statistics.median(took),
        cuts[18],
        (after[0] - before[0]) / len(took),
        (after[1] - before[1]) / len(took),
    )


async def _closed_loop(
    one: Callable[[int], Awaitable[None]], callers: int, seconds: float, numbers: Iterator[int]
) -> list[float]:
    """Latencies in ms of callers that each send their next request when the last is answered."""
    took: list[float] = []
    end = time.perf_counter() + seconds

    async def caller() -> None:
        while (began := time.perf_counter()) < end:
            await one(next(numbers))
            took.append((time.perf_counter() - began) * 1000)

    await asyncio.gather(*(caller() for _ in range(callers)))
    return took


def model_alone(settings: Settings) -> tuple[float, float]:
    """Texts a second in batches of 16, and the median ms of a single text."""
    encoder = SentenceEncoder(settings.embedder)
    texts = [sentence.text for sentence in SENTENCES[:640]]
    encoder.encode(texts[:16])
    began = time.perf_counter()
    for start in range(0, len(texts), 16):
        encoder.encode(texts[start : start + 16])
    rate = len(texts) / (time.perf_counter() - began)
    single = []
    for text in texts[:100]:
        began = time.perf_counter()
        encoder.encode([text])
        single.append((time.perf_counter() - began) * 1000)
    return rate, statistics.median(single)


def memory(running: Running) -> list[tuple[str, float]]:
    """PSS in MB by process, largest first."""
    rows = []
    for process in running.family():
        try:
            lines = Path(f"/proc/{process.pid}/smaps_rollup").read_text().splitlines()
            name = " ".join(process.cmdline())[:60] or process.name()
        except (OSError, psutil.Error):
            continue
        pss = next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
        rows.append((name, pss / 1024))
    return sorted(rows, key=lambda row: -row[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("serve_config.yaml"))
    parser.add_argument("--seconds", type=float, default=8.0)
    options = parser.parse_args()
    settings = Settings.load(yaml.safe_load(options.config.read_text())["applications"][0]["args"])
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"vector store {settings.vector_store.backend}, redis fsync {settings.redis.fsync}"
    )
    rate, single = model_alone(settings)
    print(f"model alone: {rate:.0f} texts/s in batches of 16, {single:.1f} ms for one text (p50)\n")
    with tempfile.TemporaryDirectory() as folder:
        running = Running(options.config, Path(folder))
        try:
            time.sleep(5)
            idle = memory(running)
            numbers = count()
            print(
                "| operation | callers | per s | p50 ms | p95 ms | CPU-ms outside model | in it |"
            )
            print("|---|---|---|---|---|---|---|")
            for operation in OPERATIONS:
                for callers in CALLERS:
                    load = asyncio.run(drive(running, operation, callers, options.seconds, numbers))
                    print(
                        f"| {load.operation} | {load.callers} | {load.per_second:.0f} "
                        f"| {load.p50:.1f} | {load.p95:.1f} | {load.outside_ms:.1f} "
                        f"| {load.model_ms:.1f} |",
                        flush=True,
                    )
            print(f"\nidle PSS, all processes: {sum(size for _, size in idle):.0f} MB")
            for name, size in idle:
                print(f"  {size:7.1f} MB  {name}")
        finally:
            running.stop()


if __name__ == "__main__":
    main()
