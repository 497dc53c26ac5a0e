"""Changes of several memories by one call. Each change is done or refused by itself.

If the caller goes away, a change that was begun is finished. A change that was not begun is left
undone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from functools import partial

from memory.context.background import Background
from memory.context.known_memories import KnownMemories
from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.errors import Mem0gError, NotFound, Refused
from memory.domain.ids import Project
from memory.domain.memory import Correction, Memory
from memory.write.correct_and_erase import CorrectAndErase

# Changes under way in one process, for all calls together.
_AT_ONCE = 16


class Batches:
    """Part of memory.service.api.Memories."""

    def __init__(
        self,
        projects: Projects,
        known: KnownMemories,
        changes: CorrectAndErase,
        background: Background,
    ) -> None:
        self._projects, self._known = projects, known
        self._changes, self._background = changes, background
        self._slots = asyncio.Semaphore(_AT_ONCE)

    async def correct_each(
        self, caller: Caller, corrections: Mapping[str, Correction]
    ) -> list[Refused | None]:
        return await self._each(
            partial(self._changes.correct, caller.part(memory_id), memory_id, correction)
            for memory_id, correction in corrections.items()
        )

    async def erase_each(self, caller: Caller, memory_ids: Sequence[str]) -> list[Refused | None]:
        return await self._each(
            partial(self._changes.erase, caller.part(memory_id), memory_id)
            for memory_id in memory_ids
        )

    async def erase_line(self, caller: Caller, memory_id: str) -> tuple[int, int | None]:
        line = await self._superseded(await self._projects.of(caller), memory_id)
        for older in reversed(line or ()):
            await self._background.finish(self._changes.erase(caller.part(older), older))
        at = await self._background.finish(self._changes.erase(caller, memory_id))
        return at, None if line is None else len(line)

    async def _superseded(self, project: Project, memory_id: str) -> list[str] | None:
        """Ids of everything that the memory supersedes, and that these supersede, the oldest last.
        None if the memory is not there: an earlier send of this call may have erased it."""
        first = await self._there(project, memory_id)
        if first is None:
            return None
        found: dict[str, None] = {}
        todo = [first]
        while todo:
            memory = todo.pop()
            older = [await self._there(project, old_id) for old_id in memory.supersedes]
            todo += [old for old in older if old and old.id not in found]
            found |= dict.fromkeys(old.id for old in older if old)
        return list(found)

    async def _there(self, project: Project, memory_id: str) -> Memory | None:
        try:
            return await self._known.get(project, memory_id)
        except NotFound:
            return None

    async def _each(self, works: Iterable[Callable[[], Awaitable[object]]]) -> list[Refused | None]:
        """Do the works, some at once. Answers in order, None for a work that is done."""

        async def outcome_of(work: Callable[[], Awaitable[object]]) -> Refused | None:
            async with self._slots:
                try:
                    await self._background.finish(work())
                except Mem0gError as error:
                    return Refused.of(error)
            return None

        return await asyncio.gather(*map(outcome_of, works))
