"""Changes of several memories by one call: each is done, or refused, by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial

from memory.caller import Caller
from memory.errors import Mem0gError, NotFound, Refused
from memory.identity import Project
from memory.model import Correction, Memory
from memory.writing import Writing

_AT_ONCE = 16


class Several(Writing):
    async def correct_each(
        self, caller: Caller, corrections: Mapping[str, Correction]
    ) -> list[Refused | None]:
        return await _each(
            partial(self.correct, caller.part(memory_id), memory_id, correction)
            for memory_id, correction in corrections.items()
        )

    async def erase_each(self, caller: Caller, memory_ids: Sequence[str]) -> list[Refused | None]:
        return await _each(partial(self.erase, caller.part(each), each) for each in memory_ids)

    async def erase_line(self, caller: Caller, memory_id: str) -> tuple[int, int | None]:
        line = await self._superseded(await self._place(caller), memory_id)
        for older in reversed(line or ()):
            await self.erase(caller.part(older), older)
        at = await self.erase(caller, memory_id)
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


async def _each(works: Iterable[Callable[[], Awaitable[object]]]) -> list[Refused | None]:
    """Some at once. None where it is done, in order."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def one(work: Callable[[], Awaitable[object]]) -> Refused | None:
        async with places:
            try:
                await work()
            except Mem0gError as error:
                return Refused.of(error)
        return None

    return await asyncio.gather(*map(one, works))
