"""Both clocks in the graph store: versions, edges and successors as they were known."""

from __future__ import annotations

import itertools
from dataclasses import replace

from memory.domain.clock import AT_COMMIT
from memory.domain.ids import mint
from memory.domain.memory import SUPERSEDES, Edge, Memory
from memory.domain.transaction import EraseMemory, PutEdge, PutMemory, RetractEdge
from memory.ports.graph_store import Cursor, Reach
from memory.query.views import Direction, Snapshot
from tests.graph_store.ground import Ground


async def seen(ground: Ground, node: Memory, snapshot: Snapshot, limit: int = 10) -> list[str]:
    reach = Reach(Direction.OUT, snapshot, limit)
    found = await ground.graph.edges.expand(ground.slot, [node.id], reach)
    return [each.edge_id for each in found.adjacent[node.id]]


async def test_every_version_is_read_at_its_record_time(ground: Ground) -> None:
    versions = [await ground.memory("v1")]
    for number in range(2, 6):
        fresh = replace(versions[-1], content=f"v{number}", version=number, recorded_at=AT_COMMIT)
        at = await ground.commit(PutMemory(fresh, previous=versions[-1]))
        assert at is not None
        versions.append(fresh.stamped(at))
    for before, after in itertools.pairwise(versions):
        for instant in (before.recorded_at, after.recorded_at - 1):
            found = await ground.graph.memories.read("p1", [before.id], instant)
            assert found == {before.id: replace(before, retracted_at=after.recorded_at)}
    assert (
        await ground.graph.memories.read("p1", [versions[0].id], versions[0].recorded_at - 1) == {}
    )
    now = await ground.graph.memories.read("p1", [versions[0].id], versions[-1].recorded_at)
    assert now == {versions[0].id: versions[-1]}
    history = await ground.graph.memories.history(ground.slot, versions[0].id)
    assert [each.content for each in history] == ["v1", "v2", "v3", "v4", "v5"]


async def test_a_successor_is_told_only_once_it_was_recorded(ground: Ground) -> None:
    old = await ground.memory("old")
    new = Memory(
        id=mint("mem", ground.owner_hash), content="new", scope=ground.scope, supersedes=(old.id,)
    )
    edge = Edge(
        id=mint("rel", ground.owner_hash), source=new.id, target=old.id, relation=SUPERSEDES
    )
    ended = replace(old, valid_to=AT_COMMIT, version=2, recorded_at=AT_COMMIT)
    at = await ground.commit(PutMemory(new), PutMemory(ended, previous=old), PutEdge(edge))
    assert at is not None
    for instant, successor in ((None, new.id), (at, new.id), (at - 1, None)):
        found = await ground.graph.memories.read("p1", [old.id], instant)
        assert found[old.id].superseded_by == successor
    await ground.commit(EraseMemory(new.stamped(at)))
    assert (await ground.graph.memories.read("p1", [old.id], at))[old.id].superseded_by is None


async def test_an_amended_and_retracted_edge_is_still_there_for_the_past(ground: Ground) -> None:
    a, b = await ground.memory("a", valid_from=0), await ground.memory("b", valid_from=0)
    first = await ground.edge(a, b, valid_from=1000)
    second = replace(first, valid_to=2000, recorded_at=AT_COMMIT)
    amended = await ground.commit(PutEdge(second, previous=first))
    assert amended is not None
    second = second.stamped(amended)
    gone = await ground.commit(RetractEdge(second))
    assert gone is not None
    for as_of, known_at, expected in (
        (1500, first.recorded_at - 1, None),
        (1500, first.recorded_at, replace(first, retracted_at=amended)),
        (2500, amended - 1, replace(first, retracted_at=amended)),
        (2500, amended, None),
        (1500, gone - 1, replace(second, retracted_at=gone)),
        (1500, gone, None),
        (999, amended, None),
    ):
        snapshot = Snapshot(as_of, known_at)
        assert await seen(ground, a, snapshot) == ([first.id] if expected else [])
        if expected:
            edges = await ground.graph.edges.read(ground.slot, [first.id], known_at)
            assert edges == {first.id: expected}
    assert await seen(ground, a, Snapshot(1500)) == []


async def test_newer_and_retracted_edges_never_shorten_what_an_instant_shows(
    ground: Ground,
) -> None:
    hub = await ground.memory("hub")
    spokes = [await ground.memory(f"spoke {n}", valid_from=0) for n in range(3)]
    old = [await ground.edge(hub, spoke, valid_from=1000 + n) for n, spoke in enumerate(spokes)]
    known = (await ground.graph.memories.instant([ground.slot])).now
    for n in range(40):
        newer = await ground.edge(hub, spokes[0], valid_from=5000 + n)
        if n % 2:
            await ground.commit(RetractEdge(newer))
    newest_first = [edge.id for edge in reversed(old)]
    assert await seen(ground, hub, Snapshot(2000), limit=3) == newest_first
    for edge in old[1:]:
        await ground.commit(RetractEdge(edge))
    assert await seen(ground, hub, Snapshot(2000), limit=3) == [old[0].id]
    assert await seen(ground, hub, Snapshot(2000, known), limit=3) == newest_first
    assert await seen(ground, hub, Snapshot(2000, known), limit=2) == newest_first[:2]


async def test_ends_that_are_out_of_sight_never_shorten_it_either(ground: Ground) -> None:
    hub, live = await ground.memory("hub", valid_from=0), await ground.memory("live", valid_from=0)
    kept = await ground.edge(hub, live, valid_from=1000)
    for n in range(5):
        expired = await ground.memory(f"expired {n}", valid_from=0, valid_to=1500)
        await ground.edge(hub, expired, valid_from=1100)
    assert await seen(ground, hub, Snapshot(2000), limit=1) == [kept.id]
    assert len(await seen(ground, hub, Snapshot(1400), limit=9)) == 6
    assert len(await seen(ground, hub, Snapshot(2000, expired=True), limit=3)) == 3
    assert await seen(ground, hub, Snapshot(2000, superseded=True), limit=1) == [kept.id]
    reach = Reach(Direction.OUT, Snapshot(1400), 5, since=live.created_at + 1)
    found = await ground.graph.edges.expand(ground.slot, [hub.id], reach)
    assert kept.id not in [each.edge_id for each in found.adjacent[hub.id]]
    assert len(found.adjacent[hub.id]) == 5
    assert not found.cut


async def test_places_are_those_that_one_of_the_worlds_shows(ground: Ground) -> None:
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
