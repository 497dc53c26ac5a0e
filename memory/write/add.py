"""Add: read what is there, commit to the record, then bring the index up to it. Each draft is
stored once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from memory.context.idempotency import Idempotency
from memory.context.projects import Projects
from memory.domain import dedup, validity
from memory.domain.batched import batched
from memory.domain.caller import Caller
from memory.domain.errors import Conflict, Mem0gError, Refused
from memory.domain.idempotency import Answer, Commit, Operation
from memory.domain.ids import Project, mint, owner_hash_of, split_slot
from memory.domain.memory import NewMemory
from memory.domain.results import Added
from memory.domain.transaction import Briefing, DedupKey, PutMemory, Transaction
from memory.index.outbox import Index
from memory.ports.commits import Commits
from memory.ports.metrics import Meter
from memory.ports.models import Embedder, Vectors
from memory.ports.vector_store import VectorStore
from memory.write.replay import ATTEMPTS, NOT_REACHED, Replay, late, unchanged
from memory.write.similar import SimilarTexts

# Vectors of shape (dimensions,) by content.
Rows = Mapping[str, Vectors]
# Drafts by their index in the request. The index names the operation of an item.
Drafts = Mapping[int, NewMemory]
Answers = dict[int, Added | Refused]
# Drafts of a request that are embedded and committed together.
SLICE = 64


class Add:
    """Part of memory.service.api.Memories."""

    def __init__(
        self,
        projects: Projects,
        idempotency: Idempotency,
        replay: Replay,
        commits: Commits,
        index: Index,
        vectors: VectorStore,
        embedder: Embedder,
        similar: SimilarTexts,
        deadline_s: float,
        meter: Meter,
    ) -> None:
        self._projects, self._idempotency, self._replay = projects, idempotency, replay
        self._commits, self._index, self._vectors = commits, index, vectors
        self._embedder, self._similar = embedder, similar
        self._deadline_s, self._meter = deadline_s, meter

    async def add(self, caller: Caller, drafts: Sequence[NewMemory]) -> list[Added | Refused]:
        project = await self._projects.of(caller)
        answers: Answers = {}
        within: dict[int, NewMemory] = {}
        for index, draft in enumerate(drafts):
            try:
                within[index] = replace(draft, scope=project.narrow(draft.scope))
            except Mem0gError as error:
                answers[index] = Refused.of(error)
        operation = await self._idempotency.operation(project, caller)
        began = time.monotonic()
        for indices in batched(list(within), SLICE):
            part = {index: within[index] for index in indices}
            if late(began, self._deadline_s):
                answers |= dict.fromkeys(part, NOT_REACHED)
            else:
                answers |= await self._add_slice(project, part, operation)
        return [answers[index] for index in range(len(drafts))]

    async def _add_slice(
        self, project: Project, drafts: Drafts, operation: Operation | None
    ) -> Answers:
        """Add some drafts. They are embedded first: so what a plan stands on is read just before
        the commit."""
        groups: dict[str, list[int]] = {}
        for index, draft in drafts.items():
            groups.setdefault(project.slot(project.owner_hash(draft.scope.owner)), []).append(index)
        answers = await self._answered(project, groups, operation)
        fresh = {index: draft for index, draft in drafts.items() if index not in answers}
        if fresh:
            await self._vectors.check()
            contents = [draft.content for draft in fresh.values()]
            rows = await vectors_of(self._embedder, contents)
            outcomes = await asyncio.gather(
                *(
                    self._add_to_owner(project, slot, part, rows, operation)
                    for slot, indices in groups.items()
                    if (part := {index: fresh[index] for index in indices if index in fresh})
                )
            )
            for owner_answers in outcomes:
                answers |= owner_answers
        return answers

    async def _answered(
        self, project: Project, groups: Mapping[str, Iterable[int]], operation: Operation | None
    ) -> Answers:
        """Answers of the items that an earlier send of the request has committed. `groups` gives
        the indices of items by slot."""
        answers: Answers = {}
        items = [(slot, index) for slot, indices in groups.items() for index in indices]
        if operation is None or not items:
            return answers
        found = await self._commits.committed(
            [(slot, operation.item(index)) for slot, index in items]
        )
        before: dict[str, dict[int, Commit]] = {}
        for (slot, index), commit in zip(items, found, strict=True):
            if commit is not None:
                before.setdefault(slot, {})[index] = commit
        for slot, commits in before.items():
            answers |= await self._replay.added(project, slot, commits)
        return answers

    async def _add_to_owner(
        self,
        project: Project,
        slot: str,
        drafts: Drafts,
        rows: Rows,
        operation: Operation | None,
    ) -> Answers:
        answers: Answers = {}
        before: dict[int, Commit] = {}
        written: list[PutMemory] = []
        lagging: set[str] = set()
        for _ in range(ATTEMPTS):
            todo = {
                index: draft
                for index, draft in drafts.items()
                if index not in answers and index not in before
            }
            if not todo:
                break
            briefing = await self._brief(project, slot, list(todo.values()))
            lagging |= self._replay.lagging(slot, briefing.standings)
            plan = _plan(slot, todo, briefing, operation)
            answers |= plan.refused
            there = await self._already_there(project, slot, drafts, plan.present)
            if operation is None:
                answers |= there
            transactions = _noting(plan.written, slot, there, operation)
            commits = (
                await self._commits.commit(list(transactions.values())) if transactions else []
            )
            for (index, transaction), commit in zip(transactions.items(), commits, strict=True):
                if commit is None:
                    continue
                if commit.answer is not None:
                    before[index] = commit
                elif index in there:
                    answers[index] = there[index]
                else:
                    stamped = stamps(transaction, commit.at)
                    answers[index] = Added(stamped[0].memory)
                    written += stamped
        if written:
            await self._index.apply(project, slot, written, rows)
            ended = {write.memory.id for write in written if write.previous is not None}
            await self._index.bring(project, slot, sorted(lagging & ended))
        await self._similar.tell(project, slot, drafts, answers, rows)
        answers |= await self._replay.added(project, slot, before)
        lost = Refused.of(Conflict("other writers kept changing what this stands on"))
        answers = {index: answers.get(index, lost) for index in drafts}
        # A refusal counts only if no other send of the same request was faster.
        refused = [index for index, answer in answers.items() if isinstance(answer, Refused)]
        return answers | await self._answered(project, {slot: refused}, operation)

    async def _brief(self, project: Project, slot: str, drafts: Sequence[NewMemory]) -> Briefing:
        """What these drafts stand on: the dedup claims of their contents, and what they
        supersede."""
        old_ids = [
            old_id
            for old_id in dict.fromkeys(old for draft in drafts for old in draft.supersedes)
            if (owner_hash := owner_hash_of(old_id)) and project.slot(owner_hash) == slot
        ]
        keys = {dedup.key_of(draft) for draft in drafts}
        while True:
            briefing = await self._commits.brief(slot, list(keys), old_ids)
            needed = {dedup.key_of(standing.memory) for standing in briefing.standings.values()}
            if needed <= keys:
                return briefing
            keys |= needed  # contents that were not known before, or were corrected meanwhile

    async def _already_there(
        self, project: Project, slot: str, drafts: Drafts, present: Mapping[int, str]
    ) -> dict[int, Added]:
        """Answers for duplicates. `present` gives by index the id of the memory that stands for the
        draft."""
        if not present:
            return {}
        standings = await self._replay.caught_up(project, slot, set(present.values()))
        memories = {
            index: standings[memory_id].memory
            for index, memory_id in present.items()
            if memory_id in standings
        }
        self._meter.count("dedup_hits", len(memories))
        return {
            index: Added(memory, True, validity.not_stored(drafts[index], memory))
            for index, memory in memories.items()
        }


@dataclass(frozen=True, slots=True)
class _Plan:
    """What becomes of drafts in one round: they are written, a memory that is there stands for
    them, or they are refused. A draft in none of the three waits for the next round."""

    written: dict[int, Transaction] = field(default_factory=dict)
    present: dict[int, str] = field(default_factory=dict)
    refused: dict[int, Refused] = field(default_factory=dict)


def _plan(slot: str, drafts: Drafts, briefing: Briefing, operation: Operation | None) -> _Plan:
    plan = _Plan()
    taken: set[DedupKey] = set()
    for index, draft in drafts.items():
        if taken & validity.stands_on(draft, briefing):
            break  # this draft and all later ones wait: a request is recorded in its order
        try:
            holder = validity.holder(draft, briefing)
            if holder is not None:
                plan.present[index] = holder
            else:
                memory_id = mint("mem", split_slot(slot)[1])
                addition = validity.addition(draft, memory_id, slot, briefing)
                plan.written[index] = addition.once(operation, Answer(memory_id), index)
                taken |= {claim.key for claim in addition.claims}
        except Mem0gError as error:
            plan.refused[index] = Refused.of(error)
    return plan


def _noting(
    written: dict[int, Transaction],
    slot: str,
    there: Mapping[int, Added],
    operation: Operation | None,
) -> dict[int, Transaction]:
    """What to commit, in the order of the drafts. An operation keeps the answers of duplicates as
    well."""
    if operation is None:
        return written
    notes = {
        index: unchanged(
            slot, added.memory, operation, Answer(added.memory.id, True, added.not_stored), index
        )
        for index, added in there.items()
    }
    return dict(sorted((written | notes).items()))


def stamps(transaction: Transaction, at: int) -> list[PutMemory]:
    """The memory versions that a commit wrote, the added or corrected version first."""
    return [
        replace(write, memory=write.memory.stamped(at))
        for write in transaction.writes
        if isinstance(write, PutMemory)
    ]


async def vectors_of(embedder: Embedder, contents: Iterable[str]) -> Rows:
    """Vectors of shape (dimensions,) by content. Raises Unavailable if the model does not
    answer."""
    texts = list(dict.fromkeys(contents))
    return dict(zip(texts, await embedder.embed(texts), strict=True))
