"""Forget what meets filters: one entity whole, with a receipt; anything else memory by memory."""

from __future__ import annotations

import asyncio

from memory.domain.caller import Caller, Once
from memory.domain.clock import LATEST
from memory.domain.errors import NotFound
from memory.domain.ids import split_slot
from memory.domain.memory import SCOPE_FIELDS, Memory, Scope
from memory.erasure.erase_entity import Erasing
from memory.ports.job_queue import Assignment, Ending
from memory.query.conditions import ANY, Condition, Is
from memory.query.filter_parser import parse
from memory.query.views import Selection, View
from memory.read.filtered_lists import Selecting
from memory.write.correct_and_erase import Writing

_PAGE = 1_000
_AT_ONCE = 16
_ALL_TIMES = View(as_of=LATEST, superseded=True, expired=True)


class Forgetting(Selecting, Erasing, Writing):
    async def _forget(self, job: Assignment) -> Ending:
        request = job.request or {}
        caller = Caller(split_slot(job.slot)[0], request["user_id"])
        condition = parse(request["filters"])
        scope = lone_entity(condition)
        if scope is not None and caller.user_id in (None, scope.user_id):
            return await self._forget_entity(caller, job, scope)
        erased = 0
        while memories := await self._matching(caller, condition):
            for begin in range(0, len(memories), _AT_ONCE):
                part = memories[begin : begin + _AT_ONCE]
                erased += sum(await asyncio.gather(*(self._gone(caller, each) for each in part)))
        return Ending(details={"erased": erased})

    async def _matching(self, caller: Caller, condition: Condition) -> list[Memory]:
        selection = Selection(condition=condition, view=_ALL_TIMES, limit=_PAGE)
        return [*(await self.select(caller, selection)).memories]

    async def _gone(self, caller: Caller, memory: Memory) -> bool:
        try:
            await self.erase(caller, memory.id)
        except NotFound:
            return False
        return True

    async def _forget_entity(self, caller: Caller, job: Assignment, scope: Scope) -> Ending:
        once = Caller(caller.project, caller.user_id, Once(f"job {job.id}", job.id))
        while True:
            erasure = await self.erase_entity(once, scope)
            if erasure.receipt is not None:
                erased = erasure.receipt["counts"]["memories"]
                return Ending(details={"erasure_id": erasure.id, "erased": erased})


def lone_entity(condition: Condition) -> Scope | None:
    """The entity that a condition is about, where that is all it says."""
    match condition:
        case Is(field, (value,)) if field in SCOPE_FIELDS and value != ANY:
            return Scope(**{field: value})
    return None
