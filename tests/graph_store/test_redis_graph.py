"""The record as a whole, while its server is away."""

from __future__ import annotations

import pytest

from graph_store.redis_graph import RedisGraph
from memory.domain.errors import StoreUnavailable
from tests.graph_store.ground import Ground
from tests.redis_server import RedisServer


async def test_a_dead_server_is_unavailable_and_comes_back(
    graph: RedisGraph, server: RedisServer
) -> None:
    ground = Ground(graph, await graph.projects.read("p1", 1))
    memory = await ground.memory("kept")
    server.kill()
    with pytest.raises(StoreUnavailable):
        await graph.ping()
    with pytest.raises(StoreUnavailable):
        await ground.memory("lost")
    server.start()
    assert await graph.memories.read("p1", [memory.id]) == {memory.id: memory}
