"""Reads one memory, its history, and pages of memories."""

from __future__ import annotations

from memory.context.known_memories import KnownMemories, missing, slot_of
from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.memory import Memory, Scope
from memory.domain.results import Page
from memory.ports.memories import MemoryReader
from memory.query.views import NOW, View
from memory.read.listings import Listings


class Pages:
    """Part of memory.service.api.Memories."""

    def __init__(
        self,
        projects: Projects,
        known: KnownMemories,
        memories: MemoryReader,
        listings: Listings,
    ) -> None:
        self._projects, self._known = projects, known
        self._memories, self._listings = memories, listings

    async def get(self, caller: Caller, memory_id: str, view: View = NOW) -> Memory:
        project = await self._projects.of(caller)
        memory = await self._known.get(project, memory_id, view.known_at)
        if view.as_of is not None and not view.pinned(view.as_of).shows(memory):
            raise missing(memory_id)
        return memory

    async def history(self, caller: Caller, memory_id: str) -> list[Memory]:
        project = await self._projects.of(caller)
        versions = await self._memories.history(slot_of(project, memory_id), memory_id)
        if not versions:
            raise missing(memory_id)
        return versions

    async def page(
        self,
        caller: Caller,
        scope: Scope,
        limit: int,
        cursor: str | None,
        newest: bool,
        view: View = NOW,
    ) -> Page:
        listing, snapshot, now = await self._listings.open(caller, scope, cursor, newest, view)
        memories, more = await self._listings.next(listing, limit, [snapshot])
        following = self._listings.cursor(listing, memories, more, snapshot, now)
        return Page(memories, following)
