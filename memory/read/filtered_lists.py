"""Lists by condition: pages and counts of what the index tells exactly, and of what only the
record can judge; and the entities that memories name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace

from memory.context.stores import Stores
from memory.domain.batched import parts
from memory.domain.caller import Caller
from memory.domain.clock import LATEST
from memory.domain.memory import SCOPE_FIELDS, Memory, Owner
from memory.domain.selections import Entity, Selected
from memory.ports.vector_store import Listed, VectorStore
from memory.query.conditions import exact
from memory.query.extent import Extent
from memory.query.views import Selection, Snapshot, Where

_ROWS_A_TRIP = 1_000
_BODIES_A_TRIP = 500
_EVER = Snapshot(LATEST, superseded=True, expired=True)
_TO_53_BITS = 7
"""From an owner hash's 60: clients in JavaScript make a number of an entity's id."""


class Selecting(Stores):
    """Implements memory.domain.selections.Selections."""

    async def select(self, caller: Caller, selection: Selection) -> Selected:
        place = await self._place(caller)
        extent = await self._extent(place, selection.scope, selection.condition)
        snapshot = selection.view.pinned((await self._instant(extent)).now)
        where = replace(extent.where(), snapshot=snapshot)
        # The index does not know which of what has ended has a successor.
        if exact(extent.condition) and snapshot.superseded == snapshot.expired:
            return await self._told(extent, where, snapshot, selection)
        return await self._judged_one_by_one(extent, where, snapshot, selection)

    async def _told(
        self, extent: Extent, where: Where, snapshot: Snapshot, selection: Selection
    ) -> Selected:
        """The page that the index tells, without the rows that the record does not confirm."""
        counts, rows = await asyncio.gather(
            asyncio.gather(*(self._vectors.count(each, where) for each in extent.tenants)),
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
        async for rows in _listed(self._vectors, tenants, where, end):
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
        async for rows in _listed(self._vectors, extent.tenants, where, _ROWS_A_TRIP):
            fresh = [each for each in rows if each.memory_id not in seen]
            seen.update(each.memory_id for each in fresh)
            found = await self._confirmed(extent, snapshot, fresh)
            begin, end = selection.offset - count, selection.offset + selection.limit - count
            memories += found[max(0, begin) : max(0, end)]
            count += len(found)
        return Selected(count, memories)

    async def _confirmed(
        self, extent: Extent, snapshot: Snapshot, rows: Sequence[Listed]
    ) -> list[Memory]:
        """The memories of the rows, in their order, that are as the index says by the record."""
        memories: list[Memory] = []
        for part in parts(list(dict.fromkeys(each.memory_id for each in rows)), _BODIES_A_TRIP):
            known = await self._graph.read(extent.project.id, part, snapshot.known_at)
            memories += [
                memory
                for memory in filter(None, map(known.get, part))
                if snapshot.shows(memory) and extent.covers(memory)
            ]
        return memories

    async def entities(self, caller: Caller, only: Owner | None = None) -> list[Entity]:
        place = await self._place(caller)
        tenants, where = place.tenants(), Where(snapshot=_EVER)
        if place.user_id is not None:
            owner = Owner("user", place.user_id)
            tenants, where = (
                [place.tenant(place.owner_hash(owner))],
                where.also("owner", str(owner)),
            )
        names: tuple[str, ...] = SCOPE_FIELDS
        if only is not None:
            names = (f"{only.kind}_id",)
            where = where.also(names[0], only.value)
        asked = [(name, tenant) for name in names for tenant in tenants]
        answers = await asyncio.gather(
            *(self._vectors.named(tenant, name, where) for name, tenant in asked)
        )
        found: dict[Owner, Entity] = {}
        for (name, _), named in zip(asked, answers, strict=True):
            for each in named:
                owner = Owner(name.removesuffix("_id"), each.value)
                one = found.get(owner) or Entity(
                    str(int(place.owner_hash(owner), 16) >> _TO_53_BITS),
                    owner.kind,
                    owner.value,
                    0,
                    each.first,
                    each.last,
                )
                found[owner] = replace(
                    one,
                    memories=one.memories + each.versions,
                    first=min(one.first, each.first),
                    last=max(one.last, each.last),
                )
        return sorted(found.values(), key=lambda each: (each.kind, each.value))


@dataclass(slots=True)
class _Way:
    """Through a tenant: what was read and not given out yet, and whether more may follow."""

    tenant: str
    rows: list[Listed] = field(default_factory=list)
    last: Listed | None = None
    more: bool = True


async def _listed(
    vectors: VectorStore, tenants: Sequence[str], where: Where, wanted: int
) -> AsyncIterator[list[Listed]]:
    """The rows of all the tenants, the greatest first, as they come; so many may be enough."""
    size = min(max(wanted, 1), _ROWS_A_TRIP)
    ways = [_Way(each) for each in tenants]
    while ways:
        empty = [each for each in ways if not each.rows]
        pages = await asyncio.gather(
            *(vectors.select(each.tenant, where, each.last, size) for each in empty)
        )
        for way, rows in zip(empty, pages, strict=True):
            way.rows, way.more = list(rows), len(rows) == size
            way.last = rows[-1] if rows else None
        # What is less than the last row of a tenant that has more may come after its next ones.
        least = max((each.rows[-1] for each in ways if each.more), default=None)
        ready: list[Listed] = []
        for each in ways:
            ready += [row for row in each.rows if least is None or row >= least]
            each.rows = [row for row in each.rows if least is not None and row < least]
        ways = [each for each in ways if each.rows or each.more]
        yield sorted(ready, reverse=True)
