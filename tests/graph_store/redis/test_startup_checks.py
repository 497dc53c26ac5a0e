"""The service does not start on a Redis that could lose memories, or on other data."""

from __future__ import annotations

import time

import pytest
import redis

from graph_store.redis_graph import RedisGraph
from memory.domain.errors import StartupRefused
from memory.ports.models import ModelCard
from tests.graph_store.ground import CARD
from tests.redis_server import RedisServer


async def test_another_model_or_newer_data_refuses_to_start(
    graph: RedisGraph, server: RedisServer
) -> None:
    with pytest.raises(StartupRefused, match="test/model"):
        await graph.open(ModelCard("other/model", 8))
    with pytest.raises(StartupRefused, match="dimensions"):
        await graph.open(ModelCard("test/model", 9))
    with redis.Redis(port=server.port) as client:
        for other in ("99", "1"):
            client.hset("mg:meta", "format", other)
            with pytest.raises(StartupRefused, match=f"format {other}"):
                await graph.open(CARD)


async def test_a_server_that_could_lose_memories_is_refused(
    graph: RedisGraph, server: RedisServer
) -> None:
    with redis.Redis(port=server.port) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        with pytest.raises(StartupRefused, match="noeviction"):
            await graph.open(CARD)
        client.config_set("maxmemory-policy", "noeviction")
        client.config_set("appendonly", "no")
        with pytest.raises(StartupRefused, match="appendonly"):
            await graph.open(CARD)
        client.config_set("appendonly", "yes")
        wait_for_rewrite(client)
    await graph.open(CARD)


def wait_for_rewrite(client: redis.Redis) -> None:
    """Until it ends, the log that was switched on does not hold what was written."""
    while client.info("persistence")["aof_rewrite_in_progress"]:
        time.sleep(0.02)
