"""Remember a conversation: as it stands, at once; or by a language model, as a job that waits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from memory.domain.caller import Caller
from memory.domain.errors import InvalidInput, NotFound, Refused
from memory.domain.ids import NOBODY, Project, job_owner_hash, mint_job, split_slot
from memory.domain.jobs import (
    Conversation,
    Job,
    JobKind,
    JobPage,
    JobState,
    Outcome,
    Progress,
    Relation,
    Said,
)
from memory.domain.memory import Memory, NewMemory, Scope
from memory.domain.results import Added
from memory.ports.job_queue import Assignment, Ending
from memory.write.add import Adding

SYSTEM = "system"
_ONLY_INFERRED = {
    "custom_instructions": "instructions",
    "agent_custom_instructions": "agent_instructions",
    "includes": "includes",
    "excludes": "excludes",
    "custom_categories": "categories",
    "enable_graph": "graph",
}
"""What only a language model can act on, as Mem0's clients call it, and in a Conversation."""
_NO_MODEL = "none: no language model is configured"


class Remembering(Adding):
    async def remember(self, caller: Caller, conversation: Conversation) -> Job:
        place = await self._place(caller)
        conversation = replace(conversation, scope=place.narrow(conversation.scope))
        drafts = verbatim(conversation)
        if conversation.supersedes and len(drafts) != 1:
            raise InvalidInput("supersedes goes with one message, which replaces what it names")
        operation = await self.once(place, caller)
        if operation and operation.kept:  # it may have been erased since: it does not come back
            return await self.job(caller, str(operation.kept["job"]))
        owner_hash = place.owner_hash(conversation.scope.owner)
        job = Assignment(
            id=mint_job(owner_hash, operation.nonce if operation else ""),
            slot=place.slot(owner_hash),
            kind=JobKind.ADD,
            scope=conversation.scope,
        )
        inferred = conversation.infer and not conversation.supersedes
        if inferred and self._model is not None and drafts:
            queued = await self._queued(place, replace(job, request=packed(conversation)))
            await self.keep(place, operation, {"job": job.id})
            return queued
        if not drafts:  # no memory names them, but the job does
            await self._register(place, job)
        ending, memories = await self._stored(caller, drafts, how_remembered(conversation))
        ended = replace(job, state=JobState.SUCCEEDED, ending=ending)
        return shown(await self._graph.note_job(place.id, ended), memories)

    async def _queued(self, place: Project, job: Assignment) -> Job:
        """Kept until a worker takes it up: one of this process at once, if it has room."""
        await self._register(place, job)
        kept = await self._graph.note_job(place.id, job)
        self._begin_work()
        return (await self._shown_jobs(place, [kept]))[0]

    async def _register(self, place: Project, job: Assignment) -> None:
        """So that who erases an agent, app or session finds the job."""
        await self._graph.register(place.id, {split_slot(job.slot)[1]: [job.scope]})

    def _begin_work(self) -> None:
        """Take up jobs that wait, in the background."""

    async def _stored(
        self, caller: Caller, drafts: Sequence[NewMemory], details: dict[str, Any]
    ) -> tuple[Ending, dict[str, Memory]]:
        """Every draft as it stands. What is refused is told, unless nothing else was asked for."""
        answers = await self.add(caller, drafts)
        stored = [each for each in answers if isinstance(each, Added)]
        refused = [each for each in answers if isinstance(each, Refused)]
        if refused and not stored:
            raise refused[0].error()
        if refused:
            details["refused"] = [
                {"message": index, "code": each.code, "reason": each.message}
                for index, each in enumerate(answers)
                if isinstance(each, Refused)
            ]
        outcomes = tuple((event_of(each), each.memory.id) for each in stored)
        return Ending(outcomes, (), details), {each.memory.id: each.memory for each in stored}

    async def job(self, caller: Caller, job_id: str) -> Job:
        place = await self._place(caller)
        found = await self._graph.jobs_of(place.id, [job_id])
        if job_id not in found or not _may_see(place, found[job_id]):
            raise NotFound(f"no event {job_id[:60]!r}")
        return (await self._shown_jobs(place, [found[job_id]]))[0]

    async def _jobs(self, caller: Caller, offset: int, limit: int) -> JobPage:
        place = await self._place(caller)
        if place.user_id is None:
            count, page = await self._graph.job_page(place.id, offset, limit)
            return JobPage(count, await self._shown_jobs(place, page))
        owners = (place.owner_hash(Scope(user_id=place.user_id).owner), NOBODY)
        kept = [
            job
            for owner_hash in owners
            for job in await self._graph.owners_jobs(place.slot(owner_hash))
            if _may_see(place, job)
        ]
        kept.sort(key=lambda job: job.created_at, reverse=True)
        page = kept[offset : offset + limit]
        return JobPage(len(kept), await self._shown_jobs(place, page))

    async def _shown_jobs(self, place: Project, jobs: Sequence[Assignment]) -> list[Job]:
        memory_ids = {each for job in jobs for _, each in job.ending.outcomes}
        memories = await self._graph.read(place.id, list(memory_ids))
        return [shown(job, memories, await self._relations(job)) for job in jobs]

    async def _relations(self, job: Assignment) -> list[Relation]:
        """Those whose edges are still there: what erases a memory erases them."""
        edges = await self._graph.edges(job.slot, job.ending.edges)
        return [
            Relation(
                str(edge.metadata.get("source", edge.source)),
                edge.relation,
                str(edge.metadata.get("target", edge.target)),
                edge.id,
            )
            for edge in edges.values()
        ]


def shown(
    job: Assignment, memories: Mapping[str, Memory], relations: Sequence[Relation] = ()
) -> Job:
    """A job as its caller sees it."""
    progress = {each.name: getattr(job, each.name) for each in fields(Progress)}
    return Job(
        outcomes=[Outcome(event, each, memories.get(each)) for event, each in job.ending.outcomes],
        relations=relations,
        details=job.ending.details,
        **progress,
    )


def verbatim(conversation: Conversation) -> list[NewMemory]:
    """A draft for every message that somebody said, in order: what a system is told is none."""
    return [
        NewMemory(
            content=said.content,
            scope=conversation.scope,
            metadata=conversation.metadata,
            valid_from=conversation.said_at,
            valid_to=conversation.valid_to,
            supersedes=conversation.supersedes,
            dedup=conversation.infer,
            immutable=conversation.immutable,
            role=said.role,
            actor_id=said.name,
        )
        for said in spoken(conversation)
    ]


def packed(conversation: Conversation) -> dict[str, Any]:
    """As JSON that `unpacked` reads."""
    return asdict(conversation)


def unpacked(request: Mapping[str, Any]) -> Conversation:
    categories = request["categories"]
    fields = {
        **request,
        "messages": tuple(Said(**each) for each in request["messages"]),
        "scope": Scope(**request["scope"]),
        "categories": categories and tuple((name, text) for name, text in categories),
        "supersedes": tuple(request["supersedes"]),
        "unused": tuple(request["unused"]),
    }
    return Conversation(**fields)


def spoken(conversation: Conversation) -> list[Said]:
    return [each for each in conversation.messages if each.role != SYSTEM and each.content.strip()]


def how_remembered(conversation: Conversation) -> dict[str, Any]:
    """The details of a job that needed no language model: what of the request had no effect."""
    reason = _NO_MODEL if conversation.infer else "none: infer is false"
    if conversation.supersedes:
        reason = "none: the message says itself what it replaces"
    idle = [name for name, field in _ONLY_INFERRED.items() if getattr(conversation, field)]
    return {"inference": reason, "not_applied": [*idle, *conversation.unused]}


def event_of(added: Added) -> str:
    """What became of a draft (memory.domain.jobs.Outcome)."""
    if added.deduplicated:
        return "NONE"
    return "UPDATE" if added.memory.supersedes else "ADD"


def _may_see(place: Project, job: Assignment) -> bool:
    """A key bound to a user sees what is that user's, and what it asked for itself."""
    own = (
        place.owner_hash(Scope(user_id=place.user_id).owner) if place.user_id is not None else None
    )
    return own is None or own in (job.bound, job_owner_hash(job.id))
