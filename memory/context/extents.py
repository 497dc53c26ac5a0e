"""Finds the owners that a read is about, and the instant to pin the read to."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from memory.domain.ids import NOBODY, Project
from memory.domain.memory import Scope
from memory.ports.memories import Instant, MemoryReader
from memory.ports.projects import Owners
from memory.query.conditions import Condition
from memory.query.extent import Extent, bounded


class Extents:
    """Makes an extent of a scope and a condition."""

    def __init__(self, owners: Owners, memories: MemoryReader) -> None:
        self._owners, self._memories = owners, memories

    async def of(self, project: Project, scope: Scope, condition: Condition) -> Extent:
        """What a read of the scope and of the condition's scopes is about. Raises ScopeRequired and
        Forbidden as memory.query.extent.bounded does."""
        scope, named = bounded(project, scope, condition)
        if Scope() in named:
            return Extent(project, scope, condition, named, None)
        owners = await asyncio.gather(*(self.owner_hashes(project, part) for part in named))
        distinct = list(dict.fromkeys(owner_hash for hashes in owners for owner_hash in hashes))
        return Extent(project, scope, condition, named, distinct)

    async def owner_hashes(self, project: Project, scope: Scope) -> list[str]:
        """Hashes of the owners whose memories the scope can name.

        A user's memories have one owner. The memories of an agent, an app or a session belong to
        the entity itself, and to every owner whose memories name the entity as well.
        """
        own = project.owner_hash(scope.owner)
        if scope.user_id is not None:
            return [own]
        field, value = next(iter(scope.given().items()))
        naming = await self._owners.naming(project.id, field, value)
        return [own, *(owner_hash for owner_hash in naming if owner_hash != own)]

    async def instant(self, extent: Extent) -> Instant:
        """The instant to pin a read to. If the owners are not known, any of them may have a memory
        that is valid without being open."""
        if extent.slots:
            return await self._memories.instant(extent.slots)
        instant = await self._memories.instant([extent.project.slot(NOBODY)])
        return replace(instant, bounded=extent.owner_hashes is None)
