"""Listings show what one of the snapshots shows."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.clock import AT_COMMIT
from memory.domain.transaction import PutMemory
from memory.query.views import Snapshot
from tests.graph_store.ground import Ground


async def test_a_page_has_the_memories_that_one_of_the_snapshots_shows(ground: Ground) -> None:
    old = await ground.memory("old", valid_from=1000, valid_to=2000)
    new = await ground.memory("new", valid_from=1500)
    known = new.recorded_at
    fresh = replace(new, valid_from=1800, version=2, recorded_at=AT_COMMIT)
    await ground.commit(PutMemory(fresh, previous=new))

    async def there(*snapshots: Snapshot) -> list[str]:
        found = await ground.graph.memories.page([ground.slot], None, 9, None, False, snapshots)
        return [each.memory_id for each in found]

    assert await there() == [old.id, new.id]
    assert await there(Snapshot(999)) == []
    assert await there(Snapshot(1600)) == [old.id]
    assert await there(Snapshot(1600, known)) == [old.id, new.id]
    assert await there(Snapshot(2000)) == [new.id]
    assert await there(Snapshot(2000, expired=True)) == [old.id, new.id]
    assert await there(Snapshot(1200), Snapshot(2500)) == [old.id, new.id]
    assert await there(Snapshot(1600, old.recorded_at)) == [old.id]
