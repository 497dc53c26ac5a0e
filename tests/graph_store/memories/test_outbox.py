"""Which memories the index may lag behind, and which owners have any."""

from __future__ import annotations

from memory.domain.transaction import EraseMemory
from tests.graph_store.ground import Ground


async def test_the_outbox_clears_only_what_still_stands(ground: Ground) -> None:
    a = await ground.memory("a")
    b = await ground.memory("b")
    assert set(await ground.graph.outbox.pending(ground.slot)) == {a.id, b.id}
    assert await ground.graph.outbox.settle({ground.slot: {a.id: "1", b.id: "2"}}) == {
        ground.slot: [b.id]
    }
    assert await ground.graph.outbox.pending(ground.slot) == [b.id]
    await ground.commit(EraseMemory(b))
    assert await ground.graph.outbox.settle({ground.slot: {b.id: "1"}}) == {ground.slot: [b.id]}
    assert await ground.graph.outbox.settle({ground.slot: {b.id: "erased"}}) == {ground.slot: []}
    assert await ground.graph.outbox.pending(ground.slot) == []


async def test_dirty_owners_are_found_and_cleaned_unless_written_again(ground: Ground) -> None:
    await ground.memory("a")
    assert await ground.graph.outbox.dirty(60) == []
    (mark,) = await ground.graph.outbox.dirty(-60)
    assert mark.slot == ground.slot
    await ground.memory("b")
    await ground.graph.outbox.clean(mark)
    (mark,) = await ground.graph.outbox.dirty(-60)
    await ground.graph.outbox.clean(mark)
    assert await ground.graph.outbox.dirty(-60) == []
