"""Walks along edges: what is related to a memory, and an owner's graph."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from memory.identity import owner_tag
from memory.model import Direction, Edge, Graph, Memory, Neighbourhood, Related, Scope
from memory.ports import Adjacent, Reach
from memory.reading import Reading
from memory.stores import missing, slot_of

FAN_OUT = 500
"""Edges followed of one node and direction; a hub with more makes the answer `truncated`."""
MOST_SEEN = 20_000
"""Nodes one walk may come across."""
MOST_EDGES = 50_000
"""Edges of one owner that a graph shows."""
_NODES_A_TRIP = 200


class Walking(Reading):
    async def related(
        self,
        project: str,
        memory_id: str,
        depth: int,
        relations: Sequence[str],
        direction: Direction,
        limit: int,
    ) -> Neighbourhood:
        """Breadth first, one round trip for each 200 nodes of a level and their edges."""
        place = await self._project(project)
        slot = slot_of(place, memory_id)
        instant = await self._graph.instant([slot])
        reach = Reach(direction, instant.now, FAN_OUT, frozenset(relations))
        walk = _Walk(memory_id, limit)
        for level in range(depth + 1):
            frontier = walk.next_level()
            for start in range(0, len(frontier), _NODES_A_TRIP):
                trip = frontier[start : start + _NODES_A_TRIP]
                if level == depth:
                    walk.arrive(await self._graph.read(place.id, trip), trip, level, reach.at)
                else:
                    found = await self._graph.expand(slot, trip, reach)
                    if level == 0 and not found.memories:
                        raise missing(memory_id)
                    walk.truncated |= found.cut
                    for node in walk.arrive(found.memories, trip, level, reach.at):
                        walk.see(node, found.adjacent[node])
                if walk.full:
                    return Neighbourhood(walk.hits[:limit], True)
        return Neighbourhood(walk.hits, walk.truncated)

    async def graph(self, project: str, scope: Scope, limit: int) -> Graph:
        place = await self._project(project)
        page = await self.page(project, scope, limit, None, newest=True)
        nodes = {memory.id: memory for memory in page.memories}
        owners: dict[str, list[str]] = {}
        for memory_id in nodes:
            owners.setdefault(place.slot(owner_tag(memory_id) or ""), []).append(memory_id)
        now = (await self._graph.instant(list(owners))).now if owners else 0
        parts = await asyncio.gather(
            *(self._edges_among(slot, ids, now) for slot, ids in owners.items())
        )
        edges = [edge for found, _ in parts for edge in found]
        edges.sort(key=lambda edge: (edge.created_at, edge.id))
        truncated = page.next_cursor is not None or any(cut for _, cut in parts)
        return Graph(list(nodes.values()), edges, truncated)

    async def _edges_among(
        self, slot: str, memory_ids: Sequence[str], at: int
    ) -> tuple[list[Edge], bool]:
        """Edges between the nodes shown, each once: read from its source."""
        reach = Reach(Direction.OUT, at, FAN_OUT)
        inside, cut = set(memory_ids), False
        wanted: list[str] = []
        for start in range(0, len(memory_ids), _NODES_A_TRIP):
            found = await self._graph.expand(slot, memory_ids[start : start + _NODES_A_TRIP], reach)
            cut |= found.cut
            wanted += [
                each.edge_id
                for adjacent in found.adjacent.values()
                for each in adjacent
                if each.other in inside
            ]
        edges = (await self._graph.edges(slot, wanted[:MOST_EDGES])).values()
        shown = [edge for edge in edges if edge.retracted_at is None and edge.valid(at)]
        return shown, cut or len(wanted) > MOST_EDGES


class _Walk:
    """Where a walk has been: the way to every node seen, and the hits in order."""

    def __init__(self, start: str, limit: int) -> None:
        self.hits: list[Related] = []
        self.truncated = False
        self._limit = limit
        self._paths: dict[str, tuple[str, ...]] = {start: (start,)}
        self._relations: dict[str, str] = {}
        self._seen: list[str] = [start]

    @property
    def full(self) -> bool:
        return len(self.hits) > self._limit

    def next_level(self) -> list[str]:
        level, self._seen = self._seen, []
        return level

    def arrive(
        self, memories: Mapping[str, Memory], trip: Sequence[str], level: int, at: int
    ) -> list[str]:
        """The nodes that are there at the instant; all but the start are hits."""
        there = []
        for node in trip:
            memory = memories.get(node)
            if memory is None or not memory.valid(at):
                continue
            there.append(node)
            if level > 0:
                self.hits.append(Related(memory, self._relations[node], level, self._paths[node]))
        return there

    def see(self, node: str, adjacent: Sequence[Adjacent]) -> None:
        """Nodes first met from here are the next level; the first way to a node is the shortest."""
        for edge in adjacent:
            if edge.other in self._paths:
                continue
            if len(self._paths) >= MOST_SEEN:
                self.truncated = True
                return
            self._paths[edge.other] = (*self._paths[node], edge.other)
            self._relations[edge.other] = edge.relation
            self._seen.append(edge.other)
