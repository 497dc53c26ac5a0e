"""Answers a request that was carried out before, as it was answered then, from the record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from typing import TypeVar

from memory.domain.errors import Conflict, DeadlineExceeded, InvalidInput, NotFound, Refused
from memory.domain.idempotency import Answer, Commit, Operation
from memory.domain.ids import Project
from memory.domain.memory import Edge, Memory
from memory.domain.results import Added
from memory.domain.transaction import Expect, Standing, Transaction
from memory.index.outbox import Index
from memory.ports.commits import Commits
from memory.ports.edges import EdgeReader
from memory.ports.memories import MemoryReader

# How often a write tries to commit. If it loses a race, another writer has won it. The deadline
# ends a write long before this many attempts.
ATTEMPTS = 100
# The answer for an item that was not begun when the time of its request was used up.
NOT_REACHED = Refused.of(DeadlineExceeded("not reached in time; send it again"))
# After this share of the deadline no further slice is begun, so that the answer still arrives.
_SHARE_OF_DEADLINE = 0.7
Outcome = TypeVar("Outcome")


class Replay:
    """Finds the commits of operations, and tells what was answered then."""

    def __init__(
        self, commits: Commits, memories: MemoryReader, edges: EdgeReader, index: Index
    ) -> None:
        self._commits, self._memories = commits, memories
        self._edges, self._index = edges, index

    async def once(
        self,
        slot: str,
        operation: Operation | None,
        work: Callable[[], Awaitable[Outcome | Commit]],
        repeat: Callable[[Commit], Awaitable[Outcome]],
    ) -> Outcome:
        """What `work` answers. If the operation was committed before, or if another send of the
        request was faster, it is what `repeat` answers. In the second case `work` answers the other
        send's Commit, or it is refused because of what that commit changed."""
        if commit := await self._committed(slot, operation):
            return await repeat(commit)
        try:
            outcome = await work()
        except (Conflict, InvalidInput, NotFound):
            if commit := await self._committed(slot, operation):
                return await repeat(commit)
            raise
        return await repeat(outcome) if isinstance(outcome, Commit) else outcome

    async def note(
        self, slot: str, operation: Operation, version: Memory | Edge, answer: Answer
    ) -> Commit | None:
        """Keep the answer of an operation that changes nothing. None if `version` is no longer the
        last one."""
        (commit,) = await self._commits.commit([unchanged(slot, version, operation, answer)])
        return commit and replace(commit, answer=commit.answer or answer)

    async def _committed(self, slot: str, operation: Operation | None) -> Commit | None:
        if operation is None:
            return None
        (commit,) = await self._commits.committed([(slot, operation.item(0))])
        return commit

    async def added(
        self, project: Project, slot: str, commits: Mapping[int, Commit]
    ) -> dict[int, Added | Refused]:
        """The answers that were given for added memories. Similar memories are not told again."""
        told = {index: commit.answer for index, commit in commits.items() if commit.answer}
        if not told:
            return {}
        ids = {answer.id for answer in told.values()}
        standings = await self.caught_up(project, slot, ids)
        memories = await asyncio.gather(
            *(
                self._as_told(project, standings.get(answer.id), commits[index].at)
                for index, answer in told.items()
            )
        )
        gone = Refused.of(NotFound("the memory of this request has been erased"))
        return {
            index: gone if memory is None else Added(memory, answer.present, answer.not_stored)
            for (index, answer), memory in zip(told.items(), memories, strict=True)
        }

    async def memory(self, project: Project, slot: str, commit: Commit) -> Memory:
        answer = (await self.added(project, slot, {0: commit}))[0]
        if isinstance(answer, Refused):
            raise answer.error()
        return answer.memory

    async def _as_told(self, project: Project, standing: Standing | None, at: int) -> Memory | None:
        """The version that was known then, as it was then: not retracted. It is mostly the last
        version. None if the memory has been erased."""
        if standing is None:
            return None
        if standing.memory.recorded_at <= at:
            return standing.memory
        memory_id = standing.memory.id
        found = (await self._memories.read(project.id, [memory_id], at)).get(memory_id)
        return found and replace(found, retracted_at=None)

    async def edge(self, slot: str, commit: Commit) -> tuple[Edge, bool]:
        """The edge as it was known then, and whether it was new. Raises NotFound if it has been
        erased."""
        answer = commit.answer
        edges = await self._edges.read(slot, [answer.id], commit.at) if answer else {}
        if answer is None or answer.id not in edges:
            raise NotFound("the relationship of this request has been erased with a memory")
        return replace(edges[answer.id], retracted_at=None), not answer.present

    async def caught_up(
        self, project: Project, slot: str, memory_ids: Collection[str]
    ) -> Mapping[str, Standing]:
        """Memories as they are now, by id. If the index lags, it is brought up to them first: an
        answer promises that a memory can be found."""
        standings = (await self._commits.brief(slot, memory_ids=list(memory_ids))).standings
        await self._index.bring(project, slot, sorted(self.lagging(slot, standings)))
        return standings

    def lagging(self, slot: str, standings: Mapping[str, Standing]) -> set[str]:
        """Ids of the memories that the index lags behind, as far as this process knows."""
        return {
            memory_id
            for memory_id, standing in standings.items()
            if standing.pending and not self._index.applied(slot, standing.memory)
        }


def late(began: float, deadline_s: float) -> bool:
    """Whether a request must begin nothing more. It began at `began`, by time.monotonic."""
    return time.monotonic() - began > deadline_s * _SHARE_OF_DEADLINE


def unchanged(
    slot: str, version: Memory | Edge, operation: Operation, answer: Answer, index: int = 0
) -> Transaction:
    """The transaction that writes only an answer, if `version` is still the last one."""
    return Transaction(slot, version.recorded_at, [Expect(version)]).once(operation, answer, index)
