"""A graph store on a single server and on a cluster."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from config import Settings
from graph_store import open_graph_store
from graph_store.redis_graph import RedisGraph
from tests.graph_store.ground import CARD, Ground
from tests.redis_server import RedisServer


@pytest.fixture(scope="module", params=["single", "cluster"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RedisServer]:
    started = RedisServer(tmp_path_factory.mktemp("redis"), cluster=request.param == "cluster")
    started.start()
    yield started
    started.stop()


@pytest.fixture
async def graph(server: RedisServer) -> AsyncIterator[RedisGraph]:
    server.flush()
    store = open_graph_store(Settings(), server.url)
    await store.open(CARD)
    yield store
    await store.close()


@pytest.fixture
async def ground(graph: RedisGraph) -> Ground:
    return Ground(graph, await graph.projects.read("p1", 1))
