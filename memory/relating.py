"""Relationships between an owner's memories: made, listed, amended, retracted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from memory import claims, rules
from memory.caller import Caller
from memory.clock import AT_COMMIT
from memory.errors import Conflict, NotFound
from memory.frontier import Step
from memory.identity import owner_tag, sibling
from memory.model import SUPERSEDES, Edge, NewEdge, Unset
from memory.results import Relationships
from memory.stores import missing, slot_of
from memory.transaction import PutEdge, RetractEdge, Transaction, Write
from memory.view import NOW, View, Walk
from memory.walking import Walking
from memory.writing import ATTEMPTS

MOST_EDGES = 10_000
"""Edges of one memory and direction that a listing shows at most."""


class Relating(Walking):
    async def relate(self, caller: Caller, edge: NewEdge) -> tuple[Edge, bool]:
        rules.check_edge(edge)
        place = await self._place(caller)
        slot = slot_of(place, edge.source)
        if owner_tag(edge.target) != owner_tag(edge.source):
            raise missing(edge.target)
        key = claims.edge_key(edge)
        for _ in range(ATTEMPTS):
            briefing = await self._graph.brief(slot, [key], [edge.source, edge.target])
            for end in (edge.source, edge.target):
                if end not in briefing.standings:
                    raise missing(end)
            begin = briefing.now if edge.valid_from is None else edge.valid_from
            rules.check_interval(begin, edge.valid_to)
            held = briefing.claims[key]
            if same := rules.same_edge(edge, held, briefing.now):
                found = await self._graph.edges(slot, [same])
                if same in found:
                    return found[same], False
                continue
            fresh = Edge(
                id=sibling("rel", edge.source),
                source=edge.source,
                target=edge.target,
                relation=edge.relation,
                metadata=edge.metadata,
                valid_from=AT_COMMIT if edge.valid_from is None else edge.valid_from,
                valid_to=edge.valid_to,
            )
            moves = claims.changes(briefing.claims, {key: claims.taken(held, fresh)})
            before = edge.valid_to if edge.valid_from is None else None
            (at,) = await self._graph.commit(
                [Transaction(slot, briefing.now, [PutEdge(fresh)], moves, before)]
            )
            if at is not None:
                return fresh.stamped(at), True
        raise Conflict("other writers kept changing this relationship")

    async def relationships(
        self, caller: Caller, memory_id: str, walk: Walk, view: View = NOW
    ) -> Relationships:
        place = await self._place(caller)
        slot = slot_of(place, memory_id)
        world = await self._world(slot, view)
        found = await self._expand(slot, [memory_id], walk, walk.direction, world, MOST_EDGES)
        if not self._start(memory_id, found.memories, world, view):
            return Relationships([])
        adjacent = found.adjacent[memory_id]
        there = await self._shown(place, {edge.other for edge in adjacent}, world)
        steps = [Step(memory_id, edge) for edge in adjacent if edge.other in there]
        edges = filter(None, await self._edges(slot, steps, world))
        shown = sorted(edges, key=lambda edge: (edge.created_at, edge.id))
        return Relationships(shown, found.cut)

    async def amend_edge(
        self,
        caller: Caller,
        memory_id: str,
        edge_id: str,
        valid_to: int | Unset | None,
        metadata: Mapping[str, Any] | Unset,
    ) -> Edge:
        place = await self._place(caller)
        slot = slot_of(place, memory_id)
        for _ in range(ATTEMPTS):
            last = await self._edge(slot, memory_id, edge_id)
            fresh = rules.amended(last, valid_to, metadata)
            if fresh is None:
                return last
            at = await self._put(slot, fresh, PutEdge(fresh, previous=last))
            if at is not None:
                return fresh.stamped(at)
        raise Conflict("other writers kept changing this relationship")

    async def retract_edge(self, caller: Caller, memory_id: str, edge_id: str) -> int:
        place = await self._place(caller)
        slot = slot_of(place, memory_id)
        for _ in range(ATTEMPTS):
            last = await self._edge(slot, memory_id, edge_id)
            if last.relation == SUPERSEDES:
                raise Conflict(f"{edge_id} follows from supersedes; correct the memories instead")
            at = await self._put(slot, last, RetractEdge(last))
            if at is not None:
                return at
        raise Conflict("other writers kept changing this relationship")

    async def _put(self, slot: str, edge: Edge, write: Write) -> int | None:
        """Commit a change of an edge together with its claim."""
        key = claims.edge_key(edge)
        briefing = await self._graph.brief(slot, [key])
        held = briefing.claims[key]
        after = (
            claims.released(held, edge.id)
            if isinstance(write, RetractEdge)
            else claims.taken(held, edge)
        )
        moves = claims.changes(briefing.claims, {key: after})
        (at,) = await self._graph.commit([Transaction(slot, briefing.now, [write], moves)])
        return at

    async def _edge(self, slot: str, memory_id: str, edge_id: str) -> Edge:
        """The last version of an edge of this memory that is not retracted."""
        edge = (await self._graph.edges(slot, [edge_id])).get(edge_id)
        if edge is None or memory_id not in (edge.source, edge.target) or edge.retracted_at:
            raise NotFound(f"no relationship {edge_id[:60]!r} of {memory_id}")
        return edge
