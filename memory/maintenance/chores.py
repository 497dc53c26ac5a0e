"""The work of the tasks: verify, rebuild, compact, erase a project. And what is done every hour."""

from __future__ import annotations

import asyncio
from uuid import uuid4

from memory.context.projects import Projects
from memory.domain.batched import batched
from memory.domain.caller import DEFAULT_PROJECT
from memory.domain.tasks import Kind
from memory.maintenance.reindex import DRAINED_S, Reindex
from memory.maintenance.task_runner import TaskProgress
from memory.maintenance.verify import Verify
from memory.ports.maintenance import Compaction, Consistency, Leases
from memory.ports.projects import Owners, ProjectRecord
from memory.ports.vector_store import VectorStore

_LOOK_EVERY_S = 3600
# Owners that one round trip looks at.
_OWNERS_A_TRIP = 500


class Chores:
    """Carries out tasks. Each can be done again from the start."""

    def __init__(
        self,
        projects: Projects,
        project_record: ProjectRecord,
        owners: Owners,
        consistency: Consistency,
        compaction: Compaction,
        leases: Leases,
        vectors: VectorStore,
        verify: Verify,
        reindex: Reindex,
        deadline_s: float,
    ) -> None:
        self._projects, self._project_record = projects, project_record
        self._owners, self._consistency = owners, consistency
        self._compaction, self._leases, self._vectors = compaction, leases, vectors
        self._verify, self._reindex, self._deadline_s = verify, reindex, deadline_s

    async def look_after(self) -> None:
        """Once an hour one replica looks for owners whose outbox no repair would look at."""
        if await self._leases.take("upkeep", uuid4().hex, _LOOK_EVERY_S):
            await self._mark_forgotten()

    async def _mark_forgotten(self) -> None:
        slots = [slot async for slot in self._owners.slots()]
        for batch in batched(slots, _OWNERS_A_TRIP):
            await self._consistency.unmarked(batch, mend=True)

    async def carry_out(self, progress: TaskProgress) -> None:
        """Do what the task is for, and write into `progress` how far it has come."""
        project_id = progress.task.project
        match progress.task.kind:
            case Kind.VERIFY:
                await self._verify.verify(project_id, progress)
            case Kind.REBUILD:
                await self._rebuild(project_id, progress)
            case Kind.COMPACT:
                await self._compact(project_id, progress)
            case Kind.ERASE_PROJECT:
                await self._erase_project(project_id or DEFAULT_PROJECT, progress)

    async def _rebuild(self, project_id: str | None, progress: TaskProgress) -> None:
        progress.report["set_aside"] = await self._vectors.recover(project_id)
        for named_id in await self._named(project_id):
            await self._reindex.move(named_id, progress)

    async def _compact(self, project_id: str | None, progress: TaskProgress) -> None:
        """Compact what can be compacted. A project whose tenants cannot be is indexed anew."""
        named_ids = await self._named(project_id)
        progress.total = len(named_ids) + 1
        for named_id in named_ids:
            tenants = await self._vectors.tenants(named_id)
            done = [await self._vectors.compact(tenant) for tenant in tenants]
            if not all(done):
                await self._reindex.move(named_id, progress)
            progress.done += 1
        progress.report["left"] = await self._compaction.compact()
        progress.done += 1

    async def _erase_project(self, project_id: str, progress: TaskProgress) -> None:
        """Erase a project; of the default project its contents only. Replicas that still know the
        project may write to it for a while, so it is cleared twice."""
        keep = project_id == DEFAULT_PROJECT
        waits = (DRAINED_S, self._deadline_s)
        progress.total = len(waits)
        progress.report |= {"keys": 0, "tenants": 0}
        await self._project_record.leave(project_id, keep, progress.task.id)
        for wait in waits:
            await asyncio.sleep(wait)
            await self._project_record.leave(project_id, keep, progress.task.id)
            progress.report["keys"] += await self._project_record.clear(project_id)
            progress.report["tenants"] += await self._drop(project_id, keep)
            progress.done += 1

    async def _drop(self, project_id: str, keep: bool) -> int:
        """Drop the project's tenants; returns how many. If `keep`, those in use now stay."""
        if keep:
            return await self._reindex.drop_others(await self._projects.fresh(project_id))
        tenants = await self._vectors.tenants(project_id)
        for tenant in tenants:
            await self._vectors.drop(tenant)
        return len(tenants)

    async def _named(self, project_id: str | None) -> list[str]:
        """The id of the project that is named, or of all projects."""
        return await self._project_record.ids() if project_id is None else [project_id]
