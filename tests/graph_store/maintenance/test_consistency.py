"""Faults of the record are found, and mended if that is asked for."""

from __future__ import annotations

from itertools import pairwise

import pytest
import redis

from graph_store.format.keys import KeyKind, OwnerKeys
from memory.ports.maintenance import Fault
from tests.graph_store.ground import Ground
from tests.redis_server import RedisServer


async def test_a_sound_record_has_no_faults_and_a_cleared_project_no_keys(ground: Ground) -> None:
    memories = [await ground.memory(str(n)) for n in range(4)]
    for source, target in pairwise(memories):
        await ground.edge(source, target)
    ids = [each.id for each in memories]
    assert await ground.graph.consistency.unsound(ground.slot, ids, mend=True) == []
    await ground.graph.owners.register("p1", {ground.owner_hash: [ground.scope]})
    await ground.graph.projects.leave("p1", False, "task_1")
    assert await ground.graph.projects.clear("p1") > 8
    assert await ground.graph.projects.clear("p1") == 0
    assert [slot async for slot in ground.graph.owners.slots("p1")] == []
    assert await ground.graph.owners.naming("p1", "session_id", "s1") == []
    assert await ground.graph.outbox.dirty(-1) == []


async def broken(ground: Ground, server: RedisServer, fault: str) -> list[Fault]:
    """An owner with one fault of each kind asked for, and what has to be found."""
    owner = OwnerKeys(ground.slot)
    a, b = await ground.memory("a"), await ground.memory("b")
    edge = await ground.edge(a, b)
    with redis.Redis(port=server.port) as client:
        match fault:
            case "places_without_record":
                client.zadd(owner.listing, {"mem_gone": 1})
                return [Fault(fault, "mem_gone")]
            case "edges_without_memory":
                client.delete(owner.memory(b.id))
                client.zrem(owner.listing, b.id)
            case "edges_without_record":
                client.delete(owner.edge(edge.id))
            case "edges_without_mirror":
                client.delete(owner.key(KeyKind.INCOMING, b.id))
    return [Fault(fault, edge.id)]


@pytest.mark.parametrize(
    "fault",
    ["places_without_record", "edges_without_memory", "edges_without_record",
     "edges_without_mirror"],
)  # fmt: skip
async def test_a_fault_is_told_and_mended_once(
    ground: Ground, server: RedisServer, fault: str
) -> None:
    expected = await broken(ground, server, fault)
    consistency = ground.graph.consistency
    ids = await ground.graph.owners.memory_ids(ground.slot)
    for mend in (False, True):
        found = await consistency.unsound(ground.slot, ids, mend)
        assert set(found) == set(expected)  # without mending, from both ends
    ids = await ground.graph.owners.memory_ids(ground.slot)
    assert await consistency.unsound(ground.slot, ids, mend=True) == []


async def test_an_owner_whose_outbox_nobody_would_look_at_is_marked(ground: Ground) -> None:
    await ground.memory("a")
    graph = ground.graph
    assert await graph.consistency.unmarked([ground.slot], mend=True) == []
    (mark,) = await graph.outbox.dirty(-60)
    await graph.outbox.clean(mark)
    assert await graph.consistency.unmarked([ground.slot], mend=False) == [ground.slot]
    assert await graph.outbox.dirty(-60) == []
    assert await graph.consistency.unmarked([ground.slot], mend=True) == [ground.slot]
    assert [mark.slot for mark in await graph.outbox.dirty(-60)] == [ground.slot]
