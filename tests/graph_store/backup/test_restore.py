"""What a record needs to be put back, and what it moves."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.memory import SUPERSEDES
from memory.domain.records import EdgeRecord, Landing, MemoryRecord
from memory.domain.transaction import EraseMemory
from tests.graph_store.ground import Ground


async def test_nothing_stands_on_what_is_not_there(ground: Ground) -> None:
    graph, slot = ground.graph, ground.slot
    old, new = await ground.memory("old"), await ground.memory("new")
    edge = await ground.edge(new, old)
    other = replace(edge, id=edge.id[:-1] + "0", relation=SUPERSEDES)
    third = replace(other, id=edge.id[:-1] + "1")
    await ground.commit(EraseMemory(new))
    record = EdgeRecord(ground.scope.owner, (other,))
    now = (await graph.memories.instant([slot])).now
    follows = MemoryRecord((replace(new, supersedes=(old.id[:-1] + "x",)),), holds_claim=False)
    assert await graph.archive.restore(slot, now, [record, follows]) == [Landing.LACKS] * 2
    whole = MemoryRecord((new,), holds_claim=False)
    again = EdgeRecord(ground.scope.owner, (third,))
    landings = await graph.archive.restore(slot, now, [whole, record, again])
    assert landings == [Landing.RESTORED, Landing.RESTORED, Landing.SUPERSEDED]


async def test_the_owners_clock_does_not_fall_behind_what_was_restored(ground: Ground) -> None:
    memory = await ground.memory()
    await ground.commit(EraseMemory(memory))
    ahead = memory.recorded_at + 60 * 10**6
    late = replace(memory, recorded_at=ahead, created_at=ahead)
    await ground.graph.archive.restore(
        ground.slot, ahead, [MemoryRecord((late,), holds_claim=True)]
    )
    fresh = await ground.memory("after it")
    assert fresh.recorded_at > ahead
