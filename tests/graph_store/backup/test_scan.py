"""Records read from the record, and put back."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.clock import AT_COMMIT
from memory.domain.records import Landing
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
