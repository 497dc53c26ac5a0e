"""Keeps what callers thought of a memory."""

from __future__ import annotations

from memory.context.stores import Stores, missing, slot_of
from memory.domain.caller import Caller
from memory.domain.feedback import Feedback


class Rating(Stores):
    """Implements memory.domain.feedback.Ratings."""

    async def rate(self, caller: Caller, memory_id: str, feedback: Feedback | None) -> None:
        slot = slot_of(await self._place(caller), memory_id)
        if not await self._graph.rate(slot, memory_id, feedback):
            raise missing(memory_id)

    async def feedback(self, caller: Caller, memory_id: str) -> Feedback | None:
        place = await self._place(caller)
        await self._known(place, memory_id)
        return await self._graph.feedback(slot_of(place, memory_id), memory_id)
