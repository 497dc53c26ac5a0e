"""Projects as this process knows them. They are read from the record and cached for less than a
second."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from memory.domain.caller import DEFAULT_PROJECT, Caller
from memory.domain.ids import Project
from memory.ports.projects import ProjectRecord

# For so long a replica may act on what a project was. A move of the project's index waits for it.
CACHE_LIFE_S = 0.9

# Reads a project as it is in the record.
ProjectOf = Callable[[str], Awaitable[Project]]


class Projects:
    """Reads and caches projects. The default project is made at its first use, with so many
    `buckets`."""

    def __init__(self, record: ProjectRecord, buckets: int) -> None:
        self._record, self._buckets = record, buckets
        self._cached: dict[str, tuple[float, Project]] = {}

    async def of(self, caller: Caller) -> Project:
        """The caller's project. It is bound to a user if the caller is bound to one. Raises
        NotFound if there is no such project."""
        project = await self.cached(caller.project)
        return project if caller.user_id is None else replace(project, user_id=caller.user_id)

    async def cached(self, project_id: str) -> Project:
        """The project as it was at most CACHE_LIFE_S ago. Raises NotFound as `of` does."""
        read_at, project = self._cached.get(project_id, (-math.inf, None))
        if project is None or time.monotonic() - read_at > CACHE_LIFE_S:
            return await self.fresh(project_id)
        return project

    async def fresh(self, project_id: str) -> Project:
        """The project as it is in the record. Raises NotFound as `of` does."""
        read_at, default = time.monotonic(), project_id == DEFAULT_PROJECT
        project = await self._record.read(project_id, self._buckets, make=default)
        self._cached[project_id] = read_at, project
        return project

    def forget(self) -> None:
        """Forget the cached projects: a restore may have changed any of them."""
        self._cached.clear()
