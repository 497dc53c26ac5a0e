"""Changes of several memories by one call: each is done, or refused, by itself.

What was begun is finished, whoever goes away; what was not is left undone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial

from memory.domain.caller import Caller
from memory.domain.errors import Mem0gError, NotFound, Refused
from memory.domain.ids import Project
from memory.domain.memory import Correction, Memory
from memory.write.background import BegunWrites
from memory.write.correct_and_erase import Writing

_AT_ONCE = 16
"""In a process, whatever the number of calls."""


class Several(Writing):
    @cached_property
    def _changing(self) -> asyncio.Semaphore:
        return asyncio.Semaphore(_AT_ONCE)

    @cached_property
    def _begun(self) -> BegunWrites:
        return BegunWrites()

    async def correct_each(
        self, caller: Caller, corrections: Mapping[str, Correction]
    ) -> list[Refused | None]:
        return await self._each(
            partial(self.correct, caller.part(memory_id), memory_id, correction)
            for memory_id, correction in corrections.items()
        )

    async def erase_each(self, caller: Caller, memory_ids: Sequence[str]) -> list[Refused | None]:
        return await self._each(partial(self.erase, caller.part(each), each) for each in memory_ids)

    async def erase_line(self, caller: Caller, memory_id: str) -> tuple[int, int | None]:
        line = await self._superseded(await self._place(caller), memory_id)
        for older in reversed(line or ()):
            await self._begun.finish(self.erase(caller.part(older), older))
        at = await self._begun.finish(self.erase(caller, memory_id))
        return at, None if line is None else len(line)

    async def _superseded(self, place: Project, memory_id: str) -> list[str] | None:
        """The oldest last. None where the memory is not there, as when this call erased it
        before."""
        first = await self._there(place, memory_id)
        if first is None:
            return None
        found: dict[str, None] = {}
        todo = [first]
        while todo:
            memory = todo.pop()
            older = [await self._there(place, each) for each in memory.supersedes]
            todo += [each for each in older if each and each.id not in found]
            found |= dict.fromkeys(each.id for each in older if each)
        return list(found)

    async def _there(self, place: Project, memory_id: str) -> Memory | None:
        try:
            return await self._known(place, memory_id)
        except NotFound:
            return None

    async def _each(self, works: Iterable[Callable[[], Awaitable[object]]]) -> list[Refused | None]:
        """Some at once. None where it is done, in order."""

        async def one(work: Callable[[], Awaitable[object]]) -> Refused | None:
            async with self._changing:
                try:
                    await self._begun.finish(work())
                except Mem0gError as error:
                    return Refused.of(error)
            return None

        return await asyncio.gather(*map(one, works))
