"""Walks along edges: what is related to a memory, and the shortest way to another."""

from __future__ import annotations

from collections.abc import Sequence

from memory.context.stores import missing, slot_of
from memory.domain.batched import parts
from memory.domain.caller import Caller
from memory.domain.ids import owner_hash_of, split_slot
from memory.domain.memory import Edge, Memory
from memory.domain.results import Neighbourhood, Path, Related
from memory.graph.follows import Following
from memory.graph.frontier import Frontier, Step
from memory.ports.graph_store import Expansion, Reach
from memory.query.views import NOW, Direction, Snapshot, View, Walk

FAN_OUT = 500
"""Edges followed of one node and direction; a hub with more makes the answer `truncated`."""
NODES_A_TRIP, _FEWEST_A_TRIP = 200, 50
_AGAINST = {
    Direction.OUT: Direction.IN,
    Direction.IN: Direction.OUT,
    Direction.BOTH: Direction.BOTH,
}


class Walking(Following):
    async def related(
        self, caller: Caller, memory_id: str, walk: Walk, limit: int, view: View = NOW
    ) -> Neighbourhood:
        """Breadth first, one round trip for each 50 to 200 nodes of a level and their edges; more
        where they have many, or for FOLLOWS."""
        place = await self._place(caller)
        slot = slot_of(place, memory_id)
        snapshot = await self._snapshot(slot, view)
        frontier = Frontier(memory_id)
        hits: list[tuple[Memory, int]] = []
        for level in range(walk.depth + 1):
            nodes = frontier.next_level()
            while nodes:
                size = max(_FEWEST_A_TRIP, min(NODES_A_TRIP, limit + 1 - len(hits)))
                trip, nodes = nodes[:size], nodes[size:]
                if level == walk.depth:
                    known = await self._graph.read(place.id, trip, snapshot.known_at)
                    arrived = frontier.arrive(trip, Expansion(known, {}, False), snapshot)
                else:
                    expansion = await self._expand(slot, trip, walk, walk.direction, snapshot)
                    arrived = frontier.arrive(trip, expansion, snapshot)
                    if level == 0:
                        self._start(memory_id, expansion.memories, snapshot, view)
                if level > 0:
                    hits += [(memory, level) for memory in arrived]
                if len(hits) > limit:
                    shown = await self._hits(slot, frontier, hits[:limit], walk, snapshot)
                    return Neighbourhood(shown, truncated=True)
        return Neighbourhood(await self._hits(slot, frontier, hits, walk, snapshot), frontier.cut)

    async def path(
        self, caller: Caller, start_id: str, end_id: str, walk: Walk, view: View = NOW
    ) -> Path:
        """From both ends towards each other, always from the side that has fewer nodes next."""
        place = await self._place(caller)
        slot = slot_of(place, start_id)
        if owner_hash_of(end_id) != owner_hash_of(start_id):
            raise missing(end_id)
        snapshot = await self._snapshot(slot, view)
        known = await self._graph.read(place.id, [start_id, end_id], snapshot.known_at)
        shown = [self._start(each, known, snapshot, view) for each in (start_id, end_id)]
        if not all(shown):
            return Path()
        if start_id == end_id:
            return Path([known[start_id]])
        ahead, back = Frontier(start_id), Frontier(end_id)
        while ahead.waiting and back.waiting and ahead.level + back.level < walk.depth:
            near = min((ahead, back), key=lambda side: (side.level >= 0, len(side.waiting)))
            far = back if near is ahead else ahead
            direction = walk.direction if near is ahead else _AGAINST[walk.direction]
            met: list[str] = []
            for trip in parts(near.next_level(), NODES_A_TRIP):
                expansion = await self._expand(slot, trip, walk, direction, snapshot)
                arrived = near.arrive(trip, expansion, snapshot)
                met += [memory.id for memory in arrived if memory.id in far.arrived]
            if met:
                return await self._path(slot, ahead, back, met, snapshot)
        return Path(truncated=ahead.cut or back.cut)

    async def _expand(
        self,
        slot: str,
        trip: Sequence[str],
        walk: Walk,
        direction: Direction,
        snapshot: Snapshot,
        limit: int = FAN_OUT,
    ) -> Expansion:
        """Nodes with the edges that a walk follows in this direction."""
        if walk.only_follows:
            known = await self._graph.read(split_slot(slot)[0], trip, snapshot.known_at)
            found = Expansion(known, dict.fromkeys(known, ()), cut=False)
        else:
            reach = Reach(direction, snapshot, limit, walk.stored)
            found = await self._graph.expand(slot, trip, reach)
        if walk.follows:
            shown = [each for each in found.memories.values() if snapshot.shows(each)]
            derived = await self._follows(slot, shown, direction, snapshot)
            adjacent = {
                each: (*edges, *derived.get(each, ())) for each, edges in found.adjacent.items()
            }
            return Expansion(found.memories, adjacent, found.cut)
        return found

    async def _hits(
        self,
        slot: str,
        frontier: Frontier,
        arrived: Sequence[tuple[Memory, int]],
        walk: Walk,
        snapshot: Snapshot,
    ) -> list[Related]:
        """How each memory was come to; one whose edge was erased meanwhile is left out."""
        ways = [frontier.way(memory.id) for memory, _ in arrived]
        last = [way[-1] for way in ways]
        edges = [None] * len(last) if walk.ids_only else await self._edges(slot, last, snapshot)
        return [
            Related(
                memory,
                way[-1].edge.relation,
                level,
                (way[0].node, *(step.edge.other for step in way)),
                edge,
            )
            for (memory, level), way, edge in zip(arrived, ways, edges, strict=True)
            if edge is not None or walk.ids_only
        ]

    async def _path(
        self, slot: str, ahead: Frontier, back: Frontier, met: Sequence[str], snapshot: Snapshot
    ) -> Path:
        """The way over one of the nodes where both sides met, the same one each time."""
        ways = [(ahead.way(node), back.way(node)[::-1], node) for node in met]
        first, second, node = min(ways, key=lambda way: ([s.node for s in way[0]], way[2]))
        ids = [*(step.node for step in first), node, *(step.node for step in second)]
        arrived = ahead.arrived | back.arrived
        edges = await self._edges(slot, [*first, *second], snapshot)
        if None in edges:
            return Path()
        return Path([arrived[each] for each in ids], [*filter(None, edges)], ahead.cut or back.cut)

    async def _edges(
        self, slot: str, steps: Sequence[Step], snapshot: Snapshot
    ) -> list[Edge | None]:
        """The edges of steps in full; None for one that was erased meanwhile."""
        ids = [step.edge.edge_id for step in steps if step.edge.derived is None]
        stored = await self._graph.edges(slot, ids, snapshot.known_at)
        return [step.edge.derived or stored.get(step.edge.edge_id) for step in steps]
