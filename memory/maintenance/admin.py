"""Upkeep of the stores, as tasks: verify, rebuild, compact, erase a project."""

from __future__ import annotations

import asyncio

from config.settings import Settings
from memory.context.stores import Stores
from memory.domain.batched import parts
from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.errors import Forbidden, NotFound
from memory.domain.tasks import Kind, Task
from memory.maintenance.reindex import DRAINED_S, Mover
from memory.maintenance.task_runner import Progress, Upkeep
from memory.maintenance.verify import Verifier
from memory.ports.graph_store import GraphStore
from memory.ports.language_model import LanguageModel
from memory.ports.metrics import SILENT, Meter
from memory.ports.vector_store import Embedder, VectorStore

_LOOK_EVERY_S = 3600
_OWNERS_A_TRIP = 500


class Administering(Stores):
    """Implements memory.service.administration_api.Administration."""

    def __init__(
        self,
        graph: GraphStore,
        vectors: VectorStore,
        embedder: Embedder,
        settings: Settings,
        meter: Meter = SILENT,
        language: LanguageModel | None = None,
    ) -> None:
        super().__init__(graph, vectors, embedder, settings, meter, language)
        self._upkeep = Upkeep(graph, self._work)
        self._verifier = Verifier(graph, vectors, self._index, self._fresh_project)
        self._mover = Mover(graph, vectors, self._index, self._fresh_project)

    async def close(self) -> None:
        await self._upkeep.close()
        await super().close()

    async def resume(self) -> None:
        """Take up tasks that nobody runs. Once an hour one replica also looks for owners whose
        outbox no repair would look at."""
        await self._upkeep.resume()
        if await self._graph.lease("upkeep", _LOOK_EVERY_S):
            await self._mark_forgotten()

    async def _mark_forgotten(self) -> None:
        slots = [slot async for slot in self._graph.slots()]
        for part in parts(slots, _OWNERS_A_TRIP):
            await self._graph.unmarked(part, mend=True)

    async def verify(self, caller: Caller, project_id: str | None, dry_run: bool = False) -> Task:
        return await self._begin(caller, Kind.VERIFY, project_id, dry_run)

    async def rebuild(self, caller: Caller, project_id: str | None) -> Task:
        return await self._begin(caller, Kind.REBUILD, project_id)

    async def compact(self, caller: Caller, project_id: str | None) -> Task:
        return await self._begin(caller, Kind.COMPACT, project_id)

    async def erase_project(self, caller: Caller, project_id: str) -> Task:
        return await self._begin(caller, Kind.ERASE_PROJECT, project_id)

    async def task(self, caller: Caller, task_id: str) -> Task:
        _may(caller)
        task = await self._graph.task(task_id)
        if task is None:
            raise NotFound(f"no task {task_id[:60]!r}")
        return task

    async def tasks(self, caller: Caller) -> list[Task]:
        _may(caller)
        return await self._graph.tasks()

    async def _begin(
        self, caller: Caller, kind: Kind, project_id: str | None, dry_run: bool = False
    ) -> Task:
        _may(caller)
        if project_id == DEFAULT_PROJECT:
            await self._fresh_project(project_id)  # always there, though not before its first use
        elif project_id is not None and not await self._graph.epochs([project_id]):
            raise NotFound(f"no project {project_id[:60]!r}")
        return await self._upkeep.start(kind, project_id, dry_run)

    async def _work(self, progress: Progress) -> None:
        project_id = progress.task.project
        match progress.task.kind:
            case Kind.VERIFY:
                await self._verifier.verify(project_id, progress)
            case Kind.REBUILD:
                await self._rebuild(project_id, progress)
            case Kind.COMPACT:
                await self._compact(project_id, progress)
            case Kind.ERASE_PROJECT:
                await self._erase_project(project_id or DEFAULT_PROJECT, progress)

    async def _rebuild(self, project_id: str | None, progress: Progress) -> None:
        progress.report["set_aside"] = await self._vectors.recover(project_id)
        for each in await self._named(project_id):
            await self._mover.move(each, progress)

    async def _compact(self, project_id: str | None, progress: Progress) -> None:
        project_ids = await self._named(project_id)
        progress.total = len(project_ids) + 1
        for each in project_ids:
            tenants = await self._vectors.tenants(each)
            done = [await self._vectors.compact(tenant) for tenant in tenants]
            if not all(done):
                await self._mover.move(each, progress)
            progress.done += 1
        progress.report["left"] = await self._graph.compact()
        progress.done += 1

    async def _erase_project(self, project_id: str, progress: Progress) -> None:
        """Callers that know the project yet are waited for, and what they wrote is cleared too."""
        keep = project_id == DEFAULT_PROJECT
        waits = (DRAINED_S, self._settings.api.deadline_s)
        progress.total = len(waits)
        progress.report |= {"keys": 0, "tenants": 0}
        await self._graph.leave(project_id, keep, progress.task.id)
        for wait in waits:
            await asyncio.sleep(wait)
            await self._graph.leave(project_id, keep, progress.task.id)
            progress.report["keys"] += await self._graph.clear(project_id)
            progress.report["tenants"] += await self._drop(project_id, keep)
            progress.done += 1

    async def _drop(self, project_id: str, keep: bool) -> int:
        if keep:
            return await self._mover.drop_others(await self._fresh_project(project_id))
        tenants = await self._vectors.tenants(project_id)
        for tenant in tenants:
            await self._vectors.drop(tenant)
        return len(tenants)

    async def _named(self, project_id: str | None) -> list[str]:
        return await self._graph.projects() if project_id is None else [project_id]


def _may(caller: Caller) -> None:
    if caller.user_id is not None:
        raise Forbidden("this key is for one user_id and administers nothing")
