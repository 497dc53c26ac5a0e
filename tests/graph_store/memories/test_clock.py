"""Redis is the clock, and an owner's record times only grow."""

from __future__ import annotations

import redis

from graph_store.format.keys import OwnerKeys
from tests.graph_store.ground import Ground
from tests.redis_server import RedisServer


async def test_record_times_of_an_owner_only_grow(ground: Ground) -> None:
    times = [(await ground.memory(str(n))).recorded_at for n in range(50)]
    assert times == sorted(set(times))
    assert (await ground.graph.memories.instant([ground.slot])).now >= times[-1]


async def test_an_instant_tells_of_memories_that_end_later(ground: Ground) -> None:
    await ground.memory("open")
    assert not (await ground.graph.memories.instant([ground.slot])).bounded
    now = (await ground.graph.memories.instant([ground.slot])).now
    await ground.memory("ended", valid_from=0, valid_to=now)
    assert not (await ground.graph.memories.instant([ground.slot])).bounded
    await ground.memory("ends", valid_to=now + 3_600 * 10**6)
    assert (await ground.graph.memories.instant([ground.slot])).bounded
    assert not (await ground.graph.memories.instant(["p1.none"])).bounded


async def test_now_is_never_before_what_the_owner_recorded(
    ground: Ground, server: RedisServer
) -> None:
    ahead = (await ground.memory("a")).recorded_at + 3_600 * 10**6
    with redis.Redis(port=server.port) as client:
        client.set(OwnerKeys(ground.slot).clock, ahead)
    assert (await ground.graph.memories.instant([ground.slot])).now == ahead
    assert (await ground.graph.commits.brief(ground.slot)).now == ahead
    assert (await ground.memory("b")).recorded_at == ahead + 1
