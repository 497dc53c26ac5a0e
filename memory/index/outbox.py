"""Keeps the vector store in step with the record, and settles the outbox.

The outbox in Redis names each memory that the index may lag behind. To apply a memory is a transfer
of state: it reads the record as it is. An entry is settled only if the record is still at the
version that was applied. So order and repetition do no harm.

An entry is not settled either if the project's epoch is another one than the writer knew: a move to
another generation may have passed the owner already. If the epoch is the same after the commit, a
move begins later, and will read that commit.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence

from memory.context.projects import ProjectOf
from memory.domain.batched import batched
from memory.domain.errors import Unavailable
from memory.domain.ids import Project, owner_hash_of, split_slot
from memory.domain.memory import Memory, Scope
from memory.domain.transaction import ERASED, PutMemory
from memory.index.points import BATCH, Points
from memory.ports.commits import Outbox
from memory.ports.memories import MemoryReader
from memory.ports.models import Vectors
from memory.ports.projects import Owners, ProjectRecord
from memory.ports.vector_store import Point, Retraction, VectorStore

log = logging.getLogger(__name__)

_SETTLE_EVERY_S = 0.02

# The version that the index shows now, or ERASED, by memory id.
Tokens = dict[str, str]


class Index:
    """Applies the record to the vector store. `project_of` reads a project as it is in Redis."""

    def __init__(
        self,
        memories: MemoryReader,
        owners: Owners,
        outbox: Outbox,
        projects: ProjectRecord,
        project_of: ProjectOf,
        vectors: VectorStore,
        points: Points,
    ) -> None:
        self._memories, self._owners, self._outbox = memories, owners, outbox
        self._projects, self._project_of = projects, project_of
        self._vectors, self._points = vectors, points
        self._unsettled: dict[str, tuple[Project, Tokens]] = {}
        self._settling: asyncio.Task[None] | None = None

    async def apply(
        self, project: Project, slot: str, written: Sequence[PutMemory], rows: Mapping[str, Vectors]
    ) -> None:
        """Index versions that were just committed in a slot. `rows` holds vectors of shape
        (dimensions,) by content, as far as the caller has them."""
        tenants = project.written(split_slot(slot)[1])
        memories = [write.memory for write in written]
        retractions = [
            Retraction(write.previous.id, write.previous.version, write.memory.recorded_at)
            for write in written
            if write.previous is not None
        ]
        points = await self._points.of(memories, rows)
        await asyncio.gather(
            *(self._vectors.upsert(tenant, points) for tenant in tenants),
            self._register(project, memories),
        )
        if retractions:
            await asyncio.gather(
                *(self._vectors.retract(tenant, retractions) for tenant in tenants)
            )
        self._settle(project, slot, {memory.id: str(memory.version) for memory in memories})

    async def erase(self, project: Project, slot: str, memory_id: str) -> None:
        """Remove a memory from the index. Repair removes it once more and settles the entry: a slow
        writer of an earlier version may still write it, and end before it notices the erasure."""
        for tenant in project.written(split_slot(slot)[1]):
            await self._vectors.erase(tenant, [memory_id])

    def _settle(self, project: Project, slot: str, tokens: Mapping[str, str]) -> None:
        """Settle many entries at once, after the answer: what was written can be found already. If
        this does not happen, repair finds the entries and has nothing to mend."""
        known, unsettled = self._unsettled.setdefault(slot, (project, {}))
        if known.epoch > project.epoch:
            known = project  # the older epoch is the one to doubt
        unsettled.update(tokens)
        self._unsettled[slot] = known, unsettled
        if self._settling is None or self._settling.done():
            self._settling = asyncio.create_task(self._settle_all())

    async def _settle_all(self) -> None:
        while self._unsettled:
            await asyncio.sleep(_SETTLE_EVERY_S)
            waiting, self._unsettled = self._unsettled, {}
            try:
                for slot, memory_ids in (await self._cleared(waiting)).items():
                    project = await self._project_of(waiting[slot][0].id)
                    await self.bring(project, slot, memory_ids)
            except Unavailable as error:
                log.info("left to repair: %s", error)

    async def _cleared(
        self, waiting: Mapping[str, tuple[Project, Mapping[str, str]]]
    ) -> dict[str, list[str]]:
        """Clear the entries whose memories are as they were applied. Returns by slot the ids of the
        memories to apply again."""
        epochs = await self._projects.epochs({project.id for project, _ in waiting.values()})
        again: dict[str, list[str]] = {}
        standing: dict[str, Mapping[str, str]] = {}
        for slot, (project, tokens) in waiting.items():
            if project.id not in epochs:
                continue  # the whole project was erased, with its outbox
            if epochs[project.id] == project.epoch:
                standing[slot] = tokens
            else:
                again[slot] = list(tokens)
        if standing:
            again |= {
                slot: ids for slot, ids in (await self._outbox.settle(standing)).items() if ids
            }
        return again

    def applied(self, slot: str, memory: Memory) -> bool:
        """True if this process has indexed the version and only the outbox does not say so yet."""
        _, tokens = self._unsettled.get(slot, (None, {}))
        return tokens.get(memory.id) == str(memory.version)

    async def settled(self) -> None:
        """Return once no settling is under way."""
        if self._settling is not None:
            await self._settling

    async def bring(
        self, project: Project, slot: str, memory_ids: Sequence[str], mend: bool = False
    ) -> None:
        """Bring the index of an owner's memories up to the record, and again if the record changes
        meanwhile. `mend` also settles erased memories. It is for callers that know that no writer
        is under way."""
        for batch in batched(memory_ids, BATCH):
            waiting = list(batch)
            while waiting:
                tokens = await self._transfer(project, waiting, project.writes)
                again = await self._cleared(
                    {
                        own_slot: (project, shown if mend else _standing(shown))
                        for own_slot, shown in tokens.items()
                    }
                )
                waiting = again.get(slot, [])
                if waiting:
                    project = await self._project_of(project.id)

    async def copy(self, project: Project, memory_ids: Sequence[str], generation: int) -> None:
        """Write memories of any owners to one generation, as the record has them. The outbox is
        left to writers that write to all generations."""
        waiting = list(memory_ids)
        while waiting:
            tokens = await self._transfer(project, waiting, (generation,))
            moved = await self._outbox.moved(tokens)
            waiting = [memory_id for ids in moved.values() for memory_id in ids]

    async def _transfer(
        self, project: Project, memory_ids: Sequence[str], generations: Iterable[int]
    ) -> dict[str, Tokens]:
        """Write every version of these memories, and erase memories that are gone. Returns by slot
        what the index shows then."""
        histories = await self._memories.histories(project.id, memory_ids)
        versions = [version for history in histories.values() for version in history]
        points = await self._points.of(versions, {})
        writes, erasures = dict[str, list[Point]](), dict[str, list[str]]()
        for generation in generations:
            for point in points:
                tenant = project.tenant(_owner_hash(point.memory.id), generation)
                writes.setdefault(tenant, []).append(point)
            for memory_id in memory_ids:
                if memory_id not in histories:
                    tenant = project.tenant(_owner_hash(memory_id), generation)
                    erasures.setdefault(tenant, []).append(memory_id)
        await asyncio.gather(
            *(self._vectors.upsert(*write) for write in writes.items()),
            *(self._vectors.erase(*erasure) for erasure in erasures.items()),
            self._register(project, [history[-1] for history in histories.values()]),
        )
        tokens: dict[str, Tokens] = {}
        for memory_id in memory_ids:
            history = histories.get(memory_id)
            shown = str(history[-1].version) if history else ERASED
            tokens.setdefault(project.slot(_owner_hash(memory_id)), {})[memory_id] = shown
        return tokens

    async def _register(self, project: Project, memories: Sequence[Memory]) -> None:
        scopes: dict[str, list[Scope]] = {}
        for memory in memories:
            scopes.setdefault(_owner_hash(memory.id), []).append(memory.scope)
        await self._owners.register(project.id, scopes)


def _standing(tokens: Tokens) -> Tokens:
    return {memory_id: shown for memory_id, shown in tokens.items() if shown != ERASED}


def _owner_hash(memory_id: str) -> str:
    owner_hash = owner_hash_of(memory_id)
    if owner_hash is None:
        raise ValueError(f"no memory id: {memory_id[:60]!r}")
    return owner_hash
