"""`python -m loadtest.graph_bench`: reads of a large graph, on a valkey of its own.

One owner, 10,000 memories in sessions of 20 and 50,000 edges, a tenth of them ended and a tenth
retracted since, memories and edges spread over ten years. Prints p50 and p95 of each read as the
Store does it (memory service and Redis, no HTTP and no handles), then p95 of the same reads as of
an instant when all of it is there, as known before the retractions, and as of one when half of it
is not there yet; `as_of ×` compares the medians of the first two. Also what a memory, a version
and an edge take in Redis.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
import random
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

import numpy as np
import redis

from config import Settings
from deployments.service_settings import service_settings
from graph_store import open_graph_store
from graph_store.redis.local_server import ValkeyServer
from loadtest.sentences import sentences
from memory.domain.caller import Caller
from memory.domain.clock import AT_COMMIT
from memory.domain.errors import NotFound
from memory.domain.ids import mint
from memory.domain.memory import Edge, Memory, Owner, Scope
from memory.domain.transaction import PutEdge, PutMemory, RetractEdge, Transaction, Write
from memory.ports.graph_store import GraphStore
from memory.ports.models import ModelCard, Vectors
from memory.query.views import View, Walk
from memory.service.build import MemoryService, build_service
from vector_store import open_vector_store

MEMORIES, EDGES, A_SESSION = 10_000, 50_000, 20
CORRECTED = 2_000
READS, WARMUP = 200, 30
RELATIONS = ("RELATES_TO", "CAUSED", "PART_OF", "MENTIONS")
_BATCH = 500
_YEAR = 365 * 86_400_000_000
_BEGIN = int(datetime(2016, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
BENCH = Caller("bench")
USER = Scope(user_id="bench")


class NoModel:
    """Graph reads embed nothing."""

    async def embed(self, texts: Sequence[str]) -> Vectors:
        return np.zeros((len(texts), 1), np.float32)

    async def card(self) -> ModelCard:
        return ModelCard("none", 1)


@dataclass(frozen=True, slots=True)
class Ground:
    """The loaded graph: ids of its memories, a record time before the corrections and
    retractions, and what things take in Redis, bytes."""

    ids: Sequence[str]
    known: int
    bytes_a_memory: float
    bytes_a_version: float
    bytes_an_edge: float


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="mem0g-bench-") as folder:
        settings = Settings(data_dir=Path(folder))
        server = ValkeyServer(settings.data_dir, "bench", fsync="everysec")
        url = server.start()
        try:
            asyncio.run(_measure(settings, url))
        finally:
            server.stop()


async def _measure(settings: Settings, url: str) -> None:
    graph = open_graph_store(settings, url)
    model = NoModel()
    await graph.open(await model.card())
    began = time.monotonic()
    with redis.Redis.from_url(url) as client:
        ground = await _load(graph, lambda: int(client.info("memory")["used_memory"]))
        _settle(client)
    gc.collect()
    gc.freeze()  # what the loading left is not the reads' to look through
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores")
    print(f"loaded {MEMORIES} memories and {EDGES} edges in {time.monotonic() - began:.0f} s")
    print(
        f"Redis takes {ground.bytes_a_memory:.0f} bytes a memory, {ground.bytes_a_version:.0f} an "
        f"earlier version, {ground.bytes_an_edge:.0f} an edge\n"
    )
    vectors = open_vector_store(settings)
    service = build_service(graph, vectors, model, await model.card(), service_settings(settings))
    names = ("p50 ms", "p95 ms", "as_of", "known_at", "half", "as_of ×")
    print(f"{'read':<34}" + "".join(f"{name:>9}" for name in names))
    late, half = View(as_of=_BEGIN + 9 * _YEAR), View(as_of=_BEGIN + 4 * _YEAR)
    views = (View(), late, replace(late, known_at=ground.known), half)
    for name, read in _reads(service, ground).items():
        plain, *others = [await _times(read, view) for view in views]
        ratio = statistics.median(others[0]) / statistics.median(plain)
        columns = "".join(f"{_p95(times):>9.1f}" for times in others)
        print(
            f"{name:<34}{statistics.median(plain):>9.1f}{_p95(plain):>9.1f}{columns}{ratio:>9.2f}"
        )
    await graph.close()


def _settle(client: redis.Redis) -> None:
    """Wait until the server no longer rewrites its log behind what was loaded."""
    while client.info("persistence")["aof_rewrite_in_progress"]:
        time.sleep(0.1)


async def _load(graph: GraphStore, used: Callable[[], int]) -> Ground:
    dice = random.Random(1)
    project = await graph.projects.read("bench", 1)
    owner_hash = project.owner_hash(Owner("user", "bench"))
    slot = project.slot(owner_hash)
    texts = sentences(seed=2)

    async def commit(writes: Sequence[Write]) -> list[int]:
        times = []
        now = (await graph.memories.instant([slot])).now
        for start in range(0, len(writes), _BATCH):
            part = [Transaction(slot, now, [write]) for write in writes[start : start + _BATCH]]
            times += [done.at for done in await graph.commits.commit(part) if done is not None]
        return times

    before = used()
    memories = [
        Memory(
            id=mint("mem", owner_hash),
            content=text,
            scope=replace(USER, session_id=f"session {number // A_SESSION}"),
            valid_from=_BEGIN + dice.randrange(8 * _YEAR),
        )
        for number, text in enumerate(islice(texts, MEMORIES))
    ]
    times = await commit([PutMemory(memory) for memory in memories])
    with_memories = used()
    edges = []
    for _ in range(EDGES):
        source, target = dice.sample(memories, 2)
        begin = _BEGIN + dice.randrange(8 * _YEAR)
        end = begin + dice.randrange(_YEAR) if dice.random() < 0.1 else None
        edges.append(
            Edge(
                id=mint("rel", owner_hash),
                source=source.id,
                target=target.id,
                relation=dice.choice(RELATIONS),
                valid_from=begin,
                valid_to=end,
            )
        )
    edge_times = await commit([PutEdge(edge) for edge in edges])
    with_edges = used()
    known = (await graph.memories.instant([slot])).now
    stored = [memory.stamped(at) for memory, at in zip(memories, times, strict=True)]
    await commit(
        [
            PutMemory(replace(last, content=text, version=2, recorded_at=AT_COMMIT), previous=last)
            for last, text in zip(stored[:CORRECTED], islice(texts, CORRECTED), strict=True)
        ]
    )
    with_versions = used()
    retracted = list(zip(edges, edge_times, strict=True))[: EDGES // 10]
    await commit([RetractEdge(edge.stamped(at)) for edge, at in retracted])
    return Ground(
        [memory.id for memory in memories],
        known,
        (with_memories - before) / MEMORIES,
        (with_versions - with_edges) / CORRECTED,
        (with_edges - with_memories) / EDGES,
    )


Read = Callable[[int, View], Awaitable[object]]


def _reads(service: MemoryService, ground: Ground) -> dict[str, Read]:
    def start(number: int) -> str:
        return ground.ids[number * 37 % MEMORIES]

    def related(depth: int, limit: int, ids_only: bool = False) -> Read:
        walk = Walk(depth=depth, ids_only=ids_only)
        return lambda number, view: service.graph.related(BENCH, start(number), walk, limit, view)

    def graph(limit: int) -> Read:
        return lambda number, view: service.graph.page(BENCH, USER, limit, view=view)

    return {
        "related depth 1": related(1, 200),
        "related depth 3, 200 ids": related(3, 200, ids_only=True),
        "related depth 3, 200 memories": related(3, 200),
        "related depth 3, 1,000 memories": related(3, 1_000),
        "relationships": lambda number, view: service.graph.relationships(
            BENCH, start(number), Walk(), view
        ),
        "path of at most 6": lambda number, view: service.graph.path(
            BENCH, start(number), start(number + 1), Walk(depth=6), view
        ),
        "list of 100": lambda number, view: service.memories.page(
            "bench", USER, 100, None, True, view
        ),
        "graph of 1,000 nodes": graph(1_000),
    }


async def _times(read: Read, view: View) -> list[float]:
    """Milliseconds of each read, after a few that do not count. A start that is not there yet at
    the instant is another read, so it is left out."""
    times = []
    for number in range(-WARMUP, READS):
        began = time.perf_counter()
        try:
            await read(number, view)
        except NotFound:
            continue
        if number >= 0:
            times.append((time.perf_counter() - began) * 1_000)
    return times


def _p95(times: Sequence[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


if __name__ == "__main__":
    main()
