"""What must stand before the first write: a durable server, our format, the same model."""

from __future__ import annotations

from collections.abc import Mapping

from graph_store.format import keys
from graph_store.format.packing import FORMAT
from graph_store.redis.connection import Connection
from graph_store.redis.replies import flat
from graph_store.redis.scripts import inline
from memory.domain.errors import StartupRefused
from memory.ports.models import ModelCard

_RECORD_META = inline("""#!lua
for index = 1, #ARGV, 2 do redis.call('HSETNX', KEYS[1], ARGV[index], ARGV[index + 1]) end
return redis.call('HMGET', KEYS[1], 'format', 'model', 'dimensions')""")


def assert_durable(server: Mapping[str, str]) -> None:
    """Redis is the record: it must not evict, and it must log what it acknowledges."""
    version = server.get("redis_version", "0")
    if int(version.split(".")[0]) < 7:
        raise StartupRefused(f"Redis is {version}; version 7 or later is needed")
    if (policy := server.get("maxmemory_policy", "noeviction")) != "noeviction":
        raise StartupRefused(
            f"Redis would evict memories: maxmemory-policy is {policy}; set it to noeviction"
        )
    if server.get("aof_enabled") != "1":
        raise StartupRefused("Redis would lose memories at a crash; set appendonly to yes")


async def assert_format(redis: Connection, card: ModelCard) -> None:
    """Record format and model with the first start, compare at every later one."""
    expected = {"format": FORMAT, "model": card.name, "dimensions": str(card.dimensions)}
    call = _RECORD_META.call([keys.META], *flat(expected))
    written, model, dimensions = await redis.one(*call)
    if int(written) > int(FORMAT):
        raise StartupRefused(
            f"the data is of format {written}, this version reads up to {FORMAT}; "
            "start the version of Mem0g that wrote it, or a later one"
        )
    if int(written) < int(FORMAT):
        raise StartupRefused(
            f"the data is of format {written}, from before the first release, which this version "
            "does not read; start on an empty MEM0G_DATA_DIR (or Redis)"
        )
    if (model, dimensions) != (card.name, str(card.dimensions)):
        raise StartupRefused(
            f"the data was made with the model {model} ({dimensions} dimensions), not with "
            f"{card.name} ({card.dimensions}); set embedder.model back, or start on an empty "
            "MEM0G_DATA_DIR (or Redis)"
        )
