"""Projects as this process knows them: read from the record, and cached for less than a second."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.ids import Project
from memory.ports.projects import ProjectRecord

# A replica may act for so long on what a project was. Whoever moves its index waits for that.
CACHE_LIFE_S = 0.9

# Reads a project as it stands in the record.
ProjectOf = Callable[[str], Awaitable[Project]]


class Projects:
    """`buckets` is what a project gets if it is made here: the default one, at its first use."""

    def __init__(self, record: ProjectRecord, buckets: int) -> None:
        self._record, self._buckets = record, buckets
        self._cached: dict[str, tuple[float, Project]] = {}

    async def of(self, caller: Caller) -> Project:
        """The caller's project, bound to their user if they are bound to one. Raises NotFound."""
        project = await self.cached(caller.project)
        return project if caller.user_id is None else replace(project, user_id=caller.user_id)

    async def cached(self, project_id: str) -> Project:
        """As it was at most CACHE_LIFE_S ago. Raises NotFound."""
        read_at, project = self._cached.get(project_id, (-math.inf, None))
        if project is None or time.monotonic() - read_at > CACHE_LIFE_S:
            return await self.fresh(project_id)
        return project

    async def fresh(self, project_id: str) -> Project:
        """As it stands in the record. Raises NotFound."""
        read_at, default = time.monotonic(), project_id == DEFAULT_PROJECT
        project = await self._record.read(project_id, self._buckets, make=default)
        self._cached[project_id] = read_at, project
        return project

    def forget(self) -> None:
        """Read every project anew: a restore may have changed any of them."""
        self._cached.clear()
