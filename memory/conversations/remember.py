"""Remembers a conversation: at once, as it stands, or later, by a language model.

Either way the answer is a job.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from memory.context.idempotency import Idempotency
from memory.context.projects import Projects
from memory.conversations.verbatim import how_remembered, packed, stored, verbatim
from memory.domain.caller import Caller
from memory.domain.conversation import Conversation
from memory.domain.errors import InvalidInput
from memory.domain.ids import Project, mint_job, split_slot
from memory.domain.jobs import Assignment, Job, JobKind, JobState
from memory.ports.job_queue import JobRecord
from memory.ports.projects import Owners
from memory.read.jobs import JobReader, job_of
from memory.write.add import Add


class Remember:
    """Part of memory.service.api.Jobs: `remember`.

    `infers` is True if there is a language model. `begin_work` takes up jobs that wait, in the
    background.
    """

    def __init__(
        self,
        projects: Projects,
        idempotency: Idempotency,
        owners: Owners,
        jobs: JobRecord,
        reader: JobReader,
        add: Add,
        infers: bool,
        begin_work: Callable[[], None],
    ) -> None:
        self._projects, self._idempotency, self._owners = projects, idempotency, owners
        self._jobs, self._reader, self._add = jobs, reader, add
        self._infers, self._begin_work = infers, begin_work

    async def remember(self, caller: Caller, conversation: Conversation) -> Job:
        project = await self._projects.of(caller)
        conversation = replace(conversation, scope=project.narrow(conversation.scope))
        drafts = verbatim(conversation)
        if conversation.supersedes and len(drafts) != 1:
            raise InvalidInput("supersedes goes with one message, which replaces what it names")
        operation = await self._idempotency.operation(project, caller)
        if operation and operation.kept:  # what has been erased since does not come back
            return await self._reader.get(caller, str(operation.kept["job"]))
        owner_hash = project.owner_hash(conversation.scope.owner)
        job = Assignment(
            id=mint_job(owner_hash, operation.nonce if operation else ""),
            slot=project.slot(owner_hash),
            kind=JobKind.ADD,
            scope=conversation.scope,
        )
        inferred = conversation.infer and not conversation.supersedes
        if inferred and self._infers and drafts:
            queued = await self._queued(project, replace(job, request=packed(conversation)))
            await self._idempotency.keep(project, operation, {"job": job.id})
            return queued
        if not drafts:  # no memory names the entities, but the job does
            await self._register(project, job)
        ending, memories = await stored(self._add, caller, drafts, how_remembered(conversation))
        ended = replace(job, state=JobState.SUCCEEDED, ending=ending)
        return job_of(await self._jobs.note(project.id, ended), memories)

    async def _queued(self, project: Project, job: Assignment) -> Job:
        """Keep a job until a worker takes it up. A worker of this process does so at once if it has
        room."""
        await self._register(project, job)
        kept = await self._jobs.note(project.id, job)
        self._begin_work()
        return (await self._reader.shown(project, [kept]))[0]

    async def _register(self, project: Project, job: Assignment) -> None:
        """Register the names in a job, so that an erasure of an agent, app or session finds it."""
        await self._owners.register(project.id, {split_slot(job.slot)[1]: [job.scope]})
