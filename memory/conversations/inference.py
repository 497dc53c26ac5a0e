"""Carries out a conversation's job: a language model decides, the decisions are kept, then applied.

Every step can be taken again. The first plan that is kept stands. What a commit wrote is an
operation of the job, which is committed once, and only while the job is under way.
"""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from memory.context.idempotency import Idempotency
from memory.context.projects import Projects
from memory.conversations.extraction_prompt import Fact, Link, Question, Reading
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
from memory.domain.memory import (
    RESERVED_RELATIONS,
    SCOPE_FIELDS,
    Correction,
    Memory,
    NewEdge,
    NewMemory,
)
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

# Memories that the model sees.
_MOST_SHOWN = 10
# Messages that they are looked for by.
_LAST_SAID = 8
_LONGEST_SEARCH = 2_000
_UNLABELLED = "related_to"


class JobGone(Exception):
    """The job was removed, or is in other hands by now."""


class Inference:
    """Without a `model` a job that waits for one is stored as it stands."""

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
        project = await self._projects.fresh(split_slot(job.slot)[0])
        conversation = unpacked(job.request or {})
        if self._model is None and job.plan is None:  # there was one when it was asked for
            details = how_remembered(conversation)
            caller = _once_of(job, "add")
            return (await stored(self._add, caller, verbatim(conversation), details))[0]
        plan = job.plan
        if plan is None and self._model is not None:
            decided = await self._decided(project, job, conversation, self._model)
            plan = await self._jobs.plan(job, holder, decided)
        if plan is None:
            raise JobGone
        return await self._applied(project, job, conversation, plan)

    async def _decided(
        self, project: Project, job: Assignment, conversation: Conversation, model: LanguageModel
    ) -> dict[str, Any]:
        said = spoken(conversation)
        at = job.created_at if conversation.said_at is None else conversation.said_at
        shown = await self._near(project, conversation, said)
        question = Question(conversation, said, at, shown, project.preferences)
        answer = await model.fill(question.instructions(), question.text(), question.schema())
        reading = question.read(answer)
        return {
            "model": model.name,
            "at": at,
            "shown": [memory.id for memory in shown],
            "facts": [asdict(fact) for fact in reading.facts],
            "links": [asdict(link) for link in reading.links],
        }

    async def _near(
        self, project: Project, conversation: Conversation, said: Sequence[Said]
    ) -> list[Memory]:
        """What is known already that the conversation may be about, of its sessions and others.
        Only of its own owner: what users said to an agent is theirs, and in another slot."""
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
        hits = sorted((hit for own in found for hit in own), key=lambda hit: -hit.score)
        return [*{hit.memory.id: hit.memory for hit in hits}.values()][:_MOST_SHOWN]

    async def _applied(
        self,
        project: Project,
        job: Assignment,
        conversation: Conversation,
        plan: Mapping[str, Any],
    ) -> Ending:
        reading, shown, at = _reading(plan), plan["shown"], int(plan["at"])
        known = await self._memories.read(project.id, shown)
        targets = [
            None if fact.target is None else known.get(shown[fact.target]) for fact in reading.facts
        ]
        outcomes = await self._add_facts(project, job, conversation, reading.facts, targets, at)
        for index, (fact, target) in enumerate(zip(reading.facts, targets, strict=True)):
            if fact.decision == "DELETE" and target is not None:
                await self._end_fact(job, index, target, fact.valid_from or at)
            if fact.decision in ("DELETE", "NONE") and target is not None:
                outcomes[index] = (fact.decision, target.id)
        edges = await self._link(job, reading.links, outcomes, shown)
        details: dict[str, Any] = {"inference": plan["model"]}
        if conversation.unused:
            details["not_applied"] = [*conversation.unused]
        if len(edges) < len(reading.links):
            details["relations_without_edge"] = len(reading.links) - len(edges)
        ordered = dict.fromkeys(outcomes[index] for index in sorted(outcomes))
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
        """(event, memory id) of each fact that is stored, by its project."""
        drafts: dict[int, NewMemory] = {}
        replaced: set[str] = set()
        for index, (fact, target) in enumerate(zip(facts, targets, strict=True)):
            if fact.decision in ("ADD", "UPDATE"):
                old = target if fact.decision == "UPDATE" else None
                if old and (old.id in replaced or not _replaceable(old)):
                    old = None
                drafts[index] = _draft(conversation, fact, old, at)
                replaced.update(drafts[index].supersedes)
        if not drafts:
            return {}
        caller = _once_of(job, "add")
        answers = await self._add.add(caller, [*drafts.values()])
        outcomes: dict[int, tuple[str, str]] = {}
        for item, (index, answer) in enumerate(zip(drafts, answers, strict=True)):
            if isinstance(answer, Added):
                outcomes[index] = (event_of(answer), answer.memory.id)
            elif not await self._erased_since(project, job, caller, item, answer):
                raise answer.error()
        return outcomes

    async def _erased_since(
        self, project: Project, job: Assignment, caller: Caller, item: int, answer: Refused
    ) -> bool:
        """Whether an earlier attempt has stored it, and somebody erased it. Raises Conflict where
        what it stands on has changed while it was added: read again."""
        if answer.code in (NotFound.code, SupersedeConflict.code, Immutable.code):
            operation = await self._idempotency.operation(project, caller)
            if operation and (await self._commits.committed([(job.slot, operation.item(item))]))[0]:
                return True
            raise Conflict("a memory that was to be replaced has changed")
        return False

    async def _end_fact(self, job: Assignment, index: int, target: Memory, at: int) -> None:
        """Not true any more from then on; it stays in the past. One that has ended, or is not to
        be changed, stays as it is."""
        if not _replaceable(target):
            return
        end = Correction(valid_to=max(at, target.valid_from + 1))
        try:
            await self._changes.correct(_once_of(job, f"end {index}"), target.id, end)
        except (NotFound, Immutable, SupersedeConflict, InvalidInput):
            return  # it was erased, or replaced, meanwhile

    async def _link(
        self,
        job: Assignment,
        links: Sequence[Link],
        outcomes: Mapping[int, tuple[str, str]],
        shown: Sequence[str],
    ) -> list[str]:
        """Ids of the edges: of a relationship that is told of in two memories."""
        edges: list[str] = []
        for index, link in enumerate(links):
            ends = [
                outcomes.get(project, ("", ""))[1] if kind == "F" else shown[project]
                for kind, project in (link.source_in, link.target_in)
            ]
            if not all(ends) or ends[0] == ends[1]:
                continue
            told = {
                "source": link.source,
                "relationship": link.relationship,
                "target": link.target,
            }
            edge = NewEdge(
                source=ends[0], target=ends[1], relation=label(link.relationship), metadata=told
            )
            try:
                made, _ = await self._relationships.relate(_once_of(job, f"edge {index}"), edge)
            except NotFound:
                continue  # one of them was erased meanwhile
            edges.append(made.id)
        return edges


def _once_of(job: Assignment, step: str) -> Caller:
    return Caller(split_slot(job.slot)[0], once=Once(f"job {job.id} {step}", job.id, job.id))


def label(relationship: str) -> str:
    """A relation that the graph takes; the words themselves stay in the edge's metadata."""
    found = re.sub(r"[^A-Za-z0-9_.-]+", "_", relationship).strip("_.-")[:64]
    if not re.match(r"[A-Za-z]", found):
        return _UNLABELLED
    return found.lower() if found in RESERVED_RELATIONS else found


def _replaceable(memory: Memory) -> bool:
    return not memory.immutable and memory.superseded_by is None and memory.valid_to is None


def _draft(conversation: Conversation, fact: Fact, old: Memory | None, at: int) -> NewMemory:
    since = at if fact.valid_from is None else fact.valid_from
    valid_to = conversation.valid_to
    if valid_to is not None and since >= valid_to:
        since = min(at, valid_to - 1)
    if old is not None and valid_to is not None and old.valid_from + 1 >= valid_to:
        old = None
    if old is not None and since <= old.valid_from:
        since = old.valid_from + 1
    speaker = fact.speaker
    return NewMemory(
        content=fact.text,
        scope=conversation.scope,
        metadata={**(old.metadata if old else {}), **conversation.metadata},
        categories=fact.categories or (old.categories if old else ()),
        valid_from=since,
        valid_to=valid_to,
        supersedes=(old.id,) if old else (),
        immutable=conversation.immutable,
        role=speaker.role if speaker else None,
        actor_id=speaker.name if speaker else None,
    )


def _reading(plan: Mapping[str, Any]) -> Reading:
    facts = [
        Fact(
            **{
                **fact,
                "categories": tuple(fact["categories"]),
                "speaker": Said(**fact["speaker"]) if fact["speaker"] else None,
            }
        )
        for fact in plan["facts"]
    ]
    links = [
        Link(
            each["source"],
            each["relationship"],
            each["target"],
            (each["source_in"][0], each["source_in"][1]),
            (each["target_in"][0], each["target_in"][1]),
        )
        for each in plan["links"]
    ]
    return Reading(tuple(facts), tuple(links))
