"""Reads owners out, page by page, as of one record time. What is written meanwhile is left out."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import orjson

from memory.context.projects import Projects
from memory.domain.caller import Caller
from memory.domain.clock import SECOND
from memory.domain.errors import InvalidInput
from memory.domain.ids import split_slot
from memory.domain.memory import Scope
from memory.domain.records import EdgeRecord, MemoryRecord, Record
from memory.domain.transfer import Inventory, Mark, OwnerPage
from memory.ports.archive import Archive, Entries
from memory.ports.memories import Cursor, MemoryReader
from memory.ports.projects import Owners
from memory.transfer.remap import only_owner

# Records on one page at most.
MOST_RECORDS = 500
# Characters on one page at most; its last record may go beyond that.
MOST_CHARACTERS = 4 * 2**20
_POSITIONS_A_TRIP = 50
# What a version takes besides its content and metadata, about.
_CHARACTERS_OF_A_VERSION = 300


@dataclass(slots=True)
class _Sheet:
    """A page while it is filled."""

    records_left: int
    characters_left: int
    records: list[Record] = field(default_factory=list)

    @property
    def full(self) -> bool:
        return self.records_left <= 0 or self.characters_left <= 0

    def take(self, record: Record) -> None:
        self.records.append(record)
        self.records_left -= 1
        self.characters_left -= _characters(record)


class Export:
    """Part of memory.service.api.Transfer: `export`, `inventory` and `owner_pages`."""

    def __init__(
        self,
        projects: Projects,
        owners: Owners,
        memories: MemoryReader,
        archive: Archive,
        entries: Entries,
    ) -> None:
        self._projects, self._owners, self._memories = projects, owners, memories
        self._archive, self._entries = archive, entries

    async def export(
        self, caller: Caller, scope: Scope, mark: Mark | None = None, known_at: int | None = None
    ) -> OwnerPage:
        project = await self._projects.of(caller)
        owner = only_owner(project.narrow(scope))
        slot = project.slot(project.owner_hash(owner))
        if mark is None:
            now = (await self._memories.instant([slot])).now
            mark = Mark(slot, now if known_at is None else min(known_at, now), owner)
        elif mark.slot != slot:
            raise InvalidInput("the mark is another owner's")
        return await self._owner_page(mark, 1)

    async def inventory(self, caller: Caller) -> Inventory:
        at = (await self._memories.instant(["backup"])).now
        slots = sorted([slot async for slot in self._owners.slots()])
        return Inventory(at, await self._entries.all(), slots)

    async def owner_pages(self, caller: Caller, marks: Sequence[Mark]) -> list[OwnerPage]:
        pages = (self._owner_page(mark, len(marks)) for mark in marks)
        return list(await asyncio.gather(*pages))

    async def _owner_page(self, mark: Mark, shares: int) -> OwnerPage:
        """The page that begins at the mark. It takes one of so many shares of a page's bounds."""
        await self._past(mark)
        sheet = _Sheet(MOST_RECORDS // shares, MOST_CHARACTERS // shares)
        following: Mark | None = mark
        while following is not None and not sheet.full:
            mark = following
            following = await self._fill(mark, sheet)
        owner = (following or mark).owner
        return OwnerPage(split_slot(mark.slot)[0], mark.until, owner, sheet.records, following)

    async def _past(self, mark: Mark) -> None:
        """Return once nothing more can be recorded in the slot at the mark's instant or before it.
        The owner may live on a server whose clock is behind."""
        now = (await self._memories.instant([mark.slot])).now
        if now < mark.until:
            await asyncio.sleep((mark.until - now) / SECOND)

    async def _fill(self, mark: Mark, sheet: _Sheet) -> Mark | None:
        """Take records beyond the mark; returns where to go on. None at the end of the owner."""
        if mark.edges:
            return await self._fill_edges(mark, sheet)
        return await self._fill_memories(mark, sheet)

    async def _fill_memories(self, mark: Mark, sheet: _Sheet) -> Mark | None:
        """Take memories beyond the mark; returns where to go on. None if the owner has none."""
        positions = await self._positions(mark, min(_POSITIONS_A_TRIP, sheet.records_left))
        ids = [position.memory_id for position in positions]
        found = {record.id: record for record in await self._archive.memory_records(mark.slot, ids)}
        superseded = await self._superseded(mark, [*found.values()])
        for position in positions:
            record = found.get(position.memory_id)  # it may have been erased meanwhile
            if record is not None and (then := record.until(mark.until)):
                sheet.take(_only_superseding(then, superseded))
                mark = replace(mark, owner=mark.owner or then.versions[0].scope.owner)
            mark = replace(mark, after=(position.created_at, position.memory_id))
            if sheet.full:
                return mark
        if positions:
            return mark
        return None if mark.owner is None else replace(mark, after=None, edges=True)

    async def _superseded(self, mark: Mark, records: Sequence[MemoryRecord]) -> set[str]:
        """Ids of those memories that the records supersede and that nobody has erased. They were
        created earlier, so a reader of the whole export has met them by now."""
        ids = {memory_id for record in records for memory_id in record.versions[-1].supersedes}
        project_id, _ = split_slot(mark.slot)
        return set(await self._memories.read(project_id, sorted(ids)))

    async def _fill_edges(self, mark: Mark, sheet: _Sheet) -> Mark | None:
        """Take edges that leave the memories beyond the mark; returns where to go on. None at the
        end."""
        positions = await self._positions(mark, _POSITIONS_A_TRIP)
        begun = dict([mark.scan] if mark.scan else [])
        asked = [(position.memory_id, begun.get(position.memory_id)) for position in positions]
        found = await self._archive.leaving(mark.slot, asked) if asked else []
        for position, part in zip(positions, found, strict=True):
            for record in await self._first_met(mark, part.edges):
                sheet.take(record)
            if part.more is not None:
                return replace(mark, scan=(position.memory_id, part.more))
            mark = replace(mark, after=(position.created_at, position.memory_id), scan=None)
            if sheet.full:
                return mark
        return mark if positions else None

    async def _first_met(self, mark: Mark, edges: Sequence[tuple[str, int]]) -> list[EdgeRecord]:
        """The records of those edges whose first version was met, so that each is taken once.
        `edges` are the versions that were met, as (edge id, recorded_at)."""
        met = set(edges)
        ids = list(dict.fromkeys(edge_id for edge_id, _ in edges))
        assert mark.owner is not None
        records = await self._archive.edge_records(mark.slot, mark.owner, ids) if ids else []
        first = [record for record in records if (record.id, record.versions[0].recorded_at) in met]
        return [then for record in first if (then := record.until(mark.until))]

    async def _positions(self, mark: Mark, limit: int) -> list[Cursor]:
        """The next memories beyond the mark that had been created by its instant."""
        after = Cursor(*mark.after) if mark.after else None
        positions = await self._memories.page([mark.slot], None, limit, after, False)
        return [position for position in positions if position.created_at <= mark.until]


def _only_superseding(record: MemoryRecord, superseded: set[str]) -> MemoryRecord:
    """The record. Of the memories that it supersedes, only those in `superseded` stay."""
    old = record.versions[0].supersedes
    left = tuple(memory_id for memory_id in old if memory_id in superseded)
    if left == old:
        return record
    return replace(
        record, versions=tuple(replace(version, supersedes=left) for version in record.versions)
    )


def _characters(record: Record) -> int:
    """How much of a page a record takes, about."""
    return sum(
        _CHARACTERS_OF_A_VERSION
        + len(getattr(version, "content", ""))
        + len(orjson.dumps(version.metadata))
        for version in record.versions
    )
