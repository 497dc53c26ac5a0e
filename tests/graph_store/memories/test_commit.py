"""A transaction stands or falls as one, once, on a single server and on a cluster."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.clock import AT_COMMIT
from memory.domain.ids import mint
from memory.domain.memory import Edge, Memory
from memory.domain.transaction import (
    DedupClaim,
    DedupKey,
    EraseMemory,
    PutEdge,
    PutMemory,
    Transaction,
    holding,
)
from tests.graph_store.ground import Ground


async def test_a_transaction_stands_or_falls_as_one(ground: Ground) -> None:
    a = await ground.memory("a")
    b = Memory(id=mint("mem", ground.owner_hash), content="b", scope=ground.scope)
    stale = replace(a, recorded_at=a.recorded_at - 1)
    second = replace(a, content="a2", version=2, recorded_at=AT_COMMIT)
    assert await ground.commit(PutMemory(b), PutMemory(second, previous=stale)) is None
    assert await ground.graph.memories.read("p1", [a.id, b.id]) == {a.id: a}
    assert await ground.graph.memories.page([ground.slot], None, 10, None, True) != []
    at = await ground.commit(PutMemory(b), PutMemory(second, previous=a))
    assert at is not None
    assert await ground.graph.memories.read("p1", [a.id, b.id]) == {
        a.id: second.stamped(at),
        b.id: b.stamped(at),
    }
    first, last = await ground.graph.memories.history(ground.slot, a.id)
    assert (first, last) == (replace(a, retracted_at=at), second.stamped(at))


async def test_a_repeated_send_commits_once(ground: Ground) -> None:
    memory = Memory(id=mint("mem", ground.owner_hash), content="a", scope=ground.scope)
    transaction = Transaction(ground.slot, 0, [PutMemory(memory)])
    (first,) = await ground.graph.commits.commit([transaction])
    (second,) = await ground.graph.commits.commit([transaction])
    assert first == second
    assert len(await ground.graph.memories.page([ground.slot], None, 10, None, True)) == 1


async def test_claims_are_compared_and_set(ground: Ground) -> None:
    key = DedupKey("content", "abc")
    memory = Memory(
        id=mint("mem", ground.owner_hash), content="a", scope=ground.scope, valid_to=10**15
    )
    other = replace(memory, id=mint("mem", ground.owner_hash))
    mine = DedupClaim(key, (), (holding(memory),))
    at = await ground.commit(PutMemory(memory), claims=(mine,))
    assert at is not None
    assert await ground.commit(PutMemory(other), claims=(mine,)) is None
    briefing = await ground.graph.commits.brief(ground.slot, [key], [memory.id, other.id])
    assert briefing.claims[key] == (holding(memory.stamped(at)),)
    assert set(briefing.standings) == {memory.id}
    assert briefing.standings[memory.id].pending
    assert briefing.now >= at


async def test_edges_need_both_memories(ground: Ground) -> None:
    a, b = await ground.memory("a"), await ground.memory("b")
    await ground.commit(EraseMemory(b))
    edge = Edge(id=mint("rel", ground.owner_hash), source=a.id, target=b.id, relation="R")
    assert await ground.commit(PutEdge(edge)) is None
