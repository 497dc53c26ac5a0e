"""Keeps what callers thought of a memory."""

from __future__ import annotations

from memory.context.known_memories import KnownMemories, missing, slot_of
from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.feedback import Feedback
from memory.ports.memories import FeedbackRecord


class Ratings:
    """Part of memory.service.api.Memories."""

    def __init__(self, projects: Projects, known: KnownMemories, record: FeedbackRecord) -> None:
        self._projects, self._known, self._record = projects, known, record

    async def rate(self, caller: Caller, memory_id: str, feedback: Feedback | None) -> None:
        slot = slot_of(await self._projects.of(caller), memory_id)
        if not await self._record.rate(slot, memory_id, feedback):
            raise missing(memory_id)

    async def feedback(self, caller: Caller, memory_id: str) -> Feedback | None:
        project = await self._projects.of(caller)
        await self._known.get(project, memory_id)
        return await self._record.get(slot_of(project, memory_id), memory_id)
