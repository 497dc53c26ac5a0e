"""Edges of nodes as a snapshot shows them: valid then, known then, the right ones if many."""

from __future__ import annotations

from dataclasses import replace

from memory.domain.clock import AT_COMMIT
from memory.domain.ids import mint
from memory.domain.memory import Edge, Memory
from memory.domain.transaction import PutEdge, RetractEdge
from memory.ports.edges import Reach
from memory.query.views import Direction, Snapshot
from tests.graph_store.ground import Ground


async def test_adjacency_shows_what_is_valid_at_an_instant(ground: Ground) -> None:
    a = await ground.memory("a", valid_from=-(10**16) + 1)
    b = await ground.memory("b", valid_from=-(10**16) + 1)
    past = await ground.edge(a, b, valid_from=1000, valid_to=2000)
    ancient = await ground.edge(a, b, valid_from=-(10**15), valid_to=1500)
    open_edge = await ground.edge(b, a)
    now = (await ground.graph.memories.instant([ground.slot])).now

    async def seen(node: Memory, direction: Direction, at: int) -> list[str]:
        found = await ground.graph.edges.expand(
            ground.slot, [node.id], Reach(direction, Snapshot(at), 10)
        )
        return [each.edge_id for each in found.adjacent[node.id]]

    assert await seen(a, Direction.OUT, 1200) == [past.id, ancient.id]
    assert await seen(a, Direction.OUT, 1999) == [past.id]
    assert await seen(a, Direction.OUT, 2000) == []
    assert await seen(b, Direction.IN, 1200) == [past.id, ancient.id]
    assert await seen(a, Direction.BOTH, now) == [open_edge.id]
    assert await seen(a, Direction.OUT, now) == []
    edges = await ground.graph.edges.read(ground.slot, [past.id, open_edge.id, "rel_none"])
    assert edges == {past.id: past, open_edge.id: open_edge}


async def test_amending_and_retracting_an_edge(ground: Ground) -> None:
    a, b = await ground.memory("a"), await ground.memory("b")
    first = await ground.edge(a, b)
    second = replace(first, metadata={"k": 1}, recorded_at=AT_COMMIT)
    at = await ground.commit(PutEdge(second, previous=first))
    assert at is not None
    assert await ground.commit(PutEdge(second, previous=first)) is None
    second = second.stamped(at)
    assert await ground.graph.edges.read(ground.slot, [first.id]) == {first.id: second}
    gone = await ground.commit(RetractEdge(second))
    assert (await ground.graph.edges.read(ground.slot, [first.id]))[first.id].retracted_at == gone
    now = (await ground.graph.memories.instant([ground.slot])).now
    found = await ground.graph.edges.expand(
        ground.slot, [a.id], Reach(Direction.BOTH, Snapshot(now), 10)
    )
    assert found.adjacent[a.id] == []


async def test_hubs_are_cut_and_relations_are_searched_for(ground: Ground) -> None:
    hub = await ground.memory("hub")
    spokes = [await ground.memory(f"spoke {n}") for n in range(30)]
    rare = Edge(
        id=mint("rel", ground.owner_hash), source=hub.id, target=spokes[0].id, relation="RARE"
    )
    await ground.commit(PutEdge(rare))
    for spoke in spokes:
        await ground.edge(hub, spoke)
    now = (await ground.graph.memories.instant([ground.slot])).now
    found = await ground.graph.edges.expand(
        ground.slot, [hub.id], Reach(Direction.OUT, Snapshot(now), 5)
    )
    assert [each.other for each in found.adjacent[hub.id]] == [m.id for m in spokes[:-6:-1]]
    assert found.cut
    reach = Reach(Direction.OUT, Snapshot(now), 5, frozenset({"RARE"}))
    found = await ground.graph.edges.expand(ground.slot, [hub.id], reach)
    assert [each.edge_id for each in found.adjacent[hub.id]] == [rare.id]
    assert not found.cut


async def seen(ground: Ground, node: Memory, snapshot: Snapshot, limit: int = 10) -> list[str]:
    reach = Reach(Direction.OUT, snapshot, limit)
    found = await ground.graph.edges.expand(ground.slot, [node.id], reach)
    return [each.edge_id for each in found.adjacent[node.id]]


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
