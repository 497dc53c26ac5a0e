"""The neighbours of memories: stored edges and derived ones, read together."""

from __future__ import annotations

from collections.abc import Sequence

from memory.domain.ids import split_slot
from memory.domain.memory import Edge
from memory.graph.follows import Follows
from memory.graph.frontier import Step
from memory.ports.edges import EdgeReader, Expansion, Reach
from memory.ports.memories import MemoryReader
from memory.query.views import Direction, Snapshot, Walk

# Edges of one node in one direction that a walk follows. If a hub has more, the answer is
# `truncated`.
FAN_OUT = 500


class Neighbours:
    """Reads nodes of one owner with the edges that a walk follows."""

    def __init__(self, memories: MemoryReader, edges: EdgeReader, follows: Follows) -> None:
        self._memories, self._edges, self._follows = memories, edges, follows

    async def of(
        self,
        slot: str,
        trip: Sequence[str],
        walk: Walk,
        direction: Direction,
        snapshot: Snapshot,
        limit: int = FAN_OUT,
    ) -> Expansion:
        """The nodes of a trip with the edges that the walk follows in this direction."""
        if walk.only_follows:
            known = await self._memories.read(split_slot(slot)[0], trip, snapshot.known_at)
            found = Expansion(known, dict.fromkeys(known, ()), cut=False)
        else:
            reach = Reach(direction, snapshot, limit, walk.stored)
            found = await self._edges.expand(slot, trip, reach)
        if walk.follows:
            shown = [memory for memory in found.memories.values() if snapshot.shows(memory)]
            derived = await self._follows.of(slot, shown, direction, snapshot)
            adjacent = {
                node: (*edges, *derived.get(node, ())) for node, edges in found.adjacent.items()
            }
            return Expansion(found.memories, adjacent, found.cut)
        return found

    async def in_full(
        self, slot: str, steps: Sequence[Step], snapshot: Snapshot
    ) -> list[Edge | None]:
        """The edges of the steps in full, in order. None for an edge that was erased meanwhile."""
        ids = [step.edge.edge_id for step in steps if step.edge.derived is None]
        stored = await self._edges.read(slot, ids, snapshot.known_at)
        return [step.edge.derived or stored.get(step.edge.edge_id) for step in steps]
