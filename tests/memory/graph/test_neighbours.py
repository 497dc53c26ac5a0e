"""Stored and derived edges of memories, read together."""

from __future__ import annotations

import pytest

from memory.domain.memory import Memory, Scope
from memory.graph.follows import Follows
from memory.graph.frontier import Step
from memory.graph.neighbours import Neighbours
from memory.ports.edges import Adjacent
from memory.query.views import Direction, Snapshot, Walk
from memory.service.build import MemoryService
from tests.memory.given import DEFAULT, related, stored

TALK = Scope(user_id="alice", session_id="talk")


class Ring:
    """Three memories of a session; the first knows the others and likes the last."""

    def __init__(self, service: MemoryService, slot: str, memories: list[Memory]) -> None:
        self.slot, self.memories = slot, memories
        self.snapshot = Snapshot(memories[-1].recorded_at + 10**6)
        record = service.record
        self.neighbours = Neighbours(record.memories, record.edges, Follows(record.memories, True))

    async def met(self, walk: Walk, limit: int = 500) -> list[tuple[str, int]]:
        """(relation, number of the memory at the far end) of the first memory's edges."""
        first = self.memories[0].id
        found = await self.neighbours.of(
            self.slot, [first], walk, walk.direction, self.snapshot, limit
        )
        assert [*found.memories] == [first]
        numbers = {memory.id: number for number, memory in enumerate(self.memories)}
        return sorted((edge.relation, numbers[edge.other]) for edge in found.adjacent[first])


@pytest.fixture
async def ring(service: MemoryService) -> Ring:
    memories = [await stored(service, f"said {number}", TALK) for number in range(3)]
    for number, relation in ((1, "KNOWS"), (2, "KNOWS"), (2, "LIKES")):
        await related(service, memories[0], memories[number], relation)
    project = await service.project()
    return Ring(service, project.slot(project.owner_hash(TALK.owner)), memories)


async def test_a_walk_meets_the_edges_it_asks_for(ring: Ring) -> None:
    stored_edges = [("KNOWS", 1), ("KNOWS", 2), ("LIKES", 2)]
    assert await ring.met(Walk()) == stored_edges
    assert await ring.met(Walk(system=True)) == [("FOLLOWS", 1), *stored_edges]
    assert await ring.met(Walk(relations=frozenset({"LIKES"}))) == [("LIKES", 2)]
    assert await ring.met(Walk(relations=frozenset({"FOLLOWS"}))) == [("FOLLOWS", 1)]
    both = Walk(relations=frozenset({"FOLLOWS", "LIKES"}))
    assert await ring.met(both) == [("FOLLOWS", 1), ("LIKES", 2)]
    assert await ring.met(Walk(direction=Direction.IN)) == []


async def test_a_hub_is_cut_at_the_limit(ring: Ring) -> None:
    assert len(await ring.met(Walk(), limit=2)) == 2
    first = ring.memories[0].id
    for limit, cut in ((2, True), (3, False)):
        found = await ring.neighbours.of(
            ring.slot, [first], Walk(), Direction.BOTH, ring.snapshot, limit
        )
        assert found.cut is cut


async def test_edges_are_read_in_full_and_what_was_erased_meanwhile_is_none(
    ring: Ring, service: MemoryService
) -> None:
    first = ring.memories[0].id
    found = await ring.neighbours.of(
        ring.slot, [first], Walk(system=True), Direction.BOTH, ring.snapshot
    )
    steps = [Step(first, edge) for edge in found.adjacent[first]]
    lost = Step(first, Adjacent("rel_" + "0" * 32, "KNOWS", ring.memories[1].id, True))
    await service.memories.erase(DEFAULT, ring.memories[2].id)
    edges = await ring.neighbours.in_full(ring.slot, [*steps, lost], ring.snapshot)
    told = [
        (step.edge.relation, edge and edge.relation)
        for step, edge in zip([*steps, lost], edges, strict=True)
    ]
    assert sorted(told, key=str) == [
        ("FOLLOWS", "FOLLOWS"), ("KNOWS", "KNOWS"), ("KNOWS", None), ("KNOWS", None),
        ("LIKES", None),
    ]  # fmt: skip
