"""Carries out the job of a conversation: a language model makes a plan, which is kept and applied.

Every step can be taken again. The first plan that is kept stands. Each write is an operation of the
job: it is committed once, and only while the job is under way.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from memory.context.idempotency import Idempotency
from memory.context.projects import Projects
from memory.conversations.extraction_prompt import Fact, Link, Question
from memory.conversations.plan import drafts, edge_of, packed_plan, reading_of, replaceable
from memory.conversations.verbatim import (
    event_of,
    how_remembered,
    spoken,
    stored,
    unpacked,
    verbatim,
)
from memory.domain.caller import Caller, Once
from memory.domain.conversation import Conversation, Said
from memory.domain.errors import (
    Conflict,
    Immutable,
    InvalidInput,
    NotFound,
    Refused,
    SupersedeConflict,
)
from memory.domain.ids import Project, split_slot
from memory.domain.jobs import Assignment, Ending
from memory.domain.memory import SCOPE_FIELDS, Correction, Memory
from memory.domain.results import Added
from memory.graph.relationships import RelationshipEdits
from memory.ports.commits import Commits
from memory.ports.job_queue import JobRecord
from memory.ports.memories import MemoryReader
from memory.ports.models import LanguageModel
from memory.query.conditions import Not, Present, every
from memory.query.views import Query
from memory.search.search import Search
from memory.write.add import Add
from memory.write.correct_and_erase import CorrectAndErase

# Memories that the model sees at most.
_MOST_SHOWN = 10
# The last messages, which such memories are searched with.
_LAST_SAID = 8
# Characters of a message that a search takes.
_LONGEST_SEARCH = 2_000


class JobGone(Exception):
    """The job was removed, or another worker has it by now."""


class Inference:
    """Carries out jobs of the kind ADD. Without a `model` it stores conversations as they stand."""

    def __init__(
        self,
        projects: Projects,
        idempotency: Idempotency,
        commits: Commits,
        memories: MemoryReader,
        jobs: JobRecord,
        search: Search,
        add: Add,
        changes: CorrectAndErase,
        relationships: RelationshipEdits,
        model: LanguageModel | None,
    ) -> None:
        self._projects, self._idempotency, self._commits = projects, idempotency, commits
        self._memories, self._jobs, self._search = memories, jobs, search
        self._add, self._changes, self._relationships = add, changes, relationships
        self._model = model

    async def carry_out(self, job: Assignment, holder: str) -> Ending:
        """Remember the job's conversation; returns what came of it.

        Raises JobGone if `holder` does not hold the job any more, Conflict if another writer
        changed a memory that was to be replaced, and what the model and the stores raise.
        """
        project = await self._projects.fresh(split_slot(job.slot)[0])
        conversation = unpacked(job.request or {})
        if self._model is None and job.plan is None:  # there was one when the request came
            details = how_remembered(conversation)
            caller = _once_of(job, "add")
            return (await stored(self._add, caller, verbatim(conversation), details))[0]
        plan = job.plan
        if plan is None and self._model is not None:
            decided = await self._decide(project, job, conversation, self._model)
            plan = await self._jobs.plan(job, holder, decided)
        if plan is None:
            raise JobGone
        return await self._apply(project, job, conversation, plan)

    async def _decide(
        self, project: Project, job: Assignment, conversation: Conversation, model: LanguageModel
    ) -> dict[str, Any]:
        """Ask the model; returns the plan as JSON."""
        said = spoken(conversation)
        at = job.created_at if conversation.said_at is None else conversation.said_at
        shown = await self._near(project, conversation, said)
        question = Question(conversation, said, at, shown, project.preferences)
        answer = await model.fill(question.instructions(), question.text(), question.schema())
        return packed_plan(model.name, at, shown, question.read(answer))

    async def _near(
        self, project: Project, conversation: Conversation, said: Sequence[Said]
    ) -> list[Memory]:
        """Memories of any session that the conversation may be about, best first. All have its
        owner: what users said to an agent belongs to the users, and lies in other slots."""
        scope = conversation.scope
        above = itertools.takewhile(lambda name: getattr(scope, name) is None, SCOPE_FIELDS)
        own = every([Not(Present(name)) for name in above])
        if len(scope.given()) > 1:
            scope = replace(scope, session_id=None)
        texts = [message.content[:_LONGEST_SEARCH] for message in said[-_LAST_SAID:]]
        found = await asyncio.gather(
            *(
                self._search.find(
                    Caller(project.id),
                    Query(
                        text=text,
                        scope=scope,
                        condition=own,
                        limit=_MOST_SHOWN,
                        threshold=0.0,
                        half_life_days=None,
                    ),
                )
                for text in texts
            )
        )
        hits = sorted((hit for nearest in found for hit in nearest), key=lambda hit: -hit.score)
        return [*{hit.memory.id: hit.memory for hit in hits}.values()][:_MOST_SHOWN]

    async def _apply(
        self,
        project: Project,
        job: Assignment,
        conversation: Conversation,
        plan: Mapping[str, Any],
    ) -> Ending:
        """Do what a plan says; returns what came of it."""
        reading, shown, at = reading_of(plan), plan["shown"], int(plan["at"])
        known = await self._memories.read(project.id, shown)
        targets = [
            None if fact.target is None else known.get(shown[fact.target]) for fact in reading.facts
        ]
        outcomes = await self._add_facts(project, job, conversation, reading.facts, targets, at)
        for position, (fact, target) in enumerate(zip(reading.facts, targets, strict=True)):
            if fact.decision == "DELETE" and target is not None:
                await self._end_fact(job, position, target, fact.valid_from or at)
            if fact.decision in ("DELETE", "NONE") and target is not None:
                outcomes[position] = (fact.decision, target.id)
        edges = await self._link(job, reading.links, outcomes, shown)
        details: dict[str, Any] = {"inference": plan["model"]}
        if conversation.unused:
            details["not_applied"] = [*conversation.unused]
        if len(edges) < len(reading.links):
            details["relations_without_edge"] = len(reading.links) - len(edges)
        ordered = dict.fromkeys(outcomes[position] for position in sorted(outcomes))
        return Ending(tuple(ordered), tuple(dict.fromkeys(edges)), details)

    async def _add_facts(
        self,
        project: Project,
        job: Assignment,
        conversation: Conversation,
        facts: Sequence[Fact],
        targets: Sequence[Memory | None],
        at: int,
    ) -> dict[int, tuple[str, str]]:
        """Store the new facts; returns (outcome, memory id) of each by the fact's position."""
        added = drafts(conversation, facts, targets, at)
        if not added:
            return {}
        caller = _once_of(job, "add")
        answers = await self._add.add(caller, [*added.values()])
        outcomes: dict[int, tuple[str, str]] = {}
        for item, (position, answer) in enumerate(zip(added, answers, strict=True)):
            if isinstance(answer, Added):
                outcomes[position] = (event_of(answer), answer.memory.id)
            elif not await self._erased_since(project, job, caller, item, answer):
                raise answer.error()
        return outcomes

    async def _erased_since(
        self, project: Project, job: Assignment, caller: Caller, item: int, answer: Refused
    ) -> bool:
        """Whether an earlier attempt stored the draft, and somebody has erased it since. Raises
        Conflict if a memory that it replaces has changed: then the job is tried again."""
        if answer.code in (NotFound.code, SupersedeConflict.code, Immutable.code):
            operation = await self._idempotency.operation(project, caller)
            if operation and (await self._commits.committed([(job.slot, operation.item(item))]))[0]:
                return True
            raise Conflict("a memory that was to be replaced has changed")
        return False

    async def _end_fact(self, job: Assignment, position: int, target: Memory, at: int) -> None:
        """Let a memory be true only until `at`, microseconds; it stays in the past. A memory that
        has ended, or is immutable, stays as it is."""
        if not replaceable(target):
            return
        end = Correction(valid_to=max(at, target.valid_from + 1))
        try:
            await self._changes.correct(_once_of(job, f"end {position}"), target.id, end)
        except (NotFound, Immutable, SupersedeConflict, InvalidInput):
            return  # it was erased or replaced meanwhile

    async def _link(
        self,
        job: Assignment,
        links: Sequence[Link],
        outcomes: Mapping[int, tuple[str, str]],
        shown: Sequence[str],
    ) -> list[str]:
        """Make an edge of each link whose ends two memories tell of; returns the edges' ids."""
        edges: list[str] = []
        for position, link in enumerate(links):
            source, target = (
                outcomes.get(end, ("", ""))[1] if kind == "F" else shown[end]
                for kind, end in (link.source_in, link.target_in)
            )
            if not source or not target or source == target:
                continue
            caller = _once_of(job, f"edge {position}")
            try:
                made, _ = await self._relationships.relate(caller, edge_of(link, source, target))
            except NotFound:
                continue  # one of the memories was erased meanwhile
            edges.append(made.id)
        return edges


def _once_of(job: Assignment, step: str) -> Caller:
    """A caller whose write is committed once, as this step of the job."""
    return Caller(split_slot(job.slot)[0], once=Once(f"job {job.id} {step}", job.id, job.id))
