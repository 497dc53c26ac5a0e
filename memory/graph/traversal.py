"""Walks along edges: what is related to a memory, and a shortest way to another memory."""

from __future__ import annotations

from collections.abc import Sequence

from memory.context.known_memories import KnownMemories, missing, slot_of, starts
from memory.context.projects import Projects
from memory.domain.batched import batched
from memory.domain.caller import Caller
from memory.domain.ids import owner_hash_of
from memory.domain.memory import Memory
from memory.domain.results import Neighbourhood, Path, Related
from memory.graph.frontier import Frontier
from memory.graph.neighbours import Neighbours
from memory.ports.edges import Expansion
from memory.ports.memories import MemoryReader
from memory.query.views import NOW, Direction, Snapshot, View, Walk

# The most and the fewest nodes that one round trip asks for.
NODES_A_TRIP, _FEWEST_A_TRIP = 200, 50
# The direction of the same walk from its other end.
_AGAINST = {
    Direction.OUT: Direction.IN,
    Direction.IN: Direction.OUT,
    Direction.BOTH: Direction.BOTH,
}


class Traversal:
    """Part of memory.service.api.Graph: `related` and `path`."""

    def __init__(
        self,
        projects: Projects,
        known: KnownMemories,
        memories: MemoryReader,
        neighbours: Neighbours,
    ) -> None:
        self._projects, self._known = projects, known
        self._memories, self._neighbours = memories, neighbours

    async def related(
        self, caller: Caller, memory_id: str, walk: Walk, limit: int, view: View = NOW
    ) -> Neighbourhood:
        """Breadth first. One round trip reads 50 to 200 nodes of a level with their edges. Nodes
        with many edges take more trips, and so do FOLLOWS edges."""
        project = await self._projects.of(caller)
        slot = slot_of(project, memory_id)
        snapshot = await self._known.pin(slot, view)
        frontier = Frontier(memory_id)
        hits: list[tuple[Memory, int]] = []
        for level in range(walk.depth + 1):
            nodes = frontier.next_level()
            while nodes:
                size = max(_FEWEST_A_TRIP, min(NODES_A_TRIP, limit + 1 - len(hits)))
                trip, nodes = nodes[:size], nodes[size:]
                if level == walk.depth:
                    known = await self._memories.read(project.id, trip, snapshot.known_at)
                    arrived = frontier.arrive(trip, Expansion(known, {}, False), snapshot)
                else:
                    expansion = await self._neighbours.of(
                        slot, trip, walk, walk.direction, snapshot
                    )
                    arrived = frontier.arrive(trip, expansion, snapshot)
                    if level == 0:
                        starts(memory_id, expansion.memories, snapshot, view)
                if level > 0:
                    hits += [(memory, level) for memory in arrived]
                if len(hits) > limit:
                    shown = await self._hits(slot, frontier, hits[:limit], walk, snapshot)
                    return Neighbourhood(shown, truncated=True)
        return Neighbourhood(await self._hits(slot, frontier, hits, walk, snapshot), frontier.cut)

    async def path(
        self, caller: Caller, start_id: str, end_id: str, walk: Walk, view: View = NOW
    ) -> Path:
        """Walk from both ends towards each other. The side with fewer nodes waiting goes next."""
        project = await self._projects.of(caller)
        slot = slot_of(project, start_id)
        if owner_hash_of(end_id) != owner_hash_of(start_id):
            raise missing(end_id)
        snapshot = await self._known.pin(slot, view)
        known = await self._memories.read(project.id, [start_id, end_id], snapshot.known_at)
        shown = [starts(memory_id, known, snapshot, view) for memory_id in (start_id, end_id)]
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
            for trip in batched(near.next_level(), NODES_A_TRIP):
                expansion = await self._neighbours.of(slot, trip, walk, direction, snapshot)
                arrived = near.arrive(trip, expansion, snapshot)
                met += [memory.id for memory in arrived if memory.id in far.arrived]
            if met:
                return await self._path(slot, ahead, back, met, snapshot)
        return Path(truncated=ahead.cut or back.cut)

    async def _hits(
        self,
        slot: str,
        frontier: Frontier,
        arrived: Sequence[tuple[Memory, int]],
        walk: Walk,
        snapshot: Snapshot,
    ) -> list[Related]:
        """The memories, each with the way to it. A memory is left out if its last edge was erased
        meanwhile."""
        ways = [frontier.way(memory.id) for memory, _ in arrived]
        last = [way[-1] for way in ways]
        edges = (
            [None] * len(last)
            if walk.ids_only
            else await self._neighbours.in_full(slot, last, snapshot)
        )
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
        """The way over one of the nodes where both sides met. It is the same one each time: the
        least by the ids on it."""
        ways = [(ahead.way(node), back.way(node)[::-1], node) for node in met]
        first, second, node = min(ways, key=lambda way: ([step.node for step in way[0]], way[2]))
        ids = [*(step.node for step in first), node, *(step.node for step in second)]
        arrived = ahead.arrived | back.arrived
        edges = await self._neighbours.in_full(slot, [*first, *second], snapshot)
        if None in edges:
            return Path()
        memories = [arrived[memory_id] for memory_id in ids]
        return Path(memories, [*filter(None, edges)], ahead.cut or back.cut)
