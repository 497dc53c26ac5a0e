"""One holder at a time, whoever asks, until it lets go or the lease lapses."""

from __future__ import annotations

import asyncio

from graph_store.redis_graph import RedisGraph


async def test_a_lease_has_one_holder_until_it_lets_go(graph: RedisGraph) -> None:
    leases = graph.leases
    assert await leases.take("repair:p1.0", "one", 60)
    assert not await leases.take("repair:p1.0", "other", 60)
    assert await leases.take("repair:p1.1", "other", 60)
    assert not await leases.keep("repair:p1.0", "other", 60)
    await leases.release("repair:p1.0", "other")
    assert not await leases.take("repair:p1.0", "other", 60)
    await leases.release("repair:p1.0", "one")
    assert await leases.take("repair:p1.0", "other", 60)


async def test_the_holder_takes_it_again_since_an_answer_may_have_been_lost(
    graph: RedisGraph,
) -> None:
    assert await graph.leases.take("name", "one", 0.1)
    assert await graph.leases.take("name", "one", 60)
    await asyncio.sleep(0.2)
    assert not await graph.leases.take("name", "other", 60)


async def test_a_lease_lapses_unless_it_is_kept(graph: RedisGraph) -> None:
    leases = graph.leases
    assert await leases.take("kept", "one", 0.3)
    assert await leases.take("lapses", "one", 0.3)
    assert await leases.keep("kept", "one", 60)
    await asyncio.sleep(0.4)
    assert not await leases.take("kept", "other", 60)
    assert not await leases.keep("lapses", "one", 60)
    assert await leases.take("lapses", "other", 60)
    assert not await leases.keep("lapses", "one", 60)


async def test_of_many_that_ask_at_once_one_gets_it(graph: RedisGraph) -> None:
    taken = await asyncio.gather(*(graph.leases.take("name", str(n), 60) for n in range(20)))
    assert taken.count(True) == 1
