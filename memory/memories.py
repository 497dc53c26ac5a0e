"""The memory service as its callers see it: the HTTP edge, in-process or over a Ray handle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from memory.errors import Refused
from memory.model import (
    Added,
    Correction,
    Direction,
    Edge,
    Found,
    Graph,
    Memory,
    Neighbourhood,
    NewEdge,
    NewMemory,
    Page,
    Query,
    Scope,
    Unset,
)


class Memories(Protocol):
    """Every call names its project. An id that is malformed, missing or another project's raises
    NotFound; a dependency that is down raises StoreUnavailable; nothing is then changed.
    """

    async def add(self, project: str, drafts: Sequence[NewMemory]) -> list[Added | Refused]:
        """One answer a draft, in order; each draft is stored wholly or not at all."""
        ...

    async def get(self, project: str, memory_id: str) -> Memory: ...

    async def correct(self, project: str, memory_id: str, correction: Correction) -> Memory:
        """Raises VersionMismatch where if_version is not the last version."""
        ...

    async def erase(self, project: str, memory_id: str) -> None:
        """Remove content, vectors, versions and the edges on both ends."""
        ...

    async def history(self, project: str, memory_id: str) -> list[Memory]:
        """Every version, oldest first."""
        ...

    async def page(
        self, project: str, scope: Scope, limit: int, cursor: str | None, newest: bool
    ) -> Page:
        """Memories visible now, by created_at."""
        ...

    async def search(self, project: str, query: Query) -> list[Found]:
        """Visible memories at or above the threshold, best first."""
        ...

    async def relate(self, project: str, edge: NewEdge) -> tuple[Edge, bool]:
        """The edge, and whether it is new."""
        ...

    async def relationships(self, project: str, memory_id: str) -> list[Edge]: ...

    async def amend_edge(
        self,
        project: str,
        memory_id: str,
        edge_id: str,
        valid_to: int | Unset | None,
        metadata: Mapping[str, Any] | Unset,
    ) -> Edge:
        """A new version of an edge of this memory; valid_to None reopens it."""
        ...

    async def retract_edge(self, project: str, memory_id: str, edge_id: str) -> int:
        """Not known from now on; returns that record time, microseconds."""
        ...

    async def related(
        self,
        project: str,
        memory_id: str,
        depth: int,
        relations: Sequence[str],
        direction: Direction,
        limit: int,
    ) -> Neighbourhood:
        """Breadth first, nearest first, each memory once, without the start."""
        ...

    async def graph(self, project: str, scope: Scope, limit: int) -> Graph: ...

    async def ready(self) -> dict[str, str]:
        """State of each dependency: begins with "ok", or says what is wrong."""
        ...
