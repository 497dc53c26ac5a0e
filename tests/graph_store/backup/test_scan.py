"""What upkeep reads of the record and puts back into it, on a single server and on a cluster."""

from __future__ import annotations

from dataclasses import replace

import pytest

from memory.domain.clock import AT_COMMIT
from memory.domain.errors import InvalidInput
from memory.domain.memory import SUPERSEDES
from memory.domain.records import EdgeRecord, Entry, Landing, MemoryRecord
from memory.domain.transaction import EraseMemory, PutEdge, PutMemory, RetractEdge
from tests.graph_store.ground import Ground


async def test_records_come_back_as_they_were(ground: Ground) -> None:
    graph, slot = ground.graph, ground.slot
    old, new = await ground.memory("old"), await ground.memory("new")
    second = replace(old, content="older", version=2, recorded_at=AT_COMMIT)
    at = await ground.commit(PutMemory(second, previous=old))
    second = second.stamped(at or 0)
    link = await ground.edge(new, old)
    ended = replace(link, valid_to=link.valid_from + 10**15, recorded_at=AT_COMMIT)
    at = await ground.commit(PutEdge(ended, previous=link))
    await ground.commit(RetractEdge(ended.stamped(at or 0)))
    memories = await graph.archive.memory_records(slot, [old.id, new.id, "missing"])
    owner = ground.scope.owner
    (found,) = await graph.archive.leaving(slot, [(new.id, None)])
    edges = await graph.archive.edge_records(slot, owner, [found.edges[0][0]])
    assert [len(each.versions) for each in (*memories, *edges)] == [2, 1, 2]
    assert found.more is None
    assert {at for _, at in found.edges} == {each.recorded_at for each in edges[0].versions}
    for last in (second, new):
        await ground.commit(EraseMemory(last))
    assert await graph.archive.memory_records(slot, [old.id, new.id]) == []
    records = [*memories, *edges]
    now = (await graph.memories.instant([slot])).now
    assert await graph.archive.restore(slot, now, records) == [Landing.RESTORED] * 3
    assert await graph.archive.restore(slot, now, records) == [Landing.STANDS] * 3
    assert await graph.archive.memory_records(slot, [old.id, new.id]) == memories
    assert await graph.archive.edge_records(slot, owner, [link.id]) == edges
    assert await graph.archive.leaving(slot, [(new.id, None)]) == [found]
    assert set(await graph.outbox.pending(slot)) == {old.id, new.id}
    assert slot in [each.slot for each in await graph.outbox.dirty(0)]


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


async def test_entries_are_all_that_belongs_to_no_owner_and_nothing_else(ground: Ground) -> None:
    await ground.memory()
    project = [each for each in await ground.graph.entries.all() if each.key == "mg:project:p1"]
    assert len(project) == 1
    assert await ground.graph.entries.restore(project[0]) is False
    for wrong in (
        Entry("mg:meta", "hash", {"format": "9"}),
        Entry("mg:projects", "hash", {"a": "b"}),
        Entry("mg:pepper", "string", ["a"]),
        Entry("mg:project:p2", "hash", {"name": "no secret"}),
        Entry("mg:{p1.0}:clock", "string", "1"),
    ):
        with pytest.raises(InvalidInput):
            await ground.graph.entries.restore(wrong)
    assert await ground.graph.entries.all() == project
