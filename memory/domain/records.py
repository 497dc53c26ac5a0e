"""What upkeep needs of the record: everything there is, rather than what a request names."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Protocol, Self, TypeVar

from memory.domain.memory import Edge, Interval, Memory, Owner

_Version = TypeVar("_Version", bound=Interval)


@dataclass(frozen=True, slots=True)
class MemoryRecord:
    """A memory with every version, oldest first. `holds_claim`: it keeps others of its content
    out (memory.domain.dedup), as all do but those stored with `dedup: false`."""

    versions: tuple[Memory, ...]
    holds_claim: bool

    @property
    def id(self) -> str:
        return self.versions[0].id

    def until(self, at: int) -> Self | None:
        """As it was recorded by then; None where it was not yet."""
        versions = _until(self.versions, at)
        return replace(self, versions=versions) if versions else None


@dataclass(frozen=True, slots=True)
class EdgeRecord:
    """An edge of an owner with every version, oldest first; only the last one can be retracted
    without another in its place."""

    owner: Owner
    versions: tuple[Edge, ...]

    @property
    def id(self) -> str:
        return self.versions[0].id

    def until(self, at: int) -> Self | None:
        """As it was recorded by then; None where it was not yet."""
        versions = _until(self.versions, at)
        return replace(self, versions=versions) if versions else None


Record = MemoryRecord | EdgeRecord


@dataclass(frozen=True, slots=True)
class Entry:
    """What no owner holds, as it is stored: a project, a key, the pepper, a receipt.

    `value` is a text, a mapping or a list, by `kind`: string, hash or set.
    """

    key: str
    kind: str
    value: str | dict[str, str] | list[str]


@dataclass(frozen=True, slots=True)
class Leaving:
    """Edges that leave a memory, each once, with the record time of the version that was met;
    `more` says where the rest begins."""

    edges: tuple[tuple[str, int], ...]
    more: str | None


class Landing(Enum):
    """What became of a record that was to be restored."""

    RESTORED = "restored"
    STANDS = "stands"  # something of this id, equal or not
    LACKS = "lacks"  # what it superseded, or an end of the edge, is not there
    SUPERSEDED = "superseded"  # its target has a successor already


class Archive(Protocol):
    """Part of memory.ports.graph_store.GraphStore. Methods raise StoreUnavailable as all of it
    does."""

    def slots(self, project_id: str | None = None) -> AsyncIterator[str]:
        """Slots of every owner with memories, of one project or of all; each once, in no order.
        Owners written meanwhile may be missed."""
        ...

    async def memory_records(self, slot: str, memory_ids: Sequence[str]) -> list[MemoryRecord]:
        """Each memory as it stands at one instant; missing ones are left out."""
        ...

    async def edge_records(
        self, slot: str, owner: Owner, edge_ids: Sequence[str]
    ) -> list[EdgeRecord]:
        """Each edge as it stands at one instant; missing ones are left out."""
        ...

    async def leaving(self, slot: str, places: Sequence[tuple[str, str | None]]) -> list[Leaving]:
        """Of each (memory id, where to begin) some edges, retracted ones too. Over all parts of a
        memory every version of an edge that stands throughout is met at least once."""
        ...

    async def restore(self, slot: str, now: int, records: Sequence[Record]) -> list[Landing]:
        """Put each record back, wholly or not at all, in order, at its own record times; the owner
        is marked dirty first, and its memories are in the outbox. Nothing checks the times."""
        ...

    async def entries(self) -> list[Entry]:
        """Everything that belongs to no owner and has to outlive the server."""
        ...

    async def restore_entry(self, entry: Entry) -> bool:
        """Put it back; False where it is there as it is. Raises Conflict for a project with
        another secret that has memories and for a pepper that keys were made with, InvalidInput
        for what `entries` never gives."""
        ...


def _until(versions: tuple[_Version, ...], at: int) -> tuple[_Version, ...]:
    known = [each for each in versions if each.recorded_at <= at]
    if known and known[-1].retracted_at is not None and known[-1].retracted_at > at:
        known[-1] = replace(known[-1], retracted_at=None)
    return tuple(known)
