"""Makes a job that erases memories by filters, and waits a while for it to end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from memory.context.extents import Extents
from memory.context.idempotency import Idempotency
from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.ids import NOBODY, mint_job
from memory.domain.jobs import Assignment, Job, JobKind
from memory.domain.memory import Scope
from memory.jobs.workers import Workers
from memory.ports.job_queue import JobRecord
from memory.query.filter_parser import Filters, parse
from memory.read.jobs import JobReader

_LOOK_EVERY_S = 0.05
# How long the job is waited for. Then it is answered as it stands.
_SHARE_OF_DEADLINE = 1 / 3


class Forget:
    """Part of memory.service.api.Jobs: `forget`."""

    def __init__(
        self,
        projects: Projects,
        extents: Extents,
        idempotency: Idempotency,
        jobs: JobRecord,
        reader: JobReader,
        workers: Workers,
        deadline_s: float,
    ) -> None:
        self._projects, self._extents, self._idempotency = projects, extents, idempotency
        self._jobs, self._reader, self._workers = jobs, reader, workers
        self._deadline_s = deadline_s

    async def forget(self, caller: Caller, kind: JobKind, filters: Filters) -> Job:
        project = await self._projects.of(caller)
        await self._extents.of(project, Scope(), parse(filters))
        operation = await self._idempotency.operation(project, caller)
        bound = Scope(user_id=project.user_id)
        job = Assignment(
            id=mint_job(NOBODY, operation.nonce if operation else ""),
            slot=project.slot(NOBODY),
            kind=kind,
            bound=project.owner_hash(bound.owner) if project.user_id else None,
            request={"filters": dict(filters), "user_id": project.user_id},
        )
        await self._jobs.note(project.id, job)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._deadline_s * _SHARE_OF_DEADLINE):
                await self._workers.work_quietly()
                while True:
                    found = await self._reader.get(caller, job.id)
                    if found.state.ended:
                        return found
                    await asyncio.sleep(_LOOK_EVERY_S)
        return await self._reader.get(caller, job.id)
