"""Lists by condition, with a count. The index answers what it can tell exactly. The record judges
the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from memory.context.extents import Extents
from memory.context.projects import Projects
from memory.domain.batched import batched
from memory.domain.caller import Caller
from memory.domain.memory import Memory
from memory.domain.selections import Selected
from memory.ports.memories import MemoryReader
from memory.ports.vector_store import Listed, VectorStore
from memory.query.conditions import exact
from memory.query.extent import Extent
from memory.query.views import Selection, Snapshot, Where

_ROWS_A_TRIP = 1_000
_BODIES_A_TRIP = 500


class FilteredLists:
    """Part of memory.service.api.Memories."""

    def __init__(
        self,
        projects: Projects,
        extents: Extents,
        memories: MemoryReader,
        vectors: VectorStore,
    ) -> None:
        self._projects, self._extents = projects, extents
        self._memories, self._vectors = memories, vectors

    async def select(self, caller: Caller, selection: Selection) -> Selected:
        project = await self._projects.of(caller)
        extent = await self._extents.of(project, selection.scope, selection.condition)
        snapshot = selection.view.pinned((await self._extents.instant(extent)).now)
        where = replace(extent.where(), snapshot=snapshot)
        # The index does not know which of the ended memories have a successor.
        if exact(extent.condition) and snapshot.superseded == snapshot.expired:
            return await self._told(extent, where, snapshot, selection)
        return await self._judged_one_by_one(extent, where, snapshot, selection)

    async def _told(
        self, extent: Extent, where: Where, snapshot: Snapshot, selection: Selection
    ) -> Selected:
        """The page as the index tells it, without the rows that the record does not confirm."""
        counts, rows = await asyncio.gather(
            asyncio.gather(*(self._vectors.count(tenant, where) for tenant in extent.tenants)),
            self._page_of(extent.tenants, where, selection),
        )
        memories = await self._confirmed(extent, snapshot, rows)
        return Selected(sum(counts) - (len(rows) - len(memories)), memories)

    async def _page_of(
        self, tenants: Sequence[str], where: Where, selection: Selection
    ) -> list[Listed]:
        begin, end = selection.offset, selection.offset + selection.limit
        page: list[Listed] = []
        passed = 0
        async for rows in _rows_of(self._vectors, tenants, where, end):
            page += rows[max(0, begin - passed) : max(0, end - passed)]
            passed += len(rows)
            if passed >= end:
                break
        return page

    async def _judged_one_by_one(
        self, extent: Extent, where: Where, snapshot: Snapshot, selection: Selection
    ) -> Selected:
        count = 0
        memories: list[Memory] = []
        seen: set[str] = set()
        async for rows in _rows_of(self._vectors, extent.tenants, where, _ROWS_A_TRIP):
            fresh = [row for row in rows if row.memory_id not in seen]
            seen.update(row.memory_id for row in fresh)
            found = await self._confirmed(extent, snapshot, fresh)
            begin, end = selection.offset - count, selection.offset + selection.limit - count
            memories += found[max(0, begin) : max(0, end)]
            count += len(found)
        return Selected(count, memories)

    async def _confirmed(
        self, extent: Extent, snapshot: Snapshot, rows: Sequence[Listed]
    ) -> list[Memory]:
        """The memories of those rows that the record confirms, in the order of the rows."""
        memories: list[Memory] = []
        for ids in batched(list(dict.fromkeys(row.memory_id for row in rows)), _BODIES_A_TRIP):
            known = await self._memories.read(extent.project.id, ids, snapshot.known_at)
            memories += [
                memory
                for memory in filter(None, map(known.get, ids))
                if snapshot.shows(memory) and extent.covers(memory)
            ]
        return memories


@dataclass(slots=True)
class _Way:
    """The way through a tenant: rows that were read and not given out yet, the last row that was
    read, and whether more may follow."""

    tenant: str
    rows: list[Listed] = field(default_factory=list)
    last: Listed | None = None
    more: bool = True


async def _rows_of(
    vectors: VectorStore, tenants: Sequence[str], where: Where, wanted: int
) -> AsyncIterator[list[Listed]]:
    """The rows of all the tenants, the greatest first, in parts. The caller probably needs only
    `wanted` rows."""
    size = min(max(wanted, 1), _ROWS_A_TRIP)
    ways = [_Way(tenant) for tenant in tenants]
    while ways:
        empty = [way for way in ways if not way.rows]
        pages = await asyncio.gather(
            *(vectors.select(way.tenant, where, way.last, size) for way in empty)
        )
        for way, rows in zip(empty, pages, strict=True):
            way.rows, way.more = list(rows), len(rows) == size
            way.last = rows[-1] if rows else None
        # A row that is less than the last row of a tenant with more rows must wait: the tenant's
        # next rows may be greater.
        least = max((way.rows[-1] for way in ways if way.more), default=None)
        ready: list[Listed] = []
        for way in ways:
            ready += [row for row in way.rows if least is None or row >= least]
            way.rows = [row for row in way.rows if least is not None and row < least]
        ways = [way for way in ways if way.rows or way.more]
        yield sorted(ready, reverse=True)
