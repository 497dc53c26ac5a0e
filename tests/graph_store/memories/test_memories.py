"""Memories page by page, by session, and with all their versions."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.clock import AT_COMMIT
from memory.domain.memory import Scope
from memory.domain.transaction import EraseMemory, PutMemory
from memory.ports.memories import Cursor
from tests.graph_store.ground import Ground


async def test_pages_by_session_and_cursor(ground: Ground) -> None:
    memories = [await ground.memory(str(n)) for n in range(5)]
    ground.scope = Scope(user_id="alice", session_id="s2")
    other = await ground.memory("other")
    page = await ground.graph.memories.page([ground.slot], "s1", 3, None, True)
    assert [each.memory_id for each in page] == [m.id for m in memories[:1:-1]]
    page = await ground.graph.memories.page([ground.slot], "s1", 3, page[-1], True)
    assert [each.memory_id for each in page] == [m.id for m in memories[1::-1]]
    page = await ground.graph.memories.page([ground.slot], None, 2, None, False)
    page = await ground.graph.memories.page([ground.slot], None, 9, page[-1], False)
    assert [each.memory_id for each in page] == [*(m.id for m in memories[2:]), other.id]


async def test_histories_come_whole_and_tell_who_moved(ground: Ground) -> None:
    a, b = await ground.memory("a"), await ground.memory("b")
    gone = await ground.memory("c")
    assert await ground.commit(EraseMemory(gone))
    again = replace(a, version=2, recorded_at=AT_COMMIT, content="a, corrected")
    at = await ground.commit(PutMemory(again, previous=a))
    found = await ground.graph.memories.histories("p1", [a.id, b.id, gone.id])
    assert found.keys() == {a.id, b.id}
    assert [(each.version, each.retracted_at) for each in found[a.id]] == [(1, at), (2, None)]
    tokens = {ground.slot: {a.id: "1", b.id: "1", gone.id: "erased"}}
    assert await ground.graph.outbox.moved(tokens) == {ground.slot: [a.id]}
    assert set(await ground.graph.owners.memory_ids(ground.slot)) == {a.id, b.id}
    assert await ground.graph.owners.sizes([ground.slot, "p1.none"]) == [2, 0]


async def test_neighbours_of_a_session_are_nearest_first(ground: Ground) -> None:
    said = [await ground.memory(str(n)) for n in range(5)]
    places = [Cursor(each.created_at, each.id) for each in said]
    for later, expected in ((True, [places[3], places[4]]), (False, [places[1], places[0]])):
        (found,) = await ground.graph.memories.session_neighbours(
            ground.slot, [("s1", places[2])], later, 10
        )
        assert found == expected
    (one,) = await ground.graph.memories.session_neighbours(
        ground.slot, [("s1", places[2])], True, 1
    )
    assert one == [places[3]]
    assert await ground.graph.memories.session_neighbours(
        ground.slot, [("s2", places[2])], True, 9
    ) == [[]]
