"""Erases every memory that meets filters.

If the filters name one entity and nothing else, the entity is erased whole, with a receipt.
Otherwise the memories are erased one by one.
"""

from __future__ import annotations

import asyncio

from memory.domain.batched import batched
from memory.domain.caller import Caller, Once
from memory.domain.clock import LATEST
from memory.domain.errors import NotFound
from memory.domain.ids import split_slot
from memory.domain.jobs import Assignment, Ending
from memory.domain.memory import SCOPE_FIELDS, Memory, Scope
from memory.erasure.erase_entity import EraseEntity
from memory.query.conditions import ANY, Condition, Is
from memory.query.filter_parser import parse
from memory.query.views import Selection, View
from memory.read.filtered_lists import FilteredLists
from memory.write.correct_and_erase import CorrectAndErase

# Memories that one page lists, and that are erased at a time.
_PAGE = 1_000
_AT_ONCE = 16
# Every memory, whenever it was or will be valid.
_ALL_TIMES = View(as_of=LATEST, superseded=True, expired=True)


class EraseByFilter:
    """Carries out jobs of the kinds DELETE_ALL and DELETE_USER."""

    def __init__(
        self, lists: FilteredLists, entities: EraseEntity, changes: CorrectAndErase
    ) -> None:
        self._lists, self._entities, self._changes = lists, entities, changes

    async def carry_out(self, job: Assignment) -> Ending:
        """Erase what the job's filters name; returns how many memories it was. It can be done
        again from the start."""
        request = job.request or {}
        caller = Caller(split_slot(job.slot)[0], request["user_id"])
        condition = parse(request["filters"])
        scope = lone_entity(condition)
        if scope is not None and caller.user_id in (None, scope.user_id):
            return await self._forget_entity(caller, job, scope)
        erased = 0
        while memories := await self._matching(caller, condition):
            for batch in batched(memories, _AT_ONCE):
                gone = await asyncio.gather(*(self._gone(caller, memory) for memory in batch))
                erased += sum(gone)
        return Ending(details={"erased": erased})

    async def _matching(self, caller: Caller, condition: Condition) -> list[Memory]:
        selection = Selection(condition=condition, view=_ALL_TIMES, limit=_PAGE)
        return [*(await self._lists.select(caller, selection)).memories]

    async def _gone(self, caller: Caller, memory: Memory) -> bool:
        """Erase a memory; returns False if it was erased meanwhile."""
        try:
            await self._changes.erase(caller, memory.id)
        except NotFound:
            return False
        return True

    async def _forget_entity(self, caller: Caller, job: Assignment, scope: Scope) -> Ending:
        once = Caller(caller.project, caller.user_id, Once(f"job {job.id}", job.id))
        while True:
            erasure = await self._entities.erase(once, scope)
            if erasure.receipt is not None:
                erased = erasure.receipt["counts"]["memories"]
                return Ending(details={"erasure_id": erasure.id, "erased": erased})


def lone_entity(condition: Condition) -> Scope | None:
    """The entity that a condition names. None if the condition says anything else."""
    match condition:
        case Is(field, (value,)) if field in SCOPE_FIELDS and value != ANY:
            return Scope(**{field: value})
    return None
