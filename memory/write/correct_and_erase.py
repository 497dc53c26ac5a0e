"""Correct and erase: read what is there, commit to the record, then bring the index up to it."""

from __future__ import annotations

from functools import partial

from memory.context.idempotency import Idempotency
from memory.context.known_memories import KnownMemories, slot_of
from memory.context.projects import Projects
from memory.domain import dedup, validity
from memory.domain.caller import Caller
from memory.domain.clock import LATEST
from memory.domain.errors import Conflict
from memory.domain.idempotency import Answer, Commit, Operation
from memory.domain.ids import Project
from memory.domain.memory import SUPERSEDES, Correction, Edge, Memory
from memory.domain.transaction import EraseMemory, Expect, PutEdge, PutMemory, Transaction, Write
from memory.index.outbox import Index
from memory.ports.commits import Commits, Outbox
from memory.ports.edges import EdgeReader, Reach
from memory.ports.memories import MemoryReader
from memory.ports.models import Embedder
from memory.ports.vector_store import VectorStore
from memory.query.views import Direction, Snapshot
from memory.write.add import stamps, vectors_of
from memory.write.replay import ATTEMPTS, Replay


class CorrectAndErase:
    """Part of memory.service.api.Memories."""

    def __init__(
        self,
        projects: Projects,
        idempotency: Idempotency,
        replay: Replay,
        known: KnownMemories,
        commits: Commits,
        outbox: Outbox,
        memories: MemoryReader,
        edges: EdgeReader,
        index: Index,
        vectors: VectorStore,
        embedder: Embedder,
    ) -> None:
        self._projects, self._idempotency, self._replay = projects, idempotency, replay
        self._known, self._commits, self._outbox = known, commits, outbox
        self._memories, self._edges = memories, edges
        self._index, self._vectors, self._embedder = index, vectors, embedder

    async def correct(self, caller: Caller, memory_id: str, correction: Correction) -> Memory:
        project = await self._projects.of(caller)
        slot = slot_of(project, memory_id)
        operation = await self._idempotency.operation(project, caller)
        return await self._replay.once(
            slot,
            operation,
            partial(self._correct, project, slot, memory_id, correction, operation),
            partial(self._replay.memory, project, slot),
        )

    async def _correct(
        self,
        project: Project,
        slot: str,
        memory_id: str,
        correction: Correction,
        operation: Operation | None,
    ) -> Memory | Commit:
        await self._vectors.check()
        answer = Answer(memory_id)
        for _ in range(ATTEMPTS):
            last = await self._known.get(project, memory_id)
            kin = await self._memories.read(
                project.id, [*filter(None, (last.superseded_by,)), *last.supersedes]
            )
            fresh = validity.corrected(last, correction, kin)
            if fresh is None:
                if operation is None:
                    await self._replay.caught_up(project, slot, [memory_id])
                    return last
                if commit := await self._replay.note(slot, operation, last, answer):
                    return commit
                continue
            rows = await vectors_of(self._embedder, [fresh.content])
            keys = {dedup.key_of(last), dedup.key_of(fresh)}
            briefing = await self._commits.brief(slot, list(keys), [memory_id])
            held = dedup.moved(briefing.claims, last, fresh)
            dedup_claims = dedup.changes(briefing.claims, held)
            edges = await self._superseding(slot, last, fresh)
            writes: list[Write] = [
                PutMemory(fresh, previous=last),
                *map(Expect, kin.values()),
                *(PutEdge(validity.moved(edge, fresh), previous=edge) for edge in edges),
            ]
            transaction = Transaction(slot, briefing.now, writes, dedup_claims).once(
                operation, answer
            )
            (commit,) = await self._commits.commit([transaction])
            if commit is None:
                continue
            if commit.answer is not None:
                return commit
            stamped = stamps(transaction, commit.at)
            await self._index.apply(project, slot, stamped, rows)
            await self._index.bring(
                project, slot, sorted(self._replay.lagging(slot, briefing.standings))
            )
            return stamped[0].memory
        raise Conflict("other writers kept changing this memory")

    async def _superseding(self, slot: str, memory: Memory, fresh: Memory) -> list[Edge]:
        """The SUPERSEDES edges that leave a memory. Empty if a correction does not move its
        beginning."""
        if not memory.supersedes or fresh.valid_from == memory.valid_from:
            return []
        snapshot = Snapshot(LATEST, superseded=True, expired=True)
        reach = Reach(Direction.OUT, snapshot, len(memory.supersedes), frozenset({SUPERSEDES}))
        found = await self._edges.expand(slot, [memory.id], reach, memories=False)
        ids = [edge.edge_id for edge in found.adjacent[memory.id]]
        return [*(await self._edges.read(slot, ids)).values()]

    async def erase(self, caller: Caller, memory_id: str) -> int:
        project = await self._projects.of(caller)
        slot = slot_of(project, memory_id)
        operation = await self._idempotency.operation(project, caller)
        return await self._replay.once(
            slot,
            operation,
            partial(self._erase, project, slot, memory_id, operation),
            partial(self._erased, project, slot, memory_id),
        )

    async def _erase(
        self, project: Project, slot: str, memory_id: str, operation: Operation | None
    ) -> int | Commit:
        await self._vectors.check()
        for _ in range(ATTEMPTS):
            last = await self._known.get(project, memory_id)
            key = dedup.key_of(last)
            briefing = await self._commits.brief(slot, [key])
            held = {key: dedup.released(briefing.claims[key], memory_id)}
            dedup_claims = dedup.changes(briefing.claims, held)
            erasure = Transaction(slot, briefing.now, [EraseMemory(last)], dedup_claims)
            (commit,) = await self._commits.commit([erasure.once(operation, Answer(memory_id))])
            if commit is None:
                continue
            if commit.answer is not None:
                return commit
            await self._index.erase(project, slot, memory_id)
            return commit.at
        raise Conflict("other writers kept changing this memory")

    async def _erased(self, project: Project, slot: str, memory_id: str, commit: Commit) -> int:
        """What an erasure that was committed before is answered. It is answered only when the index
        has forgotten the memory, too."""
        if memory_id in await self._outbox.pending(slot):
            await self._index.erase(project, slot, memory_id)
        return commit.at
