"""Reads jobs as their callers see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields

from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.errors import NotFound
from memory.domain.ids import NOBODY, Project, job_owner_hash
from memory.domain.jobs import Assignment, Job, JobPage, JobProgress, Outcome, Relation
from memory.domain.memory import Memory, Scope
from memory.ports.edges import EdgeReader
from memory.ports.job_queue import JobRecord
from memory.ports.memories import MemoryReader


class JobReader:
    """Reads jobs, with the memories and edges that came of them. These are as they are now."""

    def __init__(
        self, projects: Projects, jobs: JobRecord, memories: MemoryReader, edges: EdgeReader
    ) -> None:
        self._projects, self._jobs = projects, jobs
        self._memories, self._edges = memories, edges

    async def get(self, caller: Caller, job_id: str) -> Job:
        project = await self._projects.of(caller)
        found = await self._jobs.read(project.id, [job_id])
        if job_id not in found or not _sees(project, found[job_id]):
            raise NotFound(f"no event {job_id[:60]!r}")
        return (await self.shown(project, [found[job_id]]))[0]

    async def page(self, caller: Caller, offset: int, limit: int) -> JobPage:
        project = await self._projects.of(caller)
        if project.user_id is None:
            count, page = await self._jobs.page(project.id, offset, limit)
            return JobPage(count, await self.shown(project, page))
        owners = (project.owner_hash(Scope(user_id=project.user_id).owner), NOBODY)
        kept = [
            job
            for owner_hash in owners
            for job in await self._jobs.of_owner(project.slot(owner_hash))
            if _sees(project, job)
        ]
        kept.sort(key=lambda job: job.created_at, reverse=True)
        page = kept[offset : offset + limit]
        return JobPage(len(kept), await self.shown(project, page))

    async def shown(self, project: Project, jobs: Sequence[Assignment]) -> list[Job]:
        memory_ids = {memory_id for job in jobs for _, memory_id in job.ending.outcomes}
        memories = await self._memories.read(project.id, list(memory_ids))
        return [job_of(job, memories, await self._relations(job)) for job in jobs]

    async def _relations(self, job: Assignment) -> list[Relation]:
        """The job's relationships whose edges are still there. They are erased with a memory."""
        edges = await self._edges.read(job.slot, job.ending.edges)
        return [
            Relation(
                str(edge.metadata.get("source", edge.source)),
                edge.relation,
                str(edge.metadata.get("target", edge.target)),
                edge.id,
            )
            for edge in edges.values()
        ]


def job_of(
    job: Assignment, memories: Mapping[str, Memory], relations: Sequence[Relation] = ()
) -> Job:
    """A job as its caller sees it."""
    progress = {field.name: getattr(job, field.name) for field in fields(JobProgress)}
    return Job(
        outcomes=[
            Outcome(event, memory_id, memories.get(memory_id))
            for event, memory_id in job.ending.outcomes
        ],
        relations=relations,
        details=job.ending.details,
        **progress,
    )


def _sees(project: Project, job: Assignment) -> bool:
    """Whether a caller of the project sees a job. A caller that is bound to a user sees the jobs of
    that user, and the jobs that such a caller asked for."""
    own = (
        project.owner_hash(Scope(user_id=project.user_id).owner)
        if project.user_id is not None
        else None
    )
    return own is None or own in (job.bound, job_owner_hash(job.id))
