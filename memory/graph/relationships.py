"""Makes, lists, amends and retracts relationships between an owner's memories."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from memory.context.idempotency import Idempotency
from memory.context.known_memories import KnownMemories, missing, slot_of, starts
from memory.context.projects import Projects
from memory.domain import dedup, validity
from memory.domain.caller import Caller
from memory.domain.clock import AT_COMMIT
from memory.domain.errors import Conflict, NotFound
from memory.domain.idempotency import Answer, Commit, Operation
from memory.domain.ids import owner_hash_of, sibling
from memory.domain.memory import SUPERSEDES, Edge, NewEdge, Unset
from memory.domain.results import Relationships
from memory.domain.transaction import PutEdge, RetractEdge, Transaction, Write
from memory.graph.frontier import Step
from memory.graph.neighbours import Neighbours
from memory.ports.commits import Commits
from memory.ports.edges import EdgeReader
from memory.query.views import NOW, View, Walk
from memory.write.replay import ATTEMPTS, Replay

# Edges of one memory in one direction that a list shows at most.
MOST_EDGES = 10_000


class RelationshipEdits:
    """Part of memory.service.api.Graph: `relate`, `relationships` and the edits of an edge."""

    def __init__(
        self,
        projects: Projects,
        idempotency: Idempotency,
        replay: Replay,
        known: KnownMemories,
        commits: Commits,
        edges: EdgeReader,
        neighbours: Neighbours,
    ) -> None:
        self._projects, self._idempotency, self._replay = projects, idempotency, replay
        self._known, self._commits = known, commits
        self._edges, self._neighbours = edges, neighbours

    async def relate(self, caller: Caller, edge: NewEdge) -> tuple[Edge, bool]:
        validity.check_edge(edge)
        project = await self._projects.of(caller)
        slot = slot_of(project, edge.source)
        if owner_hash_of(edge.target) != owner_hash_of(edge.source):
            raise missing(edge.target)
        operation = await self._idempotency.operation(project, caller)
        return await self._replay.once(
            slot,
            operation,
            partial(self._relate, slot, edge, operation),
            partial(self._replay.edge, slot),
        )

    async def _relate(
        self, slot: str, edge: NewEdge, operation: Operation | None
    ) -> tuple[Edge, bool] | Commit:
        key = dedup.edge_key(edge)
        for _ in range(ATTEMPTS):
            briefing = await self._commits.brief(slot, [key], [edge.source, edge.target])
            for end in (edge.source, edge.target):
                if end not in briefing.standings:
                    raise missing(end)
            begin = briefing.now if edge.valid_from is None else edge.valid_from
            validity.check_interval(begin, edge.valid_to)
            held = briefing.claims[key]
            if same := validity.same_edge(edge, held, briefing.now):
                found = (await self._edges.read(slot, [same])).get(same)
                if found is None:
                    continue
                if operation is None:
                    return found, False
                answer = Answer(same, present=True)
                if commit := await self._replay.note(slot, operation, found, answer):
                    return commit
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
            moves = dedup.changes(briefing.claims, {key: dedup.taken(held, fresh)})
            # This edge begins at its commit, so the commit must come before the edge's end.
            before = edge.valid_to if edge.valid_from is None else None
            transaction = Transaction(slot, briefing.now, [PutEdge(fresh)], moves, before)
            (commit,) = await self._commits.commit([transaction.once(operation, Answer(fresh.id))])
            if commit is not None:
                return commit if commit.answer else (fresh.stamped(commit.at), True)
        raise Conflict("other writers kept changing this relationship")

    async def relationships(
        self, caller: Caller, memory_id: str, walk: Walk, view: View = NOW
    ) -> Relationships:
        project = await self._projects.of(caller)
        slot = slot_of(project, memory_id)
        snapshot = await self._known.pin(slot, view)
        found = await self._neighbours.of(
            slot, [memory_id], walk, walk.direction, snapshot, MOST_EDGES
        )
        if not starts(memory_id, found.memories, snapshot, view):
            return Relationships([])
        adjacent = found.adjacent[memory_id]
        others = await self._known.shown(project, {edge.other for edge in adjacent}, snapshot)
        steps = [Step(memory_id, edge) for edge in adjacent if edge.other in others]
        edges = filter(None, await self._neighbours.in_full(slot, steps, snapshot))
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
        project = await self._projects.of(caller)
        slot = slot_of(project, memory_id)
        operation = await self._idempotency.operation(project, caller)

        async def amend() -> tuple[Edge, bool] | Commit:
            for _ in range(ATTEMPTS):
                last = await self._edge(slot, memory_id, edge_id)
                fresh = validity.amended(last, valid_to, metadata)
                if fresh is None:
                    if operation is None:
                        return last, False
                    if commit := await self._replay.note(slot, operation, last, Answer(edge_id)):
                        return commit
                    continue
                commit = await self._put(slot, fresh, PutEdge(fresh, previous=last), operation)
                if commit is not None:
                    return commit if commit.answer else (fresh.stamped(commit.at), True)
            raise Conflict("other writers kept changing this relationship")

        edge, _ = await self._replay.once(slot, operation, amend, partial(self._replay.edge, slot))
        return edge

    async def retract_edge(self, caller: Caller, memory_id: str, edge_id: str) -> int:
        project = await self._projects.of(caller)
        slot = slot_of(project, memory_id)
        operation = await self._idempotency.operation(project, caller)

        async def retract() -> Commit:
            for _ in range(ATTEMPTS):
                last = await self._edge(slot, memory_id, edge_id)
                if last.relation == SUPERSEDES:
                    raise Conflict(
                        f"{edge_id} follows from supersedes; correct the memories instead"
                    )
                commit = await self._put(slot, last, RetractEdge(last), operation)
                if commit is not None:
                    return commit
            raise Conflict("other writers kept changing this relationship")

        async def retracted(commit: Commit) -> int:
            return commit.at

        return await self._replay.once(slot, operation, retract, retracted)

    async def _put(
        self, slot: str, edge: Edge, write: Write, operation: Operation | None
    ) -> Commit | None:
        """Commit a change of an edge together with its dedup claim. None if another write came
        first."""
        key = dedup.edge_key(edge)
        briefing = await self._commits.brief(slot, [key])
        held = briefing.claims[key]
        after = (
            dedup.released(held, edge.id)
            if isinstance(write, RetractEdge)
            else dedup.taken(held, edge)
        )
        moves = dedup.changes(briefing.claims, {key: after})
        transaction = Transaction(slot, briefing.now, [write], moves)
        (commit,) = await self._commits.commit([transaction.once(operation, Answer(edge.id))])
        return commit

    async def _edge(self, slot: str, memory_id: str, edge_id: str) -> Edge:
        """The last version of an edge of this memory. Raises NotFound if there is none, or if it
        is retracted."""
        edge = (await self._edges.read(slot, [edge_id])).get(edge_id)
        if edge is None or memory_id not in (edge.source, edge.target) or edge.retracted_at:
            raise NotFound(f"no relationship {edge_id[:60]!r} of {memory_id}")
        return edge
