"""Moves a project's index to a new generation of tenants while it is read and written.

The pointer in the record says where a move stands, so it can be taken up at any point:
reads g, writes g            nothing is under way
reads g, writes g and g+1    every owner is being copied from the record to g+1
reads g+1, writes g and g+1  until every replica reads g+1
reads g+1, writes g+1        then what is left of g is dropped
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from memory.context.projects import CACHE_LIFE_S, ProjectOf
from memory.domain.batched import batched
from memory.domain.errors import Conflict
from memory.domain.ids import Project
from memory.index.outbox import Index
from memory.index.points import BATCH
from memory.maintenance.task_runner import TaskProgress
from memory.maintenance.verify import Findings, Verify
from memory.ports.projects import Owners, ProjectRecord
from memory.ports.vector_store import VectorStore

# After this time every replica has seen the pointer, and has mostly ended what it began before.
DRAINED_S = 2 * CACHE_LIFE_S
_BATCHES_AT_ONCE = 3
_OWNERS_AT_ONCE = 8


class Reindex:
    """`project_of` reads a project as it stands in the record."""

    def __init__(
        self,
        project_record: ProjectRecord,
        project_of: ProjectOf,
        owners: Owners,
        vectors: VectorStore,
        index: Index,
        verify: Verify,
    ) -> None:
        self._project_record, self._project_of = project_record, project_of
        self._owners, self._vectors = owners, vectors
        self._index, self._verify = index, verify

    async def move(self, project_id: str, progress: TaskProgress) -> None:
        """Write the index anew, as the next generation. Raises Conflict if another move of the
        project interfered."""
        project = await self._project_of(project_id)
        if len(project.writes) == 1:
            last = project.writes[0]
            project = await self._point(project, project.generation, (last, last + 1))
        old, new = project.writes
        if project.generation == old:
            await asyncio.sleep(DRAINED_S)
            await self._copy(project, new, progress)
            project = await self._point(project, new, project.writes)
        await asyncio.sleep(DRAINED_S)
        project = await self._point(project, new, (new,))
        await asyncio.sleep(DRAINED_S)
        await self.drop_others(project)

    async def drop_others(self, project: Project) -> int:
        """Drop tenants of generations that the project neither reads nor writes; returns how
        many."""
        current = {
            tenant for generation in project.writes for tenant in project.tenants(generation)
        }
        tenants = await self._vectors.tenants(project.id)
        others = [tenant for tenant in tenants if tenant not in current]
        for tenant in others:
            await self._vectors.drop(tenant)
        return len(others)

    async def _point(self, project: Project, read: int, writes: Sequence[int]) -> Project:
        """Set the pointer; returns the project with it. Raises Conflict if another task set it."""
        if not await self._project_record.point(project, read, writes):
            raise Conflict("another task moved this project's index meanwhile")
        return await self._project_of(project.id)

    async def _copy(self, project: Project, generation: int, progress: TaskProgress) -> None:
        """Copy every memory, and then look at each owner whether nothing is missing."""
        slots = [slot async for slot in self._owners.slots(project.id)]
        progress.total += sum(await self._owners.sizes(slots))
        gate = asyncio.Semaphore(_BATCHES_AT_ONCE)

        async def copy(batch: list[str]) -> None:
            try:
                await self._index.copy(project, batch, generation)
                progress.done += len(batch)
            finally:
                gate.release()

        async with asyncio.TaskGroup() as group:
            async for batch in self._batches(slots):
                await gate.acquire()
                group.create_task(copy(batch))
        findings = Findings(mend=True)
        for slots_at_once in batched(slots, _OWNERS_AT_ONCE):
            await asyncio.gather(
                *(self._verify.compare(slot, generation, findings) for slot in slots_at_once)
            )

    async def _batches(self, slots: Sequence[str]) -> AsyncIterator[list[str]]:
        """Ids of the memories of all owners, packed together: most of the many owners are small."""
        batch: list[str] = []
        for slot in slots:
            for memory_id in await self._owners.memory_ids(slot):
                batch.append(memory_id)
                if len(batch) == BATCH:
                    yield batch
                    batch = []
        if batch:
            yield batch
